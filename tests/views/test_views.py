"""What values show of themselves: on a screen, in a notebook, as tables, in figures.

All spectra are synthetic.
"""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

import spectra_core as sc
from spectra_core.project.project import Project as ProjectValue
from spectra_core.project.project import add_analysis, add_spectra
from spectra_core.shown import Drawn, Gridded, Reported, Shown, Tabular
from spectra_core.uncertainty.quantities import AreaRatio
from spectra_core.views import _ROOMS, view_of
from spectra_core.views.screens import HEIGHT, WIDTH

ROOT = Path(__file__).resolve().parents[2]
ENERGY = np.arange(158.0, 168.0, 0.05)
CENTERS = {"PS4": 161.5, "thiosulfate <S2O3>": 163.2}


def synthetic(seed: int = 3) -> sc.Spectrum:
    """Return two doublets of Gaussians with known centres and areas 2 : 1."""
    expected = np.full(ENERGY.size, 400.0)
    for height, center in zip((1800, 900), CENTERS.values(), strict=True):
        expected += height * np.exp(-(((ENERGY - center) / 0.6) ** 2))
        expected += height / 2 * np.exp(-(((ENERGY - center - 1.18) / 0.6) ** 2))
    counts = np.random.default_rng(seed).poisson(expected)
    meta = sc.Meta(sample="synthetic cathode", region="S 2p", dwell_s=0.1, scans=10)
    return sc.make_spectrum(ENERGY, counts, sc.Axis.BINDING_ENERGY, y_unit="counts", meta=meta)


def two_doublets() -> sc.Model:
    region = sc.Region("S 2p", (158.0, 168.0), "linear")
    for name, center in CENTERS.items():
        bounds = (center - 0.2, center - 0.6, center + 0.6)
        region = sc.add_doublet(
            region, name, "S 2p", "gaussian", center=bounds, fwhm=(1.1, 0.6, 2.0)
        )
    model = sc.Model(region, title="two sulfides")
    return sc.link(model, "S 2p/thiosulfate <S2O3>/fwhm", "S 2p/PS4/fwhm", note="one class")


