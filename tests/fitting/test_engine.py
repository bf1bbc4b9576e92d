"""The compiled engine: the same answers as numpy, and honest about which engine it was."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spectra_core.errors import Cancelled, FitError
from spectra_core.fitting import FitOptions, Status, Weights, evaluate, fit
from spectra_core.fitting.engine import kernel_cache
from spectra_core.fitting.lmfit_bridge import to_lmfit
from spectra_core.fitting.single import DEFAULT_STARTS
from spectra_core.model import (
    Background,
    Link,
    Model,
    Parameter,
    Region,
    Term,
    add_component,
    add_doublet,
    add_links,
    make_component,
    set_parameter,
)
from spectra_core.spectrum import Axis, Meta, make_spectrum, replace_fields

pytest.importorskip("numba", reason="the compiled engine needs numba")

ROOT = Path(__file__).resolve().parents[2]
X = np.linspace(158.0, 169.0, 221)
P_X = np.linspace(128.0, 137.0, 181)


@pytest.fixture
def with_engine(monkeypatch):
    def choose(name):
        monkeypatch.setenv("DOUBLET_ENGINE", name)

    return choose


def doublets(ps4=161.5, other=162.9, fwhm=1.1, background="shirley", **changes):
    region = Region("S 2p", (158.0, 169.0), Background(background, **changes))
    for name, center in (("PS4", ps4), ("other", other)):
        region = add_doublet(region, name, "S 2p", "voigt", center=center, fwhm=fwhm, mix=0.3)
    return Model((region,))


def truth():
    model = doublets()
    for path, value in (
        ("PS4/area", 9000.0),
        ("other/area", 8000.0),
        ("background/level", 500.0),
        ("background/step", 0.02),
    ):
        model = set_parameter(model, f"S 2p/{path}", value=value)
    return model


def counts(model, x, seed, *, unit="counts"):
    """Synthetic Poisson counts around a model with one region."""
    flat = make_spectrum(x, np.ones(x.size), Axis.BINDING_ENERGY, y_unit="counts")
    curve = evaluate(flat, model).regions[0].envelope
    y = np.random.default_rng(seed).poisson(curve).astype(float)
    return make_spectrum(x, y, Axis.BINDING_ENERGY, y_unit=unit, meta=Meta(sample="synthetic"))


@pytest.fixture(scope="module")
def measured():
    return counts(truth(), X, 1)


@pytest.mark.parametrize("weights", [Weights.POISSON, Weights.UNIT, Weights.GIVEN])
@pytest.mark.parametrize("background", ["shirley", "linear", "shirley_slope", "tougaard_u2"])
def test_both_engines_find_the_same_minimum(measured, with_engine, weights, background):
    given = replace_fields(measured, sigma=np.sqrt(measured.y + 1.0))
    model, results = doublets(161.3, 163.2, 1.4, background), {}
    for engine in ("numba", "numpy"):
        with_engine(engine)
        results[engine] = fit(given, model, options=FitOptions(weights=weights))
        assert results[engine].engine == engine
    ours, oracle = results["numba"], results["numpy"]
    assert ours.status is oracle.status
    assert ours.statistics.chi_square == pytest.approx(oracle.statistics.chi_square, rel=1e-9)
    errors = [oracle.stderr(path) or np.inf for path in oracle.paths]
    assert (np.abs(ours.values - oracle.values) <= 2e-6 * np.array(errors)).all() or (
        np.allclose(ours.values, oracle.values, rtol=1e-7)
    )
    np.testing.assert_allclose(
        np.sqrt(np.diag(ours.covariance)), np.sqrt(np.diag(oracle.covariance)), rtol=1e-5
    )
    assert ours.at_bound.tolist() == oracle.at_bound.tolist()
    np.testing.assert_allclose(
        ours.regions[0].envelope, oracle.regions[0].envelope, rtol=1e-6, atol=1e-9
    )
    np.testing.assert_allclose(ours.regions[0].sigma, oracle.regions[0].sigma, rtol=1e-6)


def test_a_static_background_is_fitted_alike(measured, with_engine):
    model, values = doublets(161.3, 163.2, 1.4, mode="static"), []
    for engine in ("numba", "numpy"):
        with_engine(engine)
        values.append(fit(measured, model).values)
    np.testing.assert_allclose(values[0], values[1], rtol=1e-6)


def test_a_kinetic_energy_axis_is_fitted_alike(measured, with_engine):
    mirrored = make_spectrum(1000.0 - X, measured.y, Axis.KINETIC_ENERGY, y_unit="counts")
    region = Region("S 2p", (831.0, 842.0), Background("shirley"))
    for name, center in (("PS4", 838.7), ("other", 836.8)):
        region = add_doublet(region, name, "S 2p", "voigt", center=center, fwhm=1.4, mix=0.3)
    results = []
    for engine in ("numba", "numpy"):
        with_engine(engine)
        results.append(fit(mirrored, Model((region,))))
    np.testing.assert_allclose(results[0].values, results[1].values, rtol=1e-6)
    np.testing.assert_allclose(
        results[0].regions[0].residual, results[1].regions[0].residual, atol=1e-4
    )


def test_a_model_without_a_kernel_is_fitted_by_numpy_and_says_so(measured, with_engine):
    with_engine("numba")
    component = make_component(
        "line", "la", center=162.0, fwhm=1.6, alpha=Parameter(1.2, 0.6, 3.0, free=True)
    )
    region = add_component(Region("S 2p", (158.0, 169.0), Background("linear")), component)
    result = fit(measured, Model((region,)), options=FitOptions(max_iterations=30))
    assert result.engine == "numpy"
    assert "plain_engine" in {warning.code for warning in result.warnings}


@pytest.mark.parametrize("n", [3, 6, 11])
def test_more_doublets_than_there_are_stay_with_the_compiled_engine(n, with_engine):
    """Empty doublets have no position: what the data do not determine is said to be so."""
    with_engine("numba")
    one = set_parameter(truth(), "S 2p/other/area", value=0.0)
    one = counts(one, X, 5)
    region = Region("S 2p", (158.0, 169.0), Background("shirley"))
    for i in range(n):
        center = 160.5 + 4.0 * i / (n - 1)
        region = add_doublet(
            region,
            f"d{i}",
            "S 2p",
            center=Parameter(center, center - 1.0, center + 1.0),
            fwhm=Parameter(1.1, 0.4, 2.5),
            area=Parameter(None, 0.0),
        )
    result = fit(one, Model((region,)))
    alone = fit(one, set_parameter(truth(), "S 2p/other/area", value=0.0, free=False))
    assert result.engine == "numba"
    assert result.statistics.chi_square < alone.statistics.chi_square
    empty = [f"S 2p/d{i}" for i in range(n) if result.value(f"S 2p/d{i}/area") == 0]
    assert all(result.stderr(f"{owner}/center") is None for owner in empty)
    codes = {warning.code for warning in result.warnings}
    assert ("not_determined" in codes) == bool(empty)


def test_other_minimisers_run_on_numpy(measured, with_engine):
    with_engine("numba")
    result = fit(measured, truth(), options=FitOptions(method="leastsq"))
    assert result.engine == "numpy"


def test_an_unknown_engine_is_a_clear_error(measured, with_engine):
    with_engine("gpu")
    with pytest.raises(FitError, match='DOUBLET_ENGINE is "gpu"'):
        fit(measured, truth())


def test_watching_a_fit_does_not_change_it(measured):
    model, seen = doublets(161.3, 163.2, 1.4), []
    alone = fit(measured, model)
    watched = fit(measured, model, progress=seen.append, should_stop=lambda: False)
    np.testing.assert_array_equal(watched.values, alone.values)
    np.testing.assert_array_equal(watched.covariance, alone.covariance)
    assert tuple(seen) == watched.trace == alone.trace


def test_a_fit_can_be_cancelled_at_each_evaluation(measured):
    calls = []

    def should_stop():
        calls.append(1)
        return len(calls) > 3

    with pytest.raises(Cancelled):
        fit(measured, doublets(161.3, 163.2, 1.4), should_stop=should_stop)
    assert len(calls) == 4


def test_the_same_fit_twice_gives_the_same_bits(measured):
    model = doublets(161.3, 163.2, 1.4)
    first, second = fit(measured, model), fit(measured, model)
    assert first.values.tobytes() == second.values.tobytes()
    assert first.covariance.tobytes() == second.covariance.tobytes()


def test_importing_the_fit_package_does_not_import_numba():
    imports = "import sys, spectra_core.fitting, spectra_core.fitting.batch"
    code = f"{imports}; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "False", done.stderr


def test_threads_may_all_be_the_first_to_need_the_kernels():
    code = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from spectra_core.fitting.engine import kernels\n"
        "with ThreadPoolExecutor(4) as pool:\n"
        "    print(set(pool.map(lambda _: kernels().BETTER, range(16))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.strip() == "{2}", done.stderr


def test_numpy_is_used_without_importing_numba():
    code = (
        "import sys, numpy as np\n"
        "from spectra_core.fitting import fit\n"
        "from spectra_core.model import Background, Model, Region, add_component, make_component\n"
        "from spectra_core.spectrum import Axis, make_spectrum\n"
        "x = np.linspace(0.0, 10.0, 60); y = 5 + 90 * np.exp(-((x - 5) ** 2))\n"
        "line = make_component('a', 'gaussian', center=5.2, fwhm=1.0)\n"
        "region = add_component(Region('r', (0.0, 10.0), Background('constant')), line)\n"
        "result = fit(make_spectrum(x, y, Axis.RAMAN_SHIFT, y_unit='counts'), Model((region,)))\n"
        "print(result.engine, 'numba' in sys.modules)"
    )
    environment = {**os.environ, "DOUBLET_ENGINE": "numpy"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=environment
    )
    assert done.stdout.split() == ["numpy", "False"], done.stderr


def test_the_machine_code_is_kept_in_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = kernel_cache()
    assert folder.is_dir() and tmp_path in folder.parents
    assert folder.name.startswith("kernels-")


def test_a_folder_that_was_chosen_for_numba_is_respected(monkeypatch, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "mine"))
    assert tmp_path / "mine" in kernel_cache().parents


def test_a_singular_model_is_left_to_the_solver_that_can(measured, with_engine):
    """Two identical lines: only their sum is determined, and the result says so."""
    region = truth().regions[0]
    twin = make_component("twin", "voigt", center=161.5, fwhm=1.1, mix=0.3, area=100.0)
    more = make_component("more", "voigt", center=161.5, fwhm=1.1, mix=0.3, area=100.0)
    model = Model((add_component(add_component(region, twin), more),))
    links = [
        Link(f"S 2p/more/{name}", (Term(1.0, f"S 2p/twin/{name}"),))
        for name in ("center", "fwhm", "mix")
    ]
    with_engine("numba")
    result = fit(measured, add_links(model, links))
    undetermined = {w.where for w in result.warnings if w.code == "not_determined"}
    assert {"S 2p/twin/area", "S 2p/more/area"} <= undetermined


# --- random models ----------------------------------------------------------------------

SHAPES = ("voigt", "gaussian", "lorentzian", "pseudo_voigt", "gl_sum", "gl_product")


@st.composite
def random_models(draw):
    """Draw one or two regions of mixed lines with links between them, and its start."""
    n_lines = draw(st.integers(1, 6))
    split = draw(st.integers(1, n_lines)) if n_lines > 1 else n_lines
    groups = [range(split), range(split, n_lines)]
    regions, starts = [], []
    for name, group, x in zip(("S 2p", "P 2p"), groups, (X, P_X), strict=True):
        if not len(group):
            continue
        low, high = x[0] + 2.0, x[-1] - 2.0
        kind = draw(st.sampled_from(["constant", "linear", "shirley"]))
        window = (float(x[0]), float(x[-1]))
        given = {"level": Parameter(400.0)}
        if kind == "shirley":
            given["step"] = Parameter(0.02)
        if kind == "linear":
            given["slope"] = Parameter(1.0)
        made = [Region(name, window, Background(kind, parameters=given)) for _ in range(2)]
        for place, i in enumerate(group):
            center = low + (high - low) * (place + 0.5) / len(group)
            shape = draw(st.sampled_from(SHAPES))
            width, off = draw(st.floats(0.8, 1.5)), draw(st.floats(-0.15, 0.15))
            area = draw(st.floats(3000.0, 30000.0))
            mix = {} if shape in ("gaussian", "lorentzian") else {"mix": Parameter(0.3, free=False)}
            bounded = draw(st.booleans())
            limit = {"max": 1.3 * width} if bounded else {}
            lines = (
                {"area": area, "center": center, "fwhm": width},
                {"area": area, "center": center + off, "fwhm": Parameter(1.2 * width, **limit)},
            )
            made = [
                add_component(region, make_component(f"line {i}", shape, **values, **mix))
                for region, values in zip(made, lines, strict=True)
            ]
        regions.append(made[0])
        starts.append(made[1])
    return (
        Model(tuple(regions)),
        Model(tuple(starts)),
        draw(st.booleans()),
        draw(st.integers(0, 99)),
    )


def linked(model):
    """Tie the width of each region's first line to that of the first region."""
    first, *others = model.regions
    source = f"{first.name}/{first.components[0].id}/fwhm"
    links = [
        Link(f"{region.name}/{region.components[0].id}/fwhm", (Term(1.0, source),))
        for region in others
    ]
    return add_links(model, links)


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(random_models())
def test_random_models_agree_or_ours_is_better(with_engine, case):
    """With numpy and with lmfit's leastsq; weights given, so that all minimise the same.

    They go downhill from one start, into whatever minimum is there; ours is searched for.
    """
    drawn, start, tied, seed = case
    if tied:
        drawn, start = linked(drawn), linked(start)
    spectra = {}
    for region in drawn.regions:
        spectrum = counts(Model((region,)), X if region.name == "S 2p" else P_X, seed)
        spectra[region.name] = replace_fields(spectrum, sigma=np.sqrt(spectrum.y + 1.0))
    with_engine("numba")
    ours = fit(spectra, start, starts=DEFAULT_STARTS)
    with_engine("numpy")
    plain = fit(spectra, start)
    assert ours.engine == "numba"
    best = ours.statistics.chi_square
    assert best <= plain.statistics.chi_square * (1 + 1e-8)
    parameters, model = to_lmfit(spectra, start)
    points = [ours.region(region.name) for region in start.regions]
    oracle = model.fit(
        np.concatenate([r.y for r in points]),
        parameters,
        x=np.concatenate([r.x for r in points]),
        weights=1.0 / np.concatenate([r.sigma for r in points]),
        scale_covar=False,
        fit_kws={"ftol": 1e-13, "xtol": 1e-13},
        max_nfev=4000,
        calc_covar=False,
    )
    assert best <= oracle.chisqr * (1 + 1e-8)


