"""Pulls, gains and impacts against scipy, which fits the same sums of squares by itself.

Synthetic data: two overlapping lines of scipy's Voigt profile on a slope, standard deviations
given. A prior is one more residual there, as it is a prior here.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
import pytest
from scipy.optimize import least_squares
from scipy.special import voigt_profile

from spectra_core.errors import Cancelled, FitError
from spectra_core.fitting import evaluate, fit
from spectra_core.model import (
    Background,
    Model,
    Parameter,
    Prior,
    Region,
    Term,
    add_component,
    add_links,
    add_priors,
    set_parameter,
    share,
)
from spectra_core.spectrum import Axis, make_spectrum
from spectra_core.uncertainty.pulls import freed, pulls_of
from spectra_core.uncertainty.quantities import AreaRatio

X = np.linspace(158.0, 168.0, 201)
NAMES = ("a center", "b center", "a area", "b area", "width", "level", "slope")
TRUTH = np.array([162.0, 163.1, 900.0, 400.0, 1.2, 100.0, 2.0])
SHARE = 0.3  # of Lorentz, held
ENGINES = ["numba", "numpy"]


@pytest.fixture(params=ENGINES)
def engine(request, monkeypatch):
    if request.param == "numba":
        pytest.importorskip("numba", reason="the compiled engine needs numba")
    monkeypatch.setenv("DOUBLET_ENGINE", request.param)
    return request.param


def line(center, area, gauss, lorentz):
    return area * voigt_profile(X - center, gauss / 2.3548200450309493, lorentz / 2)


def curve(q):
    a, b, area_a, area_b, gauss, level, slope = q
    lines = line(a, area_a, gauss, SHARE) + line(b, area_b, gauss, SHARE)
    return lines + level + slope * (X - X.mean())


def spectrum(seed):
    rng = np.random.default_rng(seed)
    expected = curve(TRUTH)
    return make_spectrum(
        X, rng.normal(expected, np.sqrt(expected)), Axis.BINDING_ENERGY, sigma=np.sqrt(expected)
    )


@dataclass(frozen=True)
class Known:
    """One prior in both languages: of the model, and as a function of the numbers."""

    prior: Prior
    of: object
    value: float
    sd: float


def known(terms, of, value, sd):
    return Known(Prior(terms, value, sd, source="made up for this test"), of, value, sd)


APART = (Term(1.0, "r/b/center"), Term(-1.0, "r/a/center"))
TIED = (Term(1.0, "r/b/area"), Term(-0.5, "r/a/area"))
KNOWN = (
    known("r/a/center", lambda q: q[0], 161.97, 0.02),
    known(APART, lambda q: q[1] - q[0], 1.3, 0.05),
    known(TIED, lambda q: q[3] - 0.5 * q[2], 0.0, 40.0),
    known("r/a/fwhm_gauss", lambda q: q[4], 1.3, 0.05),
)


def model_with(priors):
    region = Region("r", (158.0, 168.0), Background("linear"))
    for name, center, area in (("a", 162.0, 900.0), ("b", 163.1, 400.0)):
        parameters = {
            "center": (center, center - 1.0, center + 1.0),
            "area": Parameter(area, 0.0),
            "fwhm_gauss": (1.2, 0.3, 3.0),
            "fwhm_lorentz": Parameter(SHARE, free=False),
        }
        region = add_component(region, name, "voigt_two_widths", **parameters)
    model = add_links(Model((region,)), share(["r/a/fwhm_gauss", "r/b/fwhm_gauss"]))
    return add_priors(model, tuple(k.prior for k in priors))


def squares(data, priors):
    """Return numbers, sum of squares and covariance as scipy finds them."""

    def residual(u):
        q = u * TRUTH
        rows = [(k.of(q) - k.value) / k.sd for k in priors]
        return np.concatenate([(curve(q) - data.y) / data.sigma, rows])

    found = least_squares(residual, np.ones(7), jac="3-point", xtol=1e-15, ftol=1e-15, gtol=1e-15)
    covariance = np.linalg.inv(found.jac.T @ found.jac) * np.outer(TRUTH, TRUTH)
    return found.x * TRUTH, 2.0 * found.cost, covariance


def error_of(of, q, covariance):
    step = 1e-6 * TRUTH
    gradient = np.array([(of(q + e) - of(q - e)) / (2 * e.sum()) for e in np.diag(step)])
    return sqrt(gradient @ covariance @ gradient)


def test_a_freed_prior_gains_what_scipy_gains_and_says_what_the_rest_says(engine):
    data = spectrum(1)
    result = fit(data, model_with(KNOWN))
    _, least, _ = squares(data, KNOWN)
    found = freed(result)
    assert len(found) == len(KNOWN)
    for i, one in enumerate(found):
        others = [k for j, k in enumerate(KNOWN) if j != i]
        q, without, covariance = squares(data, others)
        assert one.known.prior is result.model.priors[i]
        assert one.gain == pytest.approx(least - without, rel=1e-3, abs=1e-5)
        error = error_of(KNOWN[i].of, q, covariance)
        assert one.value == pytest.approx(KNOWN[i].of(q), rel=0, abs=2e-3 * error)
        assert one.stderr == pytest.approx(error, rel=0.03)
    assert max(one.gain for one in found) > 4.0  # the priors are wrong enough to be seen


def test_two_priors_that_share_a_misfit_are_each_pulled_little_and_gain_much():
    """A tie off by a quarter beside a second word for the same thing: neither pull says it."""
    data = spectrum(2)
    tie = known(TIED, lambda q: q[3] - 0.5 * q[2], 0.0, 15.0)
    same = known("r/b/area", lambda q: q[3], 470.0, 8.0)
    result = fit(data, model_with((tie, same)))
    found = freed(result)
    _, least, _ = squares(data, (tie, same))
    for i, other in enumerate((same, tie)):
        _, without, _ = squares(data, (other,))
        assert found[i].gain == pytest.approx(least - without, rel=1e-3)
        assert found[i].gain > found[i].known.pull ** 2


def test_only_the_priors_that_are_asked_for_are_freed():
    result = fit(spectrum(1), model_with(KNOWN))
    every, chosen = freed(result), freed(result, [2, 0])
    assert [one.known.prior for one in chosen] == [KNOWN[2].prior, KNOWN[0].prior]
    assert [one.gain for one in chosen] == [every[2].gain, every[0].gain]


def test_freeing_needs_a_fit_and_can_be_cancelled():
    data, model = spectrum(1), model_with(KNOWN)
    assert freed(fit(data, model_with(()))) == ()
    with pytest.raises(FitError, match="not fitted"):
        freed(evaluate(data, fit(data, model).model))
    with pytest.raises(Cancelled):
        freed(fit(data, model), should_stop=lambda: True)


# --- pulls and impacts ---

RATIO = AreaRatio(("r/b/area",), ("r/a/area",))
# Where each prior of KNOWN is held: which number gives way, and what it then is.
HOLDING = (
    (0, lambda q, value: value),
    (1, lambda q, value: q[0] + value),
    (3, lambda q, value: 0.5 * q[2] + value),
    (4, lambda q, value: value),
)


def ratio_with_one_held(data, i, value):
    """Return b over a as scipy finds it with what one prior is about held, all else free."""
    place, of_the_others = HOLDING[i]
    others = [k for j, k in enumerate(KNOWN) if j != i]
    free = [j for j in range(7) if j != place]

    def whole(u):
        q = np.array(TRUTH)
        q[free] = u * TRUTH[free]
        q[place] = of_the_others(q, value)
        return q

    def residual(u):
        q = whole(u)
        rows = [(k.of(q) - k.value) / k.sd for k in others]
        return np.concatenate([(curve(q) - data.y) / data.sigma, rows])

    found = least_squares(residual, np.ones(6), jac="3-point", xtol=1e-15, ftol=1e-15, gtol=1e-15)
    q = whole(found.x)
    return q[3] / q[2]


def test_an_impact_is_what_scipy_finds_with_the_nuisance_held(engine):
    data = spectrum(1)
    result = fit(data, model_with(KNOWN))
    q, _, covariance = squares(data, KNOWN)
    found = pulls_of(result, [RATIO], ["b / a"])
    assert found.values[0] == pytest.approx(q[3] / q[2], rel=1e-5)
    places = {k.prior.formula: i for i, k in enumerate(KNOWN)}
    for impact in found.impacts[0]:
        i = places[impact.pull.prior]
        middle, error = KNOWN[i].of(q), error_of(KNOWN[i].of, q, covariance)
        up, down = (ratio_with_one_held(data, i, middle + s * error) for s in (1, -1))
        assert impact.up == pytest.approx(up - found.values[0], rel=0.01, abs=2e-6)
        assert impact.down == pytest.approx(down - found.values[0], rel=0.01, abs=2e-6)
    sizes = [impact.size for impact in found.impacts[0]]
    assert sizes == sorted(sizes, reverse=True) and sizes[0] > 2 * sizes[-1]


def test_pull_and_narrowing_are_those_of_the_posterior_and_a_tie_speaks_of_its_factor():
    data = spectrum(1)
    q, _, covariance = squares(data, KNOWN)
    found = pulls_of(fit(data, model_with(KNOWN)), [], [])
    for pull, k in zip(found.pulls, KNOWN, strict=True):
        assert pull.pull == pytest.approx((k.of(q) - k.value) / k.sd, rel=1e-4, abs=1e-4)
        assert pull.narrowing == pytest.approx(error_of(k.of, q, covariance) / k.sd, rel=1e-3)
    tie = found.pulls[2]
    assert tie.value == 0.5 and tie.unit == ""
    assert tie.fitted == pytest.approx(q[3] / q[2], rel=1e-5)
    assert tie.sd == pytest.approx(40.0 / q[2], rel=1e-5)


def test_normalised_pulls_of_repeated_measurements_are_standard_normal():
    """Counts and centres of the priors drawn again, 80 times; a raw pull is narrower."""
    rng, raw, normal = np.random.default_rng(11), [], []
    for seed in range(80):
        drawn = [known(k.prior.terms, k.of, rng.normal(k.of(TRUTH), k.sd), k.sd) for k in KNOWN[:2]]
        found = pulls_of(fit(spectrum(seed + 100), model_with(drawn)), [], [])
        raw.append([pull.pull for pull in found.pulls])
        normal.append([pull.normalised for pull in found.pulls])
    assert np.std(normal, axis=0) == pytest.approx(np.ones(2), abs=0.2)
    assert np.mean(normal, axis=0) == pytest.approx(np.zeros(2), abs=0.35)
    assert (np.std(raw, axis=0) < np.std(normal, axis=0)).all()


def test_a_nuisance_on_its_bound_has_the_interval_of_the_likelihood():
    """The width's prior wants 0.9, the bound says 1.1: chi-square rises by 1 on the free side."""
    data = spectrum(3)
    width = known("r/a/fwhm_gauss", lambda q: q[4], 0.9, 0.01)
    model = set_parameter(model_with((width,)), "r/a/fwhm_gauss", value=1.2, min=1.1)
    model = set_parameter(model, "r/b/fwhm_gauss", value=1.2, min=1.1)
    result = fit(data, model)
    (pull,) = pulls_of(result, [RATIO], ["b / a"]).pulls
    assert pull.at_bound and pull.normalised is None
    assert pull.fitted == pytest.approx(1.1) and pull.low == pytest.approx(1.1)
    free = [0, 1, 2, 3, 5, 6]

    def least(value):
        def residual(u):
            q = np.array(TRUTH)
            q[free] = u * TRUTH[free]
            q[4] = value
            rows = [(value - 0.9) / 0.01]
            return np.concatenate([(curve(q) - data.y) / data.sigma, rows])

        return 2.0 * least_squares(residual, np.ones(6), xtol=1e-15, ftol=1e-15, gtol=1e-15).cost

    assert least(pull.high) - least(1.1) == pytest.approx(1.0, rel=0.02)
