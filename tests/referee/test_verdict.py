"""One word for a fit: alarms, warnings and notes are not the same."""

from __future__ import annotations

import pytest

from spectra_core.referee.context import Finding
from spectra_core.referee.rules import RULES
from spectra_core.referee.verdict import about_region, verdict_of

SEVERITY = {rule.code: rule.severity for rule in RULES}


def finding(code: str, where: str = "S 2p") -> Finding:
    return Finding(code, "a sentence.", where, severity=SEVERITY[code])


@pytest.mark.parametrize(
    ("codes", "word"),
    [
        ((), "sound"),
        (("reference_missing", "counts_unknown"), "sound"),
        (("chi_square_high",), "check"),
        (("at_bound",), "check"),
        (("residual_structure",), "check"),
        (("below_detection",), "check"),
        (("at_bound", "not_determined"), "not yet"),
    ],
)
def test_the_worst_finding_decides(codes: tuple[str, ...], word: str) -> None:
    assert verdict_of([finding(code) for code in codes]).word == word


def test_what_did_not_converge_is_not_used() -> None:
    assert verdict_of([], converged=False).text == "Not yet: it did not converge"


def test_the_reason_is_the_finding_or_how_many_there_are() -> None:
    assert verdict_of([finding("residual_structure")]).text == "Check: residuals with structure"
    several = [finding("residual_structure"), finding("at_bound"), finding("at_bound")]
    assert verdict_of(several).text == "Check: 2 remarks"


def test_a_finding_of_another_region_says_nothing_of_this_one() -> None:
    assert about_region(finding("at_bound", "S 2p/PS4/fwhm"), "S 2p", ["P 2p", "S 2p 2"])
    assert not about_region(finding("at_bound", "P 2p/PS4"), "S 2p", ["P 2p"])
    assert not about_region(finding("at_bound", "S 2p 2/PS4"), "S 2p", ["S 2p 2"])
    assert about_region(finding("reference_missing", ""), "S 2p", ["P 2p"])
