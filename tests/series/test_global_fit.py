"""The arrowhead against dense algebra, the global fit against scipy, and against truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import least_squares

import spectra_core as sc
from spectra_core.errors import FitError, ModelError
from spectra_core.series.arrowhead import Arrowhead, covariances, solved
from spectra_core.series.fits import fit_series
from spectra_core.series.global_fit import SCATTER, Smooth
from spectra_core.series.outliers import isolated

AREAS = ("S 2p/PS4", "S 2p/P2S5", "S 2p/Li2S", "P 2p/PS4", "P 2p/P2S5")


@pytest.mark.parametrize("smooth", [False, True])
def test_the_arrowhead_is_solved_as_the_whole_matrix(smooth):
    generator = np.random.default_rng(1)
    count, n, m = 5, 3, 2
    size = count * n + m
    rows = generator.normal(size=(400, size))
    for level in range(count):  # each row of data is of one level
        rows[level * 80 : (level + 1) * 80, : level * n] = 0
        rows[level * 80 : (level + 1) * 80, (level + 1) * n : count * n] = 0
    whole = rows.T @ rows
    coupling = -np.array([0.0, 3.0, 0.5]) if smooth else np.zeros(n)
    for level in range(count - 1):
        for j in range(n):
            a, b = level * n + j, (level + 1) * n + j
            whole[[a, b], [a, b]] -= coupling[j]
            whole[a, b] = whole[b, a] = coupling[j]
    right = generator.normal(size=size)
    held_levels, held_shared = np.zeros((count, n), bool), np.zeros(m, bool)
    held_levels[1, 1] = held_shared[0] = True
    equations = Arrowhead(
        np.array([whole[k * n : (k + 1) * n, k * n : (k + 1) * n] for k in range(count)]),
        np.array([whole[k * n : (k + 1) * n, count * n :] for k in range(count)]),
        whole[count * n :, count * n :],
        coupling,
        right[: count * n].reshape(count, n),
        right[count * n :],
    ).held(held_levels, held_shared)
    free = np.flatnonzero(~np.r_[held_levels.ravel(), held_shared])
    expected = np.zeros(size)
    expected[free] = np.linalg.solve(whole[np.ix_(free, free)], right[free])
    own, shared = solved(equations, held_levels)
    np.testing.assert_allclose(np.r_[own.ravel(), shared], expected, rtol=1e-9, atol=1e-14)
    inverse = np.zeros((size, size))
    inverse[np.ix_(free, free)] = np.linalg.inv(whole[np.ix_(free, free)])
    blocks, borders, corner = covariances(equations, held_levels, held_shared)
    for k in range(count):
        part = slice(k * n, (k + 1) * n)
        np.testing.assert_allclose(blocks[k], inverse[part, part], rtol=1e-8, atol=1e-14)
        np.testing.assert_allclose(borders[k], inverse[part, count * n :], rtol=1e-8, atol=1e-14)
    np.testing.assert_allclose(corner, inverse[count * n :, count * n :], rtol=1e-8, atol=1e-14)


def lines(x, q, shared):
    """Two Gaussians on a level: areas and level are a level's own, positions and width not."""
    first, second, width = shared
    sigma = width / 2.354820045
    return q[2] + sum(
        q[i] * np.exp(-0.5 * ((x - c) / sigma) ** 2) / sigma / np.sqrt(2 * np.pi)
        for i, c in enumerate((first, second))
    )


