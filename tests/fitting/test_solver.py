"""The solver against scipy on bounded problems, and its honesty about failure."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

from spectra_core.errors import Cancelled
from spectra_core.fitting.solver import solve

T = np.linspace(0.0, 4.0, 60)


def decay(truth, noise=0.0, seed=0):
    """Residuals of a e^(-b t) + c, with exact derivatives; data are synthetic."""
    a, b, c = truth
    data = a * np.exp(-b * T) + c + noise * np.random.default_rng(seed).normal(size=T.size)

    def function(q):
        e = np.exp(-q[1] * T)
        jacobian = np.column_stack([e, -q[0] * T * e, np.ones_like(T)])
        return q[0] * e + q[2] - data, jacobian

    return function


WIDE = np.full(3, np.inf)


def test_an_exact_problem_is_solved_to_rounding():
    solution = solve(decay((3.0, 1.5, 0.5)), np.array([1.0, 1.0, 0.0]), -WIDE, WIDE)
    assert solution.converged
    np.testing.assert_allclose(solution.q, [3.0, 1.5, 0.5], rtol=1e-9)


@settings(max_examples=80, deadline=None)
@given(
    st.tuples(st.floats(0.5, 5), st.floats(0.3, 3), st.floats(-1, 1)),
    st.tuples(st.floats(0.2, 8), st.floats(0.1, 4), st.floats(-2, 2)),
    st.floats(0.1, 2.0),
    st.integers(0, 1000),
)
def test_bounded_minima_satisfy_the_optimality_conditions(truth, start, box, seed):
    """Gradient zero inside, pointing outwards on a bound; where scipy, started from
    there, finds nothing better."""
    function = decay(truth, noise=0.05, seed=seed)
    q0 = np.array(start)
    lower, upper = q0 - box, q0 + box
    ours = solve(function, q0, lower, upper)
    inside = np.clip(ours.q, lower + 1e-6 * box, upper - 1e-6 * box)
    oracle = least_squares(
        lambda q: function(q)[0],
        inside,
        jac=lambda q: function(q)[1],
        bounds=(lower, upper),
        xtol=1e-14,
        ftol=1e-14,
        gtol=1e-14,
    )
    assert (ours.q >= lower).all() and (ours.q <= upper).all()
    assert ours.chi_square <= 2 * oracle.cost * (1 + 1e-6) + 1e-9
    gradient = ours.jacobian.T @ ours.residual
    scale = np.linalg.norm(ours.jacobian, axis=0) * np.linalg.norm(ours.residual) + 1e-9
    assert (np.abs(gradient / scale)[~ours.held] < 1e-5).all()


def test_a_parameter_pushed_against_its_bound_is_held_there():
    upper = np.array([np.inf, 1.0, np.inf])
    solution = solve(decay((3.0, 1.5, 0.5)), np.array([1.0, 0.5, 0.0]), -WIDE, upper)
    assert solution.converged
    assert solution.q[1] == 1.0
    np.testing.assert_array_equal(solution.held, [False, True, False])


def test_too_few_iterations_are_reported_as_not_converged():
    solution = solve(
        decay((3.0, 1.5, 0.5), 0.1), np.array([1.0, 0.1, 0.0]), -WIDE, WIDE, max_iterations=2
    )
    assert not solution.converged
    assert "2 evaluations" in solution.message


def test_the_trace_records_every_evaluation_and_never_rises():
    solution = solve(decay((3.0, 1.5, 0.5), 0.1), np.array([1.0, 0.1, 0.0]), -WIDE, WIDE)
    chi_squares = [point.chi_square for point in solution.trace]
    assert len(chi_squares) > 3
    assert (np.diff(chi_squares) <= 0).all()


def test_cancelling_raises():
    with pytest.raises(Cancelled):
        solve(decay((3.0, 1.5, 0.5)), np.ones(3), -WIDE, WIDE, should_stop=lambda: True)


def test_badly_scaled_parameters_do_not_matter():
    function = decay((3.0, 1.5, 0.5), 0.1)
    scale = np.array([1e9, 1e-7, 1e3])

    def scaled(q):
        r, jacobian = function(q / scale)
        return r, jacobian / scale

    plain = solve(function, np.array([1.0, 1.0, 0.0]), -WIDE, WIDE)
    other = solve(scaled, np.array([1.0, 1.0, 0.0]) * scale, -WIDE, WIDE)
    np.testing.assert_allclose(other.q / scale, plain.q, rtol=1e-6)


def test_a_redundant_direction_does_not_stop_the_fit():
    function = decay((3.0, 1.5, 0.5), 0.1)

    def redundant(q):
        r, jacobian = function(np.array([q[0] + q[3], q[1], q[2]]))
        return r, np.column_stack([jacobian, jacobian[:, 0]])

    solution = solve(
        redundant, np.array([1.0, 1.0, 0.0, 0.5]), -np.full(4, np.inf), np.full(4, np.inf)
    )
    plain = solve(function, np.array([1.0, 1.0, 0.0]), -WIDE, WIDE)
    assert solution.chi_square == pytest.approx(plain.chi_square, rel=1e-9)


def test_inexact_derivatives_end_in_the_minimum_and_not_in_the_limit_of_evaluations():
    """Numerical derivatives leave steps that never get shorter; chi-square stands still."""
    exact = decay((3.0, 1.5, 0.5), noise=0.05)
    rng = np.random.default_rng(1)

    def function(q):
        residual, jacobian = exact(q)
        return residual, jacobian * (1.0 + 1e-5 * rng.normal(size=jacobian.shape))

    start = np.array([1.0, 1.0, 0.0])
    solution = solve(function, start, -WIDE, WIDE)
    best = solve(exact, start, -WIDE, WIDE)
    assert solution.converged, solution.message
    assert len(solution.trace) < 100
    assert solution.chi_square == pytest.approx(best.chi_square, rel=1e-7)
