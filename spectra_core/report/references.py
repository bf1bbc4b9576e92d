"""Works cited: numbered in the order in which the report first needs them.

The tables of line shapes, backgrounds and core levels carry their sources as text; several
stand in one text, separated by semicolons. A semicolon without a blank belongs to a DOI.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from .document import Text, TextRun, plain

REPORTING = (
    "ISO 19830:2015, Surface chemical analysis - Electron spectroscopies - Minimum reporting"
    " requirements for peak fitting in X-ray photoelectron spectroscopy"
)
GOODNESS = (
    "N. Fairley et al., J. Vac. Sci. Technol. A 41, 013203 (2023)",
    "A. Wald, J. Wolfowitz, Ann. Math. Stat. 11, 147 (1940), doi:10.1214/aoms/1177731909",
)
UNCERTAINTY = "JCGM 100:2008, Guide to the expression of uncertainty in measurement"
PRIORS = "K. Cranmer et al., HistFactory, CERN-OPEN-2012-016 (2012)"
UPPER_LIMIT = (
    "G. J. Feldman, R. D. Cousins, Phys. Rev. D 57, 3873 (1998), doi:10.1103/PhysRevD.57.3873"
)
_LOOKS_PUBLISHED = re.compile(r"doi:|\(\d{4}\)|\bSRD\b|database|page", re.IGNORECASE)
DOI = re.compile(r"doi:(10\.\d{4,9}/[^\s]*[^\s.,;])")


class Bibliography:
    """Collects what is cited while a report is built."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def cite(self, *works: str) -> Text:
        """Return the numbers of works as ``[1, 3]``; empty if there is none."""
        numbers = sorted({self._numbers.setdefault(w, len(self._numbers) + 1) for w in works if w})
        if not numbers:
            return Text((), "")
        shown = f" [{', '.join(map(str, numbers))}]"
        return Text((TextRun(shown),), shown)

    @property
    def works(self) -> tuple[Text, ...]:
        """What was cited, in order."""
        return tuple(plain(work, longest=400) for work in self._numbers)


def published(text: str, *, mode: str | None = None) -> list[str]:
    """Return the works that a table row's reference names.

    Parameters
    ----------
    text : str
        Works separated by semicolons and blanks; one may begin with ``static:`` or ``active:``.
    mode : str or None
        Leave out the works of another mode.
    """
    works = []
    for part in re.split(r";\s", text):
        label, colon, rest = part.strip().partition(": ")
        if colon and label in ("static", "active"):
            if mode is not None and label != mode:
                continue
            part = rest
        work = part.strip().rstrip(".")
        if _LOOKS_PUBLISHED.search(work):
            works.append(work)
    return works


def doi_links(text: str) -> Iterable[tuple[str, str]]:
    """Yield pieces of a reference as (text, address); the address is empty for plain text."""
    place = 0
    for found in DOI.finditer(text):
        yield text[place : found.start()], ""
        yield found[0], f"https://doi.org/{found[1]}"
        place = found.end()
    yield text[place:], ""