def test_values_and_errors_are_those_of_one_problem_in_scipy():
    """An oracle that knows nothing of arrowheads: scipy's least squares over all levels."""
    generator = np.random.default_rng(3)
    x = np.arange(280.0, 292.0, 0.1)
    shared = (284.8, 286.3, 1.2)
    truth = [(2000.0, 300.0 * k, 100.0) for k in range(1, 5)]
    levels = []
    for own in truth:
        counts = generator.poisson(lines(x, own, shared)).astype(float)
        levels.append(sc.make_spectrum(x, counts, sc.Axis.BINDING_ENERGY, y_unit="counts"))
    region = sc.Region("C 1s", (280.0, 292.0), sc.Background("constant"))
    for name, centre in (("a", 284.8), ("b", 286.3)):
        region = sc.add_component(region, name, "gaussian", center=centre, fwhm=1.2)
    model = sc.add_links(sc.Model((region,)), sc.share(["C 1s/a/fwhm", "C 1s/b/fwhm"]))
    found = fit_series([{"C 1s": s} for s in levels], model, drift=False)
    sigmas = [region.sigma for level in found.levels for region in level.regions]

    def residual(p):
        return np.concatenate(
            [
                (lines(x, p[3 + 3 * k : 6 + 3 * k], p[:3]) - s.y) / sigma
                for k, (s, sigma) in enumerate(zip(levels, sigmas, strict=True))
            ]
        )

    start = np.r_[shared, np.ravel(truth)]
    oracle = least_squares(residual, start, x_scale=np.abs(start), xtol=1e-14, ftol=1e-14)
    errors = np.sqrt(np.diag(np.linalg.inv(oracle.jac.T @ oracle.jac)))
    for i, path in enumerate(("C 1s/a/center", "C 1s/b/center", "C 1s/a/fwhm")):
        assert np.ptp(found.values(path)) == 0.0
        assert found.values(path)[0] == pytest.approx(oracle.x[i], abs=0.02 * errors[i])
        assert found.stderrs(path)[0] == pytest.approx(errors[i], rel=1e-3)
    for i, path in enumerate(("C 1s/a/area", "C 1s/b/area", "C 1s/background/level")):
        np.testing.assert_allclose(found.values(path), oracle.x[3 + i :: 3], rtol=1e-4)
        np.testing.assert_allclose(found.stderrs(path), errors[3 + i :: 3], rtol=2e-3)
    assert found.solution.chi_square == pytest.approx(2 * oracle.cost, rel=1e-6)


def test_the_error_of_a_tie_is_one_nuisance_of_all_levels():
    """Against scipy over all levels and the one nuisance: a tie that is wrong is wrong everywhere.

    The second line is weak and lies under the first, so that its area hangs on the tie.
    """
    generator = np.random.default_rng(5)
    x = np.arange(280.0, 292.0, 0.1)
    shared = (284.8, 285.4, 1.2)
    truth = [(a, 0.28 * a, 100.0) for a in (300.0, 400.0, 500.0, 600.0)]  # the tie says 0.25
    levels = []
    for own in truth:
        counts = generator.poisson(lines(x, own, shared)).astype(float)
        levels.append(sc.make_spectrum(x, counts, sc.Axis.BINDING_ENERGY, y_unit="counts"))
    region = sc.Region("C 1s", (280.0, 292.0), sc.Background("constant"))
    for name, centre in (("a", 284.8), ("b", 285.4)):
        region = sc.add_component(
            region,
            name,
            "gaussian",
            center=sc.Parameter(centre, free=False),
            fwhm=sc.Parameter(1.2, free=False),
        )
    terms = (sc.Term(1.0, "C 1s/b/area"), sc.Term(-0.25, "C 1s/a/area"))
    model = sc.add_priors(sc.Model((region,)), sc.Prior(terms, relative=0.1, source="factors"))
    found = fit_series([{"C 1s": s} for s in levels], model, drift=False)
    sigmas = [region.sigma for level in found.levels for region in level.regions]
    widths = 0.1 * 0.25 * found.values("C 1s/a/area")

    def residual(p):
        own, theta = p[:-1].reshape(-1, 3), p[-1]
        data = [
            (lines(x, q, shared) - s.y) / sigma
            for q, s, sigma in zip(own, levels, sigmas, strict=True)
        ]
        tie = (own[:, 1] - 0.25 * own[:, 0] - widths * theta) / (SCATTER * widths)
        return np.concatenate([*data, tie, [theta]])

    start = np.r_[np.ravel(truth), 0.0]
    oracle = least_squares(residual, start, xtol=1e-14, ftol=1e-14, x_scale=np.maximum(start, 1))
    whole = np.linalg.inv(oracle.jac.T @ oracle.jac)
    errors = np.sqrt(np.diag(whole))
    for i, path in enumerate(("C 1s/a/area", "C 1s/b/area")):
        np.testing.assert_allclose(found.values(path), oracle.x[i:-1:3], rtol=2e-4)
        np.testing.assert_allclose(found.stderrs(path), errors[i:-1:3], rtol=5e-3)
    assert found.solution.pulls == pytest.approx(oracle.x[-1:], abs=0.02)
    loads = np.concatenate([found.loads(k, ["C 1s/b/area"]) for k in range(4)])
    between = (loads @ loads.T)[np.triu_indices(4, 1)]
    np.testing.assert_allclose(between, whole[1:-1:3, 1:-1:3][np.triu_indices(4, 1)], rtol=1e-2)
    common = np.linalg.norm(loads, axis=1)
    assert (common > 0.5 * found.stderrs("C 1s/b/area")).all()
    assert found.solution.pulls[0] > 0  # all levels say that there is more of it


