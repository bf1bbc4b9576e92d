"""The worked examples of the page for developers do what the page says."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType, ModuleType

import numpy as np
import pytest
from scipy.integrate import quad

import spectra_core as sc
from spectra_core import readers
from spectra_core.curves import lineshapes
from spectra_core.errors import ReadError
from spectra_core.library.library import library_folders, load_library
from spectra_core.recipe.presets import preset
from spectra_core.referee import rules

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "developing.md").read_text(encoding="utf-8")


def chapter(title: str, language: str = "python") -> str:
    """Return the first code block of a chapter."""
    text = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    return re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)[1]


def run(title: str) -> dict[str, object]:
    namespace: dict[str, object] = {}
    exec(compile(chapter(title), title, "exec"), namespace)
    return namespace


@pytest.fixture
def sech(monkeypatch):
    row = run("A line shape")["row"]
    table = MappingProxyType({**lineshapes.LINESHAPES, row.name: row})
    monkeypatch.setattr(lineshapes, "LINESHAPES", table)
    return row


def test_the_line_shape_has_the_area_and_the_width_it_is_asked_for(sech):
    def curve(x):
        return float(sech.func(np.array([x]), area=100.0, center=162.0, fwhm=1.3)[0])

    assert quad(curve, 120.0, 204.0, points=[162.0])[0] == pytest.approx(100.0, rel=1e-6)
    assert curve(162.65) == pytest.approx(0.5 * curve(162.0), rel=1e-9)
    assert curve(161.35) == pytest.approx(0.5 * curve(162.0), rel=1e-9)


def test_the_line_shape_is_fitted_to_its_own_synthetic_curve(sech):
    x = np.arange(157.0, 167.0, 0.05)
    height = 300.0 * np.arccosh(2.0) / (np.pi * 0.65)  # of a sech with area 300 and FWHM 1.3
    y = 50.0 + height / np.cosh(np.arccosh(2.0) * (x - 162.0) / 0.65)
    spectrum = sc.make_spectrum(x, y, sc.Axis.BINDING_ENERGY)
    region = sc.Region("S 2p", (157.0, 167.0), "constant")
    region = sc.add_component(region, "one", "sech", center=(161.8, 161, 163), fwhm=(1.0, 0.4, 3.0))
    result = sc.fit(spectrum, region, weights="unit")
    assert result.value("S 2p/one/area") == pytest.approx(300.0, rel=1e-4)
    assert result.value("S 2p/one/fwhm") == pytest.approx(1.3, rel=1e-4)


def test_the_reader_reads_its_file_and_says_where_a_row_is_wrong(tmp_path):
    made = run("A reader")
    file = tmp_path / "pellet.txt"
    file.write_text("LAB-XPS 0.2\n160.0 10\n160.5 30\n161.0 12\n")
    assert made["matches"](file.read_bytes()[:64], file)
    (spectrum,) = made["read"](file, readers.ReadOptions())
    np.testing.assert_allclose(spectrum.x, [160.0, 160.5, 161.0])
    np.testing.assert_allclose(spectrum.y, [50.0, 150.0, 60.0])
    file.write_text("LAB-XPS 0.2\n160.0 ten\n")
    with pytest.raises(ReadError, match="two numbers"):
        made["read"](file, readers.ReadOptions())


def test_the_reader_is_asked_from_its_row(tmp_path, monkeypatch):
    made = run("A reader")
    module = ModuleType("spectra_core.readers.lab_text")
    module.__dict__.update({name: made[name] for name in ("FORMAT", "matches", "read")})
    monkeypatch.setitem(sys.modules, module.__name__, module)
    table = (*readers.READERS[:-1], made["reader"], readers.READERS[-1])
    monkeypatch.setattr(readers, "READERS", table)
    file = tmp_path / "pellet.txt"
    file.write_text("LAB-XPS 0.2\n160.0 10\n160.5 30\n161.0 12\n")
    (spectrum,) = sc.read(file)
    assert spectrum.meta.sample == "pellet" and spectrum.meta.dwell_s == 0.2


def one_line(window: tuple[float, float]) -> sc.FitResult:
    x = np.arange(140.0, 185.0, 0.1)
    y = np.random.default_rng(3).poisson(100 + 900 * np.exp(-(((x - 162.0) / 0.6) ** 2)))
    spectrum = sc.make_spectrum(x, y, sc.Axis.BINDING_ENERGY, y_unit="counts", counts=y)
    region = sc.Region("S 2p", window, "constant")
    region = sc.add_component(region, "one", "gaussian", center=(162, 161, 163), fwhm=(1, 0.5, 2))
    return sc.fit(spectrum, region)


def test_the_rule_speaks_of_a_wide_window_and_is_silent_on_a_narrow_one(monkeypatch):
    row = run("A referee's rule")["rule"]
    monkeypatch.setattr(rules, "RULES", (row,))
    (finding,) = sc.lint(one_line((141.0, 184.0)))
    assert finding.code == "wide_window" and "43 eV wide" in finding.message
    assert finding.advice.startswith("Narrow the window")
    assert sc.lint(one_line((157.0, 167.0))) == ()


def test_the_preset_is_found_checked_and_fits(tmp_path):
    folder = tmp_path / "presets"
    folder.mkdir()
    (folder / "one-sulfide.toml").write_text(chapter("A preset", "toml"), encoding="utf-8")
    library = load_library([*library_folders(), tmp_path])
    found = preset("one-sulfide", library=library)
    assert found.warnings and found.sources == ("du2022",)
    (region,) = sc.model_from_recipe(found.recipe).regions
    assert [c.label for c in region.components] == ["PS4 2p3/2", "PS4 2p1/2"]


def test_the_action_says_why_it_cannot_run():
    actions = pytest.importorskip("doublet.app.actions", reason="the window is not installed")
    action = run("An action of the window")["action"]
    scene = object()
    project = sc.Project()
    state = actions.State(project, scene)
    assert action.why_not(state) == "Open a second spectrum first."
    two = replace(project, spectra={"s1": None, "s2": None})
    assert action.why_not(actions.State(two, scene)) == ""
    assert action.id not in {row.id for row in actions.ACTIONS}


def test_the_page_names_every_room():
    layers = re.search(
        r"^layers = \[\n(.*?)^\]",
        (ROOT / "pyproject.toml").read_text(encoding="utf-8"),
        re.DOTALL | re.MULTILINE,
    )[1]
    rooms = set(re.findall(r'"(\w+)"', layers))
    table = PAGE.partition("\n## Rooms\n")[2].partition("\n## ")[0]
    assert rooms - {"shown"} - set(re.findall(r"`(\w+)`", table)) == set()
