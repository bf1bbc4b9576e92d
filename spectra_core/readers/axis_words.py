"""What the words of a heading say: axis, unit, and the part a column plays.

Abbreviations are matched with their case, because "Be 1s" is beryllium and "BE"
is binding energy. Where words are missing, one context is taken as evidence: a
core level named in the title, its tabulated binding energy inside the range,
*and* a descending axis. Two of the three are not enough: a synchrotron spectrum
of Au 4f at 180 eV has kinetic energies that could be binding energies.
"""

from __future__ import annotations

import re

from ..core_levels import core_levels, level_in
from ..spectrum import Array, Axis

_AXIS_PATTERNS: tuple[tuple[Axis, str], ...] = (
    (Axis.BINDING_ENERGY, r"(?<![A-Za-z])B\.?E\.?(?![A-Za-z])|^be$|(?i:binding|bindungs|liaison)"),
    (Axis.KINETIC_ENERGY, r"(?<![A-Za-z])K\.?E\.?(?![A-Za-z])|^ke$|(?i:kinetic|kinetisch)"),
    (Axis.WAVELENGTH, r"(?i:wave\s*length|(?<!\d\s)(?<![a-z0-9.])nm(?![a-z])|(?<![a-z])nanomet)"),
    (
        Axis.RAMAN_SHIFT,
        r"(?i:raman|wave\s*number|(?<![a-z])wave(?![a-z]))"
        r"|(?<!\d\s)(?<![A-Za-z0-9])cm\s*\^?[({]?\s*(-|\u2212|⁻)\s*[1¹]|cm¹|(?<![\d.])1\s*/\s*(?i:cm)(?![a-z])",
    ),
)
_PHOTON_AXIS = re.compile(r"^\s*PE\b(?!\s*[:=])|(?i:^\s*photon\s+energy)")
_CPS = re.compile(
    r"(?i:(?<![a-z])cps(?![a-z])|(?<![a-z])c(oun)?ts?\s*(/|\.|\bper\b|_per_)\s*(s|sec|second)s?\b"
    r"|counts\s*s\s*\^?-1|counts_per_second)"
)
_INTENSITY = re.compile(r"(?i:intens|signal|amplitude|absorbance|transmittance)")
_COUNTS = re.compile(r"(?i:(?<![a-z])(counts?|cts?|cnts?)(?![a-z]))")
_SIGMA = re.compile(
    r"(?i:(?<![a-z])(sigma|std|stdev|std\. ?dev|error|stderr|uncertainty)(?![a-z]))"
)
_TRANSMISSION = re.compile(r"(?i:transmission)")
_FIT = re.compile(
    r"(?i:back\s*g(rou)?nd|(?<![a-z])bkg|(?<![a-z])bg(?![a-z])|baseline|envelope|residual"
    r"|component|(?<![a-z])fit(ted)?(?![a-z])|calculated|corrected|smoothed|(?<![a-z])peak\s*\d)"
)
_INDEX = re.compile(r"\W*((?i:index|no|nr|number|points?|channel)|i|n)\W*")
_UNIT_CELL = re.compile(
    r"(?i:\W*(ev|nm|cm\W*-?\W*1|(rel\.? ?)?1/cm|counts?|cts?|ccd cts|cps|counts? ?/ ?s.*|c/s"
    r"|a\.? ?u\.?|arb.*unit.*|s|k|mm|µm|um)\W*)"
)
RAMAN_LIMIT_CM1 = 6000.0
"""Beyond it a wavenumber is an absolute one (a luminescence spectrum), not a shift."""


def axis_of_words(text: str) -> Axis | None:
    """Return the one axis that `text` names; None if it names none or several."""
    found = {axis for axis, pattern in _AXIS_PATTERNS if re.search(pattern, text.strip())}
    return found.pop() if len(found) == 1 else None


def is_photon_energy(text: str) -> bool:
    """Return whether a column heading names a photon energy (an absorption spectrum)."""
    return bool(_PHOTON_AXIS.search(text))


def y_unit_of_words(text: str) -> str | None:
    """Return ``"counts/s"`` or ``"counts"`` if `text` says so, else None."""
    if _CPS.search(text):
        return "counts/s"
    return "counts" if _COUNTS.search(text) else None


def role_of_words(text: str) -> str:
    """Return the part a column plays: axis, intensity, fit, sigma, transmission or index."""
    if _INDEX.fullmatch(text):
        return "index"
    if _FIT.search(text):
        return "fit"
    if _TRANSMISSION.search(text):
        return "transmission"
    if _SIGMA.search(text):
        return "sigma"
    if _INTENSITY.search(text):
        return "intensity"
    is_axis = axis_of_words(text) is not None or is_photon_energy(text)
    if y_unit_of_words(text) is None and (is_axis or re.fullmatch(r"(?i)energy.*", text)):
        return "axis"
    return "intensity"


def is_unit(cell: str) -> bool:
    """Return whether a cell of a heading is nothing but a unit."""
    return bool(_UNIT_CELL.fullmatch(cell))


def axis_of_context(text: str, x: Array) -> Axis | None:
    """Return the binding energy axis where title, range and direction all say so.

    Parameters
    ----------
    text : str
        Title and file name.
    x : ndarray, shape (N,)
        Abscissa in the order of the file.
    """
    level = core_levels().get(level_in(text))
    if level is None or x[0] <= x[-1]:
        return None
    inside = x[-1] + 1 < level.nominal_ev < x[0] - 1
    return Axis.BINDING_ENERGY if inside and x[0] - x[-1] < 200 else None