def test_a_profile_has_its_true_areas_and_drift(profile, model):
    levels, truth = profile(7)
    found = fit_series(levels, model)
    for name in AREAS:
        true = np.array([areas[name] for areas in truth])
        values, errors = found.values(f"{name}/area"), found.stderrs(f"{name}/area")
        there = np.isfinite(errors)
        assert np.abs((values - true)[there] / errors[there]).max() < 4.0
        large = true > 0.2 * true.max()
        assert np.abs(values[large].sum() / true[large].sum() - 1.0) < 0.03
    shifts = found.values("S 2p/region/shift")
    np.testing.assert_allclose(
        shifts - shifts.mean(), np.array([t["shift"] for t in truth]) - 0.15, atol=0.04
    )
    assert found.alarms == ()
    origin = int(np.flatnonzero(shifts == 0.0)[0])  # the others are told against it
    level = found.levels[origin]
    assert not level.estimate("S 2p/region/shift").at_bound
    assert not any("shift" in warning.where for warning in level.warnings)


def test_sharing_makes_errors_smaller_and_keeps_intervals_true(profile, model):
    held = total = 0
    gains = []
    for seed in range(20, 32):
        levels, truth = profile(seed)
        found = fit_series(levels, model)
        for name in AREAS:
            true = np.array([areas[name] for areas in truth])
            values, errors = found.values(f"{name}/area"), found.stderrs(f"{name}/area")
            there = np.isfinite(errors) & (true > 30.0)
            held += int((np.abs(values - true) < 1.96 * errors)[there].sum())
            total += int(there.sum())
            alone = [level.stderr(f"{name}/area") or np.nan for level in found.separate]
            gains.append(np.nanmedian(np.array(alone) / errors))
    assert 0.925 <= held / total <= 0.975  # 660 areas: 0.95 +/- 0.0085 if independent
    assert np.median(gains) > 1.15


def test_a_level_that_charged_by_4_ev_is_found(profile, model):
    for shift in (4.0, -3.2, 5.0):
        levels, truth = profile(3, shifted=(5, shift))
        found = fit_series(levels, model)
        assert found.flagged("slid") == (5,)
        assert 5 in found.flagged("drift")
        for name in AREAS[:3]:
            ratio = found.values(f"{name}/area")[5] / truth[5][name]
            assert ratio == pytest.approx(1.0, abs=0.15), name
        assert f"{shift:+.0f}"[:2] in next(a for a in found.alarms if a.code == "slid").message


def test_levels_that_did_not_charge_are_not_slid(profile, model):
    for seed in range(4):
        levels, _ = profile(seed, peak=300.0, drift=0.8)
        assert fit_series(levels, model).flagged("slid") == ()


def test_a_level_with_a_tenth_of_the_counts_is_flagged(profile, model):
    levels, _ = profile(2, times=(4, 0.1))
    assert fit_series(levels, model).flagged("outlier") == (4,)
    levels, _ = profile(2)
    assert fit_series(levels, model).flagged() == ()


def test_a_step_is_no_outlier():
    assert not isolated(np.array([0, 0, 0, 5, 5, 5.0])).any()
    assert isolated(np.array([0, 0, 3.0, 0, 0, 0])).tolist() == [False, False, True] + [False] * 3
    assert not isolated(np.array([3.0, 0, 0, 0, 0, 0])).any()


