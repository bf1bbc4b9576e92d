"""One word for a fit: sound, to be checked, or not to be used yet; and why.

The word follows from the referee's findings alone. An alarm, or a fit that did not converge, is
"not yet"; a warning, or a chi-square beyond the noise, is "check"; notes leave a fit sound.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..fitting import FitWarning
from .rules import RULES

SOUND, CHECK, NOT_YET = "sound", "check", "not yet"
SERIOUS = frozenset({"chi_square_high"})
"""Notes that ask for a look all the same."""
_TITLES = {rule.code: rule.title for rule in RULES}


@dataclass(frozen=True)
class Verdict:
    """What a referee would say of a fit before reading on.

    Attributes
    ----------
    word : {"sound", "check", "not yet"}
    reason : str
        The finding behind it, or how many there are; empty for a sound fit.
    findings : tuple of FitWarning
        Those behind it, the worst first.
    """

    word: str
    reason: str = ""
    findings: tuple[FitWarning, ...] = ()

    @property
    def text(self) -> str:
        """Word and reason, e.g. ``Check: residuals with structure``."""
        word = self.word.capitalize()
        return f"{word}: {self.reason}" if self.reason else word


def verdict_of(findings: Iterable[FitWarning], *, converged: bool = True) -> Verdict:
    """Return the verdict on a fit, or on the part of it that the findings are about.

    Parameters
    ----------
    findings : iterable of FitWarning
    converged : bool
    """
    found = tuple(findings)
    alarms = tuple(f for f in found if getattr(f, "severity", "note") == "alarm")
    warnings = tuple(f for f in found if asks_for_a_look(f))
    if alarms or not converged:
        return Verdict(NOT_YET, _reason(alarms) or "it did not converge", alarms + warnings)
    if warnings:
        return Verdict(CHECK, _reason(warnings), warnings)
    return Verdict(SOUND)


def about_region(finding: FitWarning, name: str, others: Iterable[str]) -> bool:
    """Return whether a finding is about a region, or about the whole fit."""
    where = finding.where
    if where == name or where.startswith(f"{name}/"):
        return True
    return not any(where == other or where.startswith(f"{other}/") for other in others)


def asks_for_a_look(finding: FitWarning) -> bool:
    """Return whether a finding is more than a note: then the fit it is about is not sound."""
    severity = getattr(finding, "severity", "note")
    return severity in ("alarm", "warning") or finding.code in SERIOUS


def _reason(findings: tuple[FitWarning, ...]) -> str:
    codes = list(dict.fromkeys(finding.code for finding in findings))
    if len(codes) == 1:
        title = _TITLES.get(codes[0], codes[0].replace("_", " "))
        return title[:1].lower() + title[1:]
    return f"{len(codes)} remarks" if codes else ""
