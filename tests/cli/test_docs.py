"""Every command that the guide and the help pages show works as it stands."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from glob import glob
from pathlib import Path

import numpy as np
import pytest

from doublet.app.cli.main import COMMANDS
from spectra_core.datafiles import data_path
from spectra_core.fitting import fit
from spectra_core.project.file import save_project
from spectra_core.project.project import Project, add_analysis, add_spectra, set_result
from spectra_core.readers import read
from spectra_core.recipe.text import load_recipe, model_from_recipe
from spectra_core.writers import write
from tests.raman.synthetic import cathode_map

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "cli.md"
PAGES = ("cli.md", "coming-from.md", "library.md", "nexus.md")

# Synthetic: the lines that CasaXPS would write for the bundled example.
CASAXPS = """Casa Info Follows
0
0
1
CASA region (*S 2p*) (*Linear*) 1317.6 1329.6 0.668 2 0 0 0 0 0 0 (*S 2p*) 32.06 0 0.668
2
CASA comp (*PS4*) (*GL(30)*) Area 1400 1e-020 99999 -1 1 MFWHM 1.15 0.2 5 -1 1 \
Position 1325.1 1324.6 1325.6 -1 1 RSF 0.668 MASS 32.06 INDEX -1 (*S 2p*) CONST (**) \
UNCORRECTEDRSF 0.668
CASA comp (*PS4*) (*GL(30)*) Area 700 1e-020 99999 0 0.5 MFWHM 1.15 0.2 5 0 1 \
Position 1323.92 0 0 0 -1.18 RSF 0.668 MASS 32.06 INDEX -1 (*S 2p*) CONST (**) \
UNCORRECTEDRSF 0.668"""


def shown_commands() -> list[str]:
    """Return the lines beginning with ``doublet`` of the code blocks of some pages.

    Without those for clusters, which `tests/runs/test_cluster.py` tries.
    """
    texts = [(GUIDE.parent / page).read_text(encoding="utf-8") for page in PAGES]
    blocks = [block for text in texts for block in re.findall(r"```\n(.*?)```", text, re.DOTALL)]
    lines = [line for block in blocks for line in block.splitlines()]
    shown = [line for line in lines if line.startswith("doublet ") and "--cluster" not in line]
    return list(dict.fromkeys(shown))


def help_commands(doublet, name: str) -> list[str]:
    """Return the examples of a help page, without redirections and remarks."""
    text = doublet(name, "--help").out.partition("Examples:")[2]
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith("doublet ")]
    return [re.split(r"\s{3,}| [|>] ", line)[0] for line in lines]


@pytest.fixture
def example_folder(tmp_path, vamas_file, monkeypatch) -> Path:
    """Lay out the files that the examples name, all of them synthetic; nothing waits for a user."""
    monkeypatch.setattr("doublet.app.main.main", lambda files: 0)
    monkeypatch.setattr("mcp.server.mcpserver.MCPServer.run", lambda server, transport: None)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    made = read(vamas_file)[0]
    stored = replace(made, meta=replace(made.meta, comment=CASAXPS))
    write(tmp_path / "sample.vms", [stored])
    write(tmp_path / "pristine.vms", [made])
    cathode = data_path("resources", "examples", "su2025_fig1_bare_0s.vms")
    (tmp_path / "cathode.vms").write_bytes(cathode.read_bytes())
    for suffix in ("vms", "toml"):
        profile = data_path("resources", "examples", f"lps_on_lpscl_profile.{suffix}")
        (tmp_path / f"profile.{suffix}").write_bytes(profile.read_bytes())
    recipe = data_path("resources", "examples", "cathode_raman_map.toml")
    (tmp_path / "raman_map.toml").write_bytes(recipe.read_bytes())
    write(tmp_path / "raman_map.h5", cathode_map())
    for folder in ("data", "depth"):
        (tmp_path / folder).mkdir()
        write(tmp_path / folder / "level1.vms", [made])
    column = np.column_stack([made.x_recorded, made.y])
    np.savetxt(tmp_path / "column.txt", column, fmt="%.3f", delimiter="\t")
    example = data_path("resources", "examples", "lpscl_cathode_s2p.toml")
    text = example.read_text(encoding="utf-8").replace('match  = "S 2p*"\n', "")
    (tmp_path / "s2p.toml").write_text(text, encoding="utf-8")
    (tmp_path / "s2p.vms").write_bytes(vamas_file.read_bytes())
    vamas_file.unlink()
    (tmp_path / "day1").mkdir()
    for name in ("cellA", "day1/x_07_y"):  # one file for each region, as instruments export them
        for spectrum in read(tmp_path / "cathode.vms"):
            level = spectrum.meta.region.replace(" ", "")
            rows = np.column_stack([spectrum.x_recorded, spectrum.counts])
            heading = "Binding Energy (eV)\tCounts"
            np.savetxt(
                tmp_path / f"{name}_{level}.txt", rows, "%.2f", "\t", header=heading, comments=""
            )
    model = model_from_recipe(load_recipe(tmp_path / "s2p.toml"))
    project = add_analysis(add_spectra(Project(), [made]), model, "s1")
    save_project(set_result(project, "a2", fit(made, model)), tmp_path / "work.doublet")
    return tmp_path


def run_line(doublet, line: str) -> None:
    """Run a command; patterns are expanded as a shell does."""
    words = shlex.split(line)[1:]
    outcome = doublet(*(name for word in words for name in (sorted(glob(word)) or [word])))
    assert outcome.code == 0, (line, outcome)


@pytest.mark.parametrize("line", shown_commands())
def test_a_command_of_the_pages_works(doublet, example_folder, line):
    run_line(doublet, line)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_examples_of_a_help_page_work(doublet, example_folder, name):
    lines = help_commands(doublet, name)
    assert lines
    recipe = Path("s2p.toml").read_text(encoding="utf-8")
    for line in lines:
        Path("s2p.toml").write_text(recipe, encoding="utf-8")
        run_line(doublet, line)


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("doublet fi", "fit"), ("doublet fit --pre", "--preset"), ("doublet library li", "list")],
)
def test_the_shell_completes_what_is_typed(typed, offered):
    words = {"COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split()) - 1)}
    done = subprocess.run(
        [sys.executable, "-c", "from doublet.__main__ import main; main()"],
        env={**os.environ, **words, "_DOUBLET_COMPLETE": "bash_complete"},
        capture_output=True,
        text=True,
        cwd=GUIDE.parents[1],
    )
    assert f"plain,{offered}" in done.stdout.split(), done.stderr


def test_the_guide_names_every_command_and_option(doublet):
    text = GUIDE.read_text(encoding="utf-8")
    for name in COMMANDS:
        assert f"## {name}\n" in text
        for option in re.findall(r"--[a-z-]+", doublet(name, "--help").out):
            assert option in text or option == "--help"
