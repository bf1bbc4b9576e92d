"""Sentences of errors: what was not found, and what it may have been."""

from __future__ import annotations

import copy

import pytest

from spectra_core.errors import DataError, did_you_mean, nearest

KNOWN = ["PS4", "intermediate", "area", "center"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [("ps4", "PS4"), ("PS3", "PS4"), ("intermediates", "intermediate"), ("centre", "center")],
)
def test_a_misspelt_name_is_answered_with_the_one_that_was_meant(name, meant):
    assert nearest(name, KNOWN) == [meant]
    assert did_you_mean(name, KNOWN) == f'Did you mean "{meant}"?'


def test_a_name_like_no_other_is_answered_with_all_there_are():
    assert nearest("sulfate", KNOWN) == []
    assert did_you_mean("sulfate", KNOWN) == "Known: PS4, intermediate, area, center."
    assert did_you_mean("sulfate", []) == "Known: none."


def test_an_error_keeps_its_words_between_processes():
    error = DataError("the area is 3.", hint="Ask again.", where="a.vms: block 2")
    again = copy.copy(error)  # made anew as on the way from a worker process
    assert (type(again), str(again)) == (DataError, "a.vms: block 2: the area is 3. Ask again.")
