"""Links and priors typed by hand: what is meant, what is refused, and that fits obey."""

from __future__ import annotations

import numpy as np
import pytest

from spectra_core.editing.edits import link, unlink, value_of
from spectra_core.editing.priors import own_prior, remove_prior, set_prior
from spectra_core.editing.typed import typed_link
from spectra_core.editing.words import priors_by_path, priors_on
from spectra_core.errors import ModelError
from spectra_core.fitting import fit
from spectra_core.model import Model, Region, add_doublet
from spectra_core.spectrum import Axis, make_spectrum

TARGET = "S 2p/bridge/fwhm"


def model() -> Model:
    sulfur = Region("S 2p", (157.0, 168.0))
    for name, species, center in (
        ("PS4", "PS4(3-)", 161.4),
        ("bridge", "P-S-P", 162.9),
        ("Li2S", "S(2-)", 160.1),
    ):
        sulfur = add_doublet(
            sulfur, name, "S 2p", label=species, species=species, area=900, center=center, fwhm=1.2
        )
    phosphorus = add_doublet(
        Region("P 2p", (128.0, 136.0)), "PS4", "P 2p", area=200, center=131.9, fwhm=1.3
    )
    return Model((sulfur, phosphorus))


@pytest.mark.parametrize(
    ("text", "source", "times", "offset"),
    [
        ("= PS4", "S 2p/PS4/fwhm", 1.0, 0.0),
        ("PS4", "S 2p/PS4/fwhm", 1.0, 0.0),
        ("=ps₄³⁻", "S 2p/PS4/fwhm", 1.0, 0.0),
        ("0.5 * PS4", "S 2p/PS4/fwhm", 0.5, 0.0),
        ("= 0,5 × PS4", "S 2p/PS4/fwhm", 0.5, 0.0),
        ("2*Li2S", "S 2p/Li2S/fwhm", 2.0, 0.0),
        ("S(2-) + 0.1", "S 2p/Li2S/fwhm", 1.0, 0.1),
        ("S(2-) − 0.1", "S 2p/Li2S/fwhm", 1.0, -0.1),
        ("= P 2p PS4", "P 2p/PS4/fwhm", 1.0, 0.0),
        ("P 2p/PS4", "P 2p/PS4/fwhm", 1.0, 0.0),
        ("1.1 * PS4 FWHM", "S 2p/PS4/fwhm", 1.1, 0.0),
    ],
)
def test_what_is_typed_is_the_link_that_is_meant(
    text: str, source: str, times: float, offset: float
) -> None:
    made = typed_link(model(), TARGET, text)
    assert made.target == TARGET
    assert [(term.source, term.times) for term in made.terms] == [(source, times)]
    assert made.offset == pytest.approx(offset)
    given = value_of(model(), source)
    assert given is not None
    assert value_of(link(model(), made), TARGET) == pytest.approx(times * given + offset)


def test_a_name_with_signs_is_no_sum() -> None:
    made = typed_link(model(), "S 2p/PS4/center", "= P-S-P - 1.5")
    assert made.terms[0].source == "S 2p/bridge/center"
    assert made.offset == pytest.approx(-1.5)


@pytest.mark.parametrize("text", ["sulfate", "= ", "0 * PS4", "P-S-P", "bridge"])
def test_what_is_not_there_is_refused_in_words(text: str) -> None:
    with pytest.raises(ModelError):
        typed_link(model(), TARGET, text)


def test_the_refusal_names_what_can_be_typed() -> None:
    with pytest.raises(ModelError, match=r"PS4\(3-\), S\(2-\)"):
        typed_link(model(), TARGET, "sulfate")


def test_a_typed_link_can_be_taken_off() -> None:
    made = link(model(), typed_link(model(), TARGET, "= PS4"))
    assert unlink(made, TARGET).links == ()


def test_a_typed_prior_draws_a_fit_by_its_weight() -> None:
    # Two measurements of one centre: the mean, weighted by both errors.
    x = np.arange(157.0, 168.0, 0.05)
    lines = ((161.4, 1.0), (162.58, 0.5))
    clean = sum(a * np.exp(-4 * np.log(2) * ((x - c) / 1.2) ** 2) for c, a in lines)
    y = np.random.default_rng(4).poisson(200 + 400 * np.asarray(clean))
    spectrum = make_spectrum(x, y.astype(float), Axis.BINDING_ENERGY, y_unit="counts")
    region = add_doublet(
        Region("S 2p", (157.2, 167.8)), "PS4", "S 2p", area=700, center=161.4, fwhm=1.2
    )
    free, path = Model((region,)), "S 2p/PS4/center"
    plain = fit(spectrum, free)
    error = plain.stderr(path)
    assert error is not None
    drawn = fit(spectrum, set_prior(free, path, plain.value(path) + 4 * error, error))
    assert drawn.value(path) == pytest.approx(plain.value(path) + 2 * error, abs=0.1 * error)
    assert drawn.stderr(path) == pytest.approx(error / 2**0.5, rel=0.05)


def test_a_prior_is_changed_in_its_place_and_taken_away() -> None:
    once = set_prior(model(), "S 2p/PS4/center", 161.7, 0.1, source="consensus")
    twice = set_prior(once, "S 2p/PS4 2p3/2/center", 161.8, 0.2)
    found = own_prior(twice, "S 2p/PS4/center")
    assert found is not None
    assert (found.value, found.sd) == (161.8, 0.2)
    assert found.source == "consensus, changed by hand"
    assert len(twice.priors) == 1
    assert remove_prior(twice, "S 2p/PS4/center").priors == ()
    with pytest.raises(ModelError):
        remove_prior(model(), "S 2p/PS4/center")
    with pytest.raises(ModelError, match="above zero"):
        set_prior(model(), "S 2p/PS4/center", 161.7, 0.0)


def test_priors_by_path_are_those_that_each_parameter_has() -> None:
    known = set_prior(model(), "S 2p/PS4/center", 161.7, 0.1)
    known = set_prior(known, "S 2p/bridge/area", 900.0, 50.0)
    found = priors_by_path(known)
    for region in known.regions:
        for component in region.components:
            for name in component.parameters:
                path = f"{region.name}/{component.id}/{name}"
                assert found.get(path, ()) == priors_on(known, path)
    assert sorted(found) == [
        "S 2p/PS4 2p3/2/center",
        "S 2p/bridge 2p1/2/area",
        "S 2p/bridge 2p3/2/area",
    ]
