"""What is known of a component goes with it, is copied with it, and is said of it."""

from __future__ import annotations

import pytest

from spectra_core.editing.copies import copy_owner, duplicate_owner, paste_owner, remove_owner
from spectra_core.editing.edits import convert_shape, relock_doublet, rename_owner
from spectra_core.editing.words import state_of
from spectra_core.model import (
    Model,
    Prior,
    Region,
    Term,
    add_doublet,
    add_priors,
    replace_region,
    unlock,
)

SPLITTING = Prior((Term(1.0, "S 2p/A 2p1/2/center"), Term(-1.0, "S 2p/A 2p3/2/center")), 1.18, 0.01)
APART = Prior((Term(1.0, "S 2p/B/center"), Term(-1.0, "S 2p/A/center")), 1.5, 0.2)
MIX = Prior("S 2p/A/mix", 0.3, 0.15, source="Voigt")
WIDTH = Prior("S 2p/B/fwhm", 1.2, 0.1)


@pytest.fixture
def model():
    region = Region("S 2p", (158.0, 168.0))
    for name, center in (("A", 161.5), ("B", 163.0)):
        region = add_doublet(region, name, "S 2p", center=center, fwhm=1.2, area=100.0)
    region = unlock(region, "A", "center", "test")
    return add_priors(Model((region,)), (SPLITTING, APART, MIX, WIDTH))


def test_priors_go_with_what_they_speak_of(model):
    assert remove_owner(model, "S 2p", "A").priors == (WIDTH,)
    assert remove_owner(model, "S 2p", "B").priors == (SPLITTING, MIX)
    assert relock_doublet(model, "S 2p", "A").priors == (APART, MIX, WIDTH)
    assert MIX not in convert_shape(model, "S 2p", "A", "gaussian").priors
    assert len(convert_shape(model, "S 2p", "A", "gaussian").priors) == 3


def test_a_copy_takes_what_is_known_of_it_alone(model):
    pasted = paste_owner(model, "S 2p", copy_owner(model, "S 2p", "A"))
    new = [prior.subject for prior in pasted.priors[4:]]
    assert new == ["S 2p/A 2 2p1/2/center - S 2p/A 2 2p3/2/center", "S 2p/A 2/mix"]
    elsewhere = Model((Region("S 2p etched", (158.0, 168.0)),))
    carried = paste_owner(elsewhere, "S 2p etched", copy_owner(model, "S 2p", "A")).priors
    assert [(p.value, p.sd, p.source) for p in carried] == [(1.18, 0.01, ""), (0.3, 0.15, "Voigt")]
    assert all(p.terms[0].source.startswith("S 2p etched/A") for p in carried)


def test_a_second_one_beside_it_is_not_known_to_be_in_the_same_place(model):
    placed = add_priors(model, Prior("S 2p/B/center", 163.0, 0.1))
    doubled = duplicate_owner(placed, "S 2p", "B")
    assert [p.subject for p in doubled.priors[5:]] == ["S 2p/B 2/fwhm"]


def test_a_new_label_changes_nothing_that_is_known(model):
    region = model.region("S 2p")
    known = add_priors(replace_region(model, region), Prior("S 2p/A 2p3/2/fwhm", 1.1, 0.1))
    renamed = rename_owner(known, "S 2p", "A", "PS4")
    assert len(renamed.priors) == 5
    assert renamed.priors[0] == SPLITTING


def test_a_parameter_says_what_is_known_of_it(model):
    words = state_of(model, "S 2p/A/center").words
    assert "Known before: A 2p1/2 center − A 2p3/2 center = 1.18 ± 0.01." in words
    assert "B 2p3/2 center − A 2p3/2 center = 1.5 ± 0.2." in words
    assert "A 2p3/2 mix = 0.3 ± 0.15, Voigt." in state_of(model, "S 2p/A/mix").words
    assert "Known" not in state_of(model, "S 2p/B/mix").words