SPECTRUM = synthetic()
MODEL = two_doublets()
RESULT = sc.fit(SPECTRUM, MODEL, starts=2)
RATIO = AreaRatio(("S 2p/thiosulfate <S2O3>/area",), ("S 2p/PS4/area",))


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return a run of 30 files, one of which cannot be read."""
    folder = tmp_path_factory.mktemp("files")
    files = []
    for seed in range(3):
        spectrum = synthetic(seed)
        spectrum = replace(spectrum, meta=replace(spectrum.meta, sample=f"synthetic {seed}"))
        files.append(folder / f"{seed}.vms")
        sc.write(files[-1], [spectrum])
    (folder / "broken.vms").write_text("not a spectrum")
    recipe = sc.recipe_from_model(MODEL, title="two sulfides")
    ratio = {"name": "S2O3 / PS4", "numerator": ["thiosulfate <S2O3>"], "denominator": ["PS4"]}
    text = sc.dump_recipe(recipe) + (
        f'\n[[ratio]]\nname = "{ratio["name"]}"\nnumerator = ["thiosulfate <S2O3>"]\n'
        'denominator = ["PS4"]\nuncertainty = { background = false, model = false }\n'
    )
    path = folder / "recipe.toml"
    path.write_text(text, encoding="utf-8")
    return sc.run([*files, folder / "broken.vms"], recipe=sc.load_recipe(path))


@pytest.fixture(scope="module")
def shown(run):
    """Return one value of each kind that shows itself, by the name of its class."""
    project = add_spectra(ProjectValue(), [SPECTRUM])
    project = add_analysis(project, MODEL, next(iter(project.spectra)))
    known = sc.fit(SPECTRUM, sc.add_priors(MODEL, sc.Prior("S 2p/PS4/center", 161.7, 0.1)))
    values = [
        SPECTRUM,
        MODEL,
        MODEL.regions[0],
        RESULT,
        RESULT.regions[0],
        sc.fit_batch([synthetic(i) for i in range(12)], MODEL, threads=1),
        sc.ratio_budget(known, ["thiosulfate <S2O3>"], ["PS4"], name="S2O3 / PS4", monte_carlo=50),
        sc.monte_carlo(RESULT, ["S 2p/PS4/area", RATIO], 50),
        sc.profile_interval(RESULT, "S 2p/PS4/center"),
        sc.uniqueness_curve(RESULT, "S 2p/PS4/center", 5),
        sc.pulls(known, [sc.RatioRequest("S2O3 / PS4", ("thiosulfate <S2O3>",), ("PS4",))]),
        sc.load_library(),
        sc.preset("lpscl-cathode"),
        run.recipe,
        sc.plan(run.recipe, [SPECTRUM, synthetic(4)]),
        run,
        run.fits[0],
        project,
    ]
    return {type(value).__name__: value for value in values}


KINDS = sorted(set(_ROOMS) - {"RowRecord"})


# ---------------------------------------------------------------------------------
# One screen


@pytest.mark.parametrize("kind", KINDS)
def test_a_value_fits_a_screen_and_is_one_line_in_a_list(shown, kind):
    lines = str(shown[kind]).splitlines()
    assert lines[0].startswith(kind)
    assert len(lines) <= HEIGHT
    assert max(map(len, lines)) <= WIDTH
    brief = repr(shown[kind])
    assert brief == str(shown[kind]) or (brief.startswith(f"<{kind}") and "\n" not in brief)


@pytest.mark.parametrize("kind", KINDS)
def test_a_notebook_shows_a_table_with_every_name_escaped(shown, kind):
    html = shown[kind]._repr_html_()
    parser = Balanced()
    parser.feed(html)
    assert parser.open == [] and parser.unknown == set()


class Balanced(HTMLParser):
    """Keeps the elements that are still open, and those that nobody means."""

    known = frozenset(["div", "p", "b", "ul", "li", "table", "caption", "thead", "tbody"])
    known |= {"tr", "th", "td"}

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.unknown: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.unknown |= {tag} - self.known

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_screen_of_a_fit_has_each_component_with_its_errors():
    text = str(RESULT)
    assert "converged, reduced chi-square" in text and "2 starts" in " ".join(text.split())
    center, stderr = RESULT.value("S 2p/PS4/center"), RESULT.stderr("S 2p/PS4/center")
    assert f"{center:.4f} ± {stderr:.4f}" in text
    area, error = RESULT.value("S 2p/PS4/area"), RESULT.stderr("S 2p/PS4/area")
    assert f"{area:.0f} ± {error:.0f}" in text
    assert "gaussian" in text and "counts eV" in text


def test_a_wide_model_and_a_long_run_still_fit_a_screen_and_say_what_is_left_out(run):
    wide = sc.Region("S 2p", (158.0, 168.0))
    for i in range(60):
        name = f"a component with a rather long name, number {i}"
        wide = sc.add_component(wide, name, "voigt", center=160 + 0.1 * i, fwhm=1.0)
    lines = str(sc.Model(wide)).splitlines()
    assert len(lines) <= HEIGHT and max(map(len, lines)) <= WIDTH
    assert any("more rows: report() has them all" in line for line in lines)
    long = replace(run, fits=run.fits * 400, failures=run.failures * 50)
    lines = str(long).splitlines()
    assert lines[0] == "Run: 1200 fits, 50 failures"
    assert len(lines) <= HEIGHT and any("more notes: report() has" in line for line in lines)


@pytest.mark.parametrize("value", [MODEL, RESULT])
def test_a_report_has_every_parameter_and_what_is_tied(value):
    text = value.report()
    assert all(path in text for path in RESULT.paths)
    assert "one class" in text
    assert "+ 1.18" in text and "0.5 ×" in text
    assert "between 160.9 and 162.1" in text


def test_what_was_known_beforehand_is_shown_with_what_became_of_it():
    prior = sc.Prior("S 2p/PS4/center", 161.7, 0.1, source="made up for a test")
    model = sc.add_priors(MODEL, prior)
    assert prior.formula in str(model) and "made up for a test" in model.report()
    result = sc.fit(SPECTRUM, model)
    assert prior.formula in result.report()
    assert f"{result.priors[0].pull:+.2f} of its standard deviations" in result.report()
    assert result.priors[0].pull < -1


def test_the_report_of_a_run_is_the_table_of_the_command_line(run):
    text = run.report()
    assert "S2O3 / PS4" in text and "synthetic 2 / S 2p: converged" in text
    assert "broken.vms" in text


def test_a_preset_says_its_warnings_in_full(shown):
    preset = shown["Preset"]
    assert preset.warnings
    assert all(warning in preset.report() for warning in preset.warnings)


# ---------------------------------------------------------------------------------
# Tables and arrays


def test_the_parameters_of_a_fit_are_a_table_with_every_digit():
    frame = RESULT.to_dataframe().set_index("path")
    for path in (*RESULT.paths, "S 2p/PS4/area"):
        assert frame.loc[path, "value"] == RESULT.value(path)
        stderr = RESULT.stderr(path)
        assert (
            np.isnan(frame.loc[path, "stderr"])
            if stderr is None
            else (frame.loc[path, "stderr"] == pytest.approx(stderr, rel=1e-12))
        )
    assert frame["free"].sum() - frame.query("total")["free"].sum() == RESULT.n_free


def test_the_tables_of_a_run_tell_samples_apart(run):
    parameters = run.to_dataframe()
    for record in run.fits:
        chosen = parameters.query("sample == @record.sample and path == 'S 2p/PS4 2p3/2/center'")
        assert chosen["value"].item() == record.result.value("S 2p/PS4/center")
    ratios = run.to_dataframe("ratios")
    assert list(ratios["sample"]) == ["synthetic 0", "synthetic 1", "synthetic 2"]
    assert list(ratios["value"]) == [ratio.value for _, ratio in run.ratios]


def test_a_batch_is_a_row_for_each_spectrum_and_a_dataset(shown):
    batch = shown["BatchResult"]
    frame = batch.to_dataframe()
    assert len(frame) == 12 and set(frame["status"]) == {"converged"}
    assert np.array_equal(frame["S 2p/PS4/area"], batch.values("S 2p/PS4/area"))
    values = batch.to_xarray()["value"].sel(parameter="S 2p/PS4 2p1/2/center")
    assert np.array_equal(values, batch.values("S 2p/PS4 2p1/2/center"))


def test_the_curves_of_a_fit_add_up_in_the_dataset():
    curves = RESULT.to_xarray(part="S 2p")
    assert np.allclose(curves["fit"], curves["background"] + curves["peak"].sum("component"))
    assert np.allclose(curves["data"] - curves["fit"], curves["residual"] * curves["sigma"])
    assert curves["binding_energy"].attrs["units"] == "eV"
    assert np.array_equal(RESULT.regions[0].to_xarray()["peak"], curves["peak"])
    frame = RESULT.to_dataframe("curves")
    assert np.array_equal(frame["data"], curves["data"])


def test_a_spectrum_is_its_points_on_the_calibrated_axis():
    moved = sc.calibrate(SPECTRUM, sc.Calibration(0.4, "C 1s", 284.8))
    assert "+0.4 eV, C 1s at 284.8" in str(moved)
    frame, dataset = moved.to_dataframe(), moved.to_xarray()
    assert np.array_equal(frame["binding_energy"], moved.x)
    assert np.array_equal(dataset["intensity"], moved.y)
    assert np.array_equal(dataset["binding_energy"], moved.x)


def test_draws_and_curves_are_tables(shown):
    draws, curve = shown["MonteCarlo"], shown["UniquenessCurve"]
    assert np.array_equal(draws.to_dataframe()["S 2p/PS4/area"], draws.values["S 2p/PS4/area"])
    assert draws.to_xarray().sizes == {"quantity": 2, "draw": 50}
    assert np.array_equal(curve.to_xarray()["delta_chi_square"], curve.delta_chi_square)


@pytest.mark.parametrize("kind", KINDS)
def test_every_table_of_every_value_can_be_made(shown, kind):
    if isinstance(shown[kind], Tabular):
        for name in view_of(shown[kind]).frames:
            assert len(shown[kind].to_dataframe(name)) > 0


def test_a_table_that_is_not_there_is_answered_with_those_that_are(run):
    with pytest.raises(sc.SpectraError, match="There are: parameters, ratios"):
        run.to_dataframe("ratio")


def test_without_pandas_a_sentence_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(sc.SpectraError, match="pandas, which is not installed"):
        RESULT.to_dataframe()


# ---------------------------------------------------------------------------------
# Pictures


@pytest.mark.parametrize("kind", KINDS)
def test_what_can_be_drawn_is_drawn_into_given_axes_or_into_new_ones(shown, kind):
    if not isinstance(shown[kind], Drawn):
        assert not hasattr(shown[kind], "plot")
        return
    axes = Figure().add_subplot()
    assert shown[kind].plot(axes) is axes
    assert axes.has_data()
    new = shown[kind].plot()
    assert new.has_data() and new.figure is not axes.figure
    new.figure.canvas.draw()


def test_a_fit_is_drawn_as_in_reports():
    axes = RESULT.plot(Figure().add_subplot(), part="S 2p")
    low, high = axes.get_xlim()
    assert low > high, "binding energy falls to the right"
    drawn = {line.get_label(): line for line in axes.lines}
    assert np.array_equal(drawn["data"].get_ydata(), RESULT.regions[0].y)
    assert {"data", "fit", "background", "PS₄"} <= set(drawn)
    own = [line.get_label() for line in sc.fit_figure(RESULT.regions[0], RESULT).axes[0].lines]
    assert own == [line.get_label() for line in axes.lines]


def test_a_part_is_chosen_by_its_name(shown, run):
    batch, draws = shown["BatchResult"], shown["MonteCarlo"]
    assert batch.plot().get_ylabel() == "S 2p/PS4/area"
    assert batch.plot(part="S 2p/PS4/center").get_ylabel() == "S 2p/PS4/center"
    assert draws.plot(part=RATIO).get_xlabel().endswith("(S 2p/PS4/area)")
    assert run.plot(part="S2O3 / PS4").get_ylabel() == "S2O3 / PS4"
    for wrong in (lambda: run.plot(part="S / P"), lambda: RESULT.plot(part="P 2p")):
        with pytest.raises(sc.SpectraError):
            wrong()


def test_no_picture_opens_a_window_or_touches_pyplot():
    code = (
        "import sys, numpy as np, spectra_core as sc\n"
        "x = np.arange(0.0, 9.0)\n"
        "axes = sc.make_spectrum(x, x, sc.Axis.RAMAN_SHIFT).plot()\n"
        "assert axes.lines and 'matplotlib.pyplot' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr


# ---------------------------------------------------------------------------------
# The table of views


def test_whoever_promises_a_table_arrays_or_a_picture_has_them():
    for module in pkgutil.walk_packages(sc.__path__, "spectra_core."):
        importlib.import_module(module.name)
    promises = {Tabular: "frames", Gridded: "dataset", Drawn: "draw"}
    bases = {Shown, Reported, *promises}
    kinds = {kind for base in bases for kind in base.__subclasses__()} - bases
    assert {kind.__name__ for kind in kinds} == set(_ROOMS)
    for kind in kinds:
        view = view_of(kind.__new__(kind))
        for base, field in promises.items():
            assert (getattr(view, field) is not None) == issubclass(kind, base), kind