# --- the acceptance tests of the foundation, with either engine ---------------------------


def _nist(name):
    import importlib.util

    path = ROOT / "tests" / "reference" / "test_nist_strd.py"
    spec = importlib.util.spec_from_file_location("nist_strd_cases", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("engine", ["numba", "numpy"])
@pytest.mark.parametrize("problem", ["Gauss1", "Gauss2"])
@pytest.mark.parametrize("start", [0, 1])
def test_nist_values_are_reached_with_either_engine(data_dir, with_engine, engine, problem, start):
    with_engine(engine)
    nist = _nist(problem)
    x, y, certified = nist.read_strd(data_dir / "nist-strd" / f"{problem}.dat")
    spectrum, model = nist.gauss_problem(x, y, {n: v[start] for n, v in certified.items()})
    result = fit(spectrum, model, options=FitOptions(weights=Weights.UNIT))
    assert result.engine == engine
    for name, (value, sd) in nist.gauss_answers(result).items():
        assert nist.digits(value, certified[name][2]) >= 8, name
        assert nist.digits(sd, certified[name][3]) >= 4, name


@pytest.mark.parametrize("engine", ["numba", "numpy"])
def test_a_doublet_stays_exact_with_either_engine(measured, with_engine, engine):
    with_engine(engine)
    result = fit(measured, doublets(161.3, 163.2, 1.4))
    assert result.engine == engine and result.status is Status.CONVERGED
    minor, major = "S 2p/PS4 2p1/2", "S 2p/PS4 2p3/2"
    splitting = result.value(f"{minor}/center") - result.value(f"{major}/center")
    assert splitting == pytest.approx(1.18, abs=1e-12)
    assert result.value(f"{minor}/area") / result.value(f"{major}/area") == pytest.approx(
        0.5, rel=1e-12
    )
