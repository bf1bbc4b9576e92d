"""Films simulated with a forward model of their own: the interval holds the true thickness."""

from __future__ import annotations

import numpy as np
import pytest

from spectra_core.errors import DataError
from spectra_core.quantify.overlayer import overlayer_thickness


def simulated(generator, thickness, *, counts, length, pure, angle=0.0):
    """Counts of film and substrate for nuisances drawn from their priors."""
    true_length = length * (1.0 + 0.10 * generator.standard_normal())
    true_pure = pure * (1.0 + 0.10 * generator.standard_normal())
    escape = true_length * np.cos(np.radians(angle))
    film = counts * true_pure * (1.0 - np.exp(-thickness / escape))
    substrate = counts * np.exp(-thickness / escape)
    return generator.poisson(film), generator.poisson(substrate)


@pytest.mark.parametrize("thickness", [1.0, 3.0, 6.0])
def test_the_interval_holds_in_95_of_100_films(thickness):
    generator = np.random.default_rng(3)
    held, n = 0, 2000
    for _ in range(n):
        film, substrate = simulated(generator, thickness, counts=2e4, length=3.0, pure=0.7)
        found = overlayer_thickness(
            film,
            substrate,
            0.7,
            film_length_nm=3.0,
            substrate_length_nm=3.0,
            film_sd=np.sqrt(film),
            substrate_sd=np.sqrt(substrate),
        )
        held += found.interval[0] <= thickness <= found.interval[1]
    assert 0.93 <= held / n <= 0.97


def test_two_lengths_and_an_angle_are_solved_exactly():
    lengths, angle, thickness = (3.2, 2.5), 45.0, 4.0
    slant = np.cos(np.radians(angle))
    film = 1.3 * (1.0 - np.exp(-thickness / (lengths[0] * slant)))
    substrate = np.exp(-thickness / (lengths[1] * slant))
    found = overlayer_thickness(
        film,
        substrate,
        1.3,
        film_length_nm=lengths[0],
        substrate_length_nm=lengths[1],
        angle_deg=angle,
    )
    assert found.value == pytest.approx(thickness, rel=1e-9)
    shell = overlayer_thickness(
        film, substrate, 1.3, film_length_nm=3.2, substrate_length_nm=2.5, angle_deg=45, shape=0.67
    )
    assert shell.value == pytest.approx(0.67 * thickness, rel=1e-9)


def test_the_errors_are_those_of_moved_inputs():
    film, substrate = 900.0, 400.0
    lengths = {"film_length_nm": 3.0, "substrate_length_nm": 2.6}
    found = overlayer_thickness(
        film, substrate, 1.0, film_sd=30.0, substrate_sd=20.0, correlation=-0.5, **lengths
    )

    def at(change=(0.0, 0.0), scale=1.0, pure=1.0):
        moved = {key: scale * value for key, value in lengths.items()}
        return overlayer_thickness(film + change[0], substrate + change[1], pure, **moved).value

    h = 1e-4
    slopes = np.array([at((h, 0)) - at((-h, 0)), at((0, h)) - at((0, -h))]) / (2 * h)
    covariance = np.array([[900.0, -300.0], [-300.0, 400.0]])
    assert found.budget["counting"] == pytest.approx(
        np.sqrt(slopes @ covariance @ slopes), rel=1e-5
    )
    assert found.budget["length"] == pytest.approx(
        0.1 * (at(scale=1 + h) - at(scale=1 - h)) / (2 * h), rel=1e-5
    )
    assert found.budget["reference"] == pytest.approx(
        0.1 * abs(at(pure=1 + h) - at(pure=1 - h)) / (2 * h), rel=1e-5
    )


def test_beyond_three_lengths_there_is_a_limit_only():
    thick = overlayer_thickness(
        1e5, 100.0, 1.0, film_length_nm=3.0, substrate_length_nm=3.0, substrate_sd=10.0
    )
    assert thick.value is None
    assert thick.interval[1] == np.inf
    assert "three attenuation lengths (9.0 nm)" in thick.note
    unseen = overlayer_thickness(
        1e5, 5.0, 1.0, film_length_nm=3.0, substrate_length_nm=3.0, substrate_sd=10.0
    )
    assert unseen.value is None
    assert 5.0 < unseen.lower_limit <= 9.0


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"film": 0.0}, "no film was measured"),
        ({"angle_deg": 75.0}, "75 degrees is not from 0 to 60"),
        ({"pure_ratio": -1.0}, "must be above 0"),
        ({"shape": 1.5}, "shape factor of 1.5"),
        ({"substrate": 0.0}, "not even a limit"),
    ],
)
def test_what_makes_no_sense_is_said(changed, words):
    values = {
        "film": 1.0,
        "substrate": 1.0,
        "pure_ratio": 1.0,
        "film_length_nm": 3.0,
        "substrate_length_nm": 3.0,
    }
    with pytest.raises(DataError, match=words):
        overlayer_thickness(**(values | changed))