def test_an_absent_component_has_a_limit(profile, model):
    levels, truth = profile(5, centre=2.0)
    found = fit_series(levels, model)
    limits = found.limits("S 2p/P2S5/area")
    at_zero = np.flatnonzero(np.isfinite(limits))
    assert set(at_zero) >= set(range(6, 12))
    assert not np.isfinite(limits[:4]).any()
    true = np.array([areas["S 2p/P2S5"] for areas in truth])
    assert (limits[at_zero] > true[at_zero]).all()
    assert (limits[at_zero] < 0.1 * true[0]).all()


def test_modes_say_what_is_shared_free_and_smooth(profile, model):
    levels, _ = profile(1)
    stiff = fit_series(levels, model, modes={"S 2p/region/shift": Smooth(0.001)})
    free = fit_series(levels, model, modes={"*/fwhm": "free"})
    assert np.ptp(stiff.values("S 2p/region/shift")) < 0.05
    assert np.ptp(fit_series(levels, model).values("S 2p/region/shift")) > 0.2
    assert stiff.solution.roughness > 0
    assert np.ptp(free.values("S 2p/PS4 2p3/2/fwhm")) > 0
    assert "S 2p/PS4 2p3/2/fwhm" not in free.shared
    with pytest.raises(ModelError, match=r"fwmh.*[Dd]id you mean|no free parameter"):
        fit_series(levels, model, modes={"S 2p/PS4 2p3/2/fwmh": "free"})
    with pytest.raises(ModelError, match="nothing that a parameter of a series can be"):
        fit_series(levels, model, modes={"*/fwhm": "linked"})


def test_a_level_without_a_region_takes_part_with_what_it_has(profile, model):
    levels, truth = profile(4)
    alone = sc.Model(
        (model.region("S 2p"),), tuple(k for k in model.links if "P 2p" not in k.target)
    )
    models = [model] * len(levels)
    levels[3] = {"S 2p": levels[3]["S 2p"]}
    models[3] = alone
    found = fit_series(levels, models)
    assert np.isnan(found.values("P 2p/PS4/area")[3])
    assert found.values("S 2p/PS4/area")[3] == pytest.approx(truth[3]["S 2p/PS4"], rel=0.15)


def test_one_level_is_no_series(profile, model):
    levels, _ = profile(1)
    with pytest.raises(FitError, match="two levels or more"):
        fit_series(levels[:1], model)


def test_the_known_outlier_of_a_measured_series_is_flagged(data_dir):
    """16 O 1s scans in sequence; the repository names ...0015 as anomalous (1/10 of the counts)."""
    folder = data_dir / "xps-peakfit-yharada" / "GaN_oxidation_O1s_series"
    options = sc.ReadOptions(axis="kinetic", photon_energy_ev=730.0, y_unit="counts")
    names = sorted(path.name for path in folder.glob("*.csv"))
    levels = [{"O 1s": sc.read(folder / name, options=options)[0]} for name in names]
    region = sc.Region("O 1s", (526.5, 535.0), sc.Background("shirley"))
    for name, centre in (("O-O", 530.0), ("Ga-O", 531.0), ("N-O", 532.2)):
        region = sc.add_component(
            region,
            name,
            "pseudo_voigt",
            center=sc.Parameter(centre, centre - 0.6, centre + 0.6),
            fwhm=sc.Parameter(1.4, 0.8, 2.5),
        )
    found = fit_series(levels, region if isinstance(region, sc.Model) else sc.Model((region,)))
    assert [names[k] for k in found.flagged("outlier")] == ["1804100015_dsp.csv"]


def test_a_level_that_cannot_be_fitted_by_itself_is_fitted_from_its_neighbours(profile, model):
    """No counts at all at one level: it is marked, the others are as they were."""
    levels, truth = profile(6)
    dead = {}
    for name, spectrum in levels[4].items():
        nothing = np.zeros(len(spectrum))
        dead[name] = sc.make_spectrum(
            spectrum.x, nothing, spectrum.axis, y_unit="counts", counts=nothing, meta=spectrum.meta
        )
    levels[4] = dead
    found = fit_series(levels, model)
    assert found.flagged("failed") == (4,)
    assert found.flagged("refitted") == (4,)
    assert found.separate[4] is None
    values = found.values("S 2p/PS4/area")
    assert values[4] < 20.0
    for k in (3, 5):
        assert values[k] == pytest.approx(truth[k]["S 2p/PS4"], rel=0.1)
