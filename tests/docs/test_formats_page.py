"""The page on formats names every format and sentence, and its example works when installed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from spectra_core.readers import READERS
from spectra_core.readers.foreign import SIGNATURES, TEXT_SIGNATURES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
CONTENT = "INSTRUMENT 1 158.0 0.5 2.0\n10\n14\n22\n12\n"


def test_every_format_has_its_row():
    first = [cell for line in PAGE.splitlines() for cell in line.split(" | ")[:1]]
    named = {name.strip("| ") for cell in first for name in cell.split(",")}
    assert {reader.name for reader in READERS} - named == set()


def test_refusals_say_what_the_page_says():
    kinds = [kind for _, kind in (*SIGNATURES, *TEXT_SIGNATURES)]
    exports = {kind.advice for kind in kinds if kind.advice.startswith(("In ", "Open the"))}
    assert len(exports) >= 8
    assert [advice for advice in exports if advice not in PAGE] == []


@pytest.fixture(scope="module")
def packages(tmp_path_factory):
    """Return a folder on which the package of the page is installed, and a broken one."""
    build = pytest.importorskip("hatchling.build", reason="needs hatchling to build a package")
    source, site = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site")
    (source / "instrument_dat.py").write_text(re.search(r"```python\n(.*?)```", PAGE, re.S)[1])
    (source / "pyproject.toml").write_text(re.search(r"```toml\n(.*?)```", PAGE, re.S)[1])
    before = Path.cwd()
    os.chdir(source)
    try:
        wheel = build.build_wheel(str(source))
    finally:
        os.chdir(before)
    with zipfile.ZipFile(source / wheel) as archive:
        archive.extractall(site)
    broken = site / "broken_format-1.0.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-format\nVersion: 1.0\n")
    (broken / "entry_points.txt").write_text("[doublet.readers]\nbroken = no_such_module\n")
    return site


def doublet(packages, *arguments):
    paths = os.pathsep.join((str(ROOT), str(packages)))
    return subprocess.run(
        [sys.executable, "-m", "doublet", *map(str, arguments)],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": paths},
        timeout=120,
    )


def test_the_example_is_no_longer_than_it_is_said_to_be():
    code = re.search(r"```python\n(.*?)```", PAGE, re.S)[1]
    assert len([line for line in code.splitlines() if line.strip()]) <= 30


def test_the_example_reads_and_writes_when_it_is_installed(packages, tmp_path):
    (tmp_path / "pellet.dat").write_text(CONTENT)
    listed = doublet(packages, "inspect", tmp_path / "pellet.dat")
    assert listed.returncode == 0, listed.stderr
    assert "pellet" in listed.stdout and "binding energy eV" in listed.stdout
    written = doublet(packages, "convert", tmp_path / "pellet.dat", tmp_path / "again.dat")
    assert written.returncode == 0, written.stderr
    again = (tmp_path / "again.dat").read_text().split()
    assert [float(number) for number in again[1:]] == [1, 158, 0.5, 2, 10, 14, 22, 12]


def test_a_plug_in_that_fails_is_named_and_the_file_is_read(packages, tmp_path):
    (tmp_path / "pellet.dat").write_text(CONTENT)
    said = doublet(packages, "inspect", tmp_path / "pellet.dat").stderr
    assert 'the plug-in "broken" of the package broken-format is not used' in said
    (tmp_path / "damaged.dat").write_text(CONTENT.replace("14", "x"))
    damaged = doublet(packages, "inspect", tmp_path / "damaged.dat")
    assert damaged.returncode == 2 and "Traceback" not in damaged.stderr
    words = 'the plug-in "instrument" of the package instrument-dat failed'
    assert words in " ".join(damaged.stderr.split())
