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
from .vocabulary import says, says_only

_AXIS_PATTERNS: tuple[tuple[Axis, str], ...] = (
    (Axis.BINDING_ENERGY, r"(?<![A-Za-z])B\.?E\.?(?![A-Za-z])|^be$"),
    (Axis.KINETIC_ENERGY, r"(?<![A-Za-z])K\.?E\.?(?![A-Za-z])|^ke$"),
    (Axis.WAVELENGTH, r"(?<!\d\s)(?<![a-z0-9.])nm(?![a-z])|(?i:(?<![a-z])nanomet)"),
    (
        Axis.RAMAN_SHIFT,
        r"(?i:(?<![a-z])wave(?![a-z]))"
        r"|(?<!\d\s)(?<![A-Za-z0-9])cm\s*\^?[({]?\s*(-|\u2212|⁻)\s*[1¹]|cm¹|(?<![\d.])1\s*/\s*(?i:cm)(?![a-z])",
    ),
)
_AXIS_CONCEPTS = (
    ("binding", Axis.BINDING_ENERGY),
    ("kinetic", Axis.KINETIC_ENERGY),
    ("wavelength", Axis.WAVELENGTH),
    ("raman", Axis.RAMAN_SHIFT),
)
_FERMI = r"E[\s_]*\{?(?:F|f|Fermi|fermi)\}?(?![A-Za-z])"
_ABOVE_FERMI = re.compile(
    rf"(?<![A-Za-z])E(?:_?B|_?K)?\s*[-−–]\s*{_FERMI}|(?i:(?:relative|rel\.?|respect|above|vs\.?)"
    r"[\s\w.]{0,12}(?:fermi|(?<![a-z])e_?f(?![a-z])))"
)
_BELOW_FERMI = re.compile(
    rf"(?<![A-Za-z]){_FERMI}\s*[-−–]\s*E(?![A-Za-z])|(?i:below[\s\w]{{0,8}}fermi)"
)
_PHOTON_AXIS = re.compile(r"^\s*PE\b(?!\s*[:=])|(?i:^\s*photon\s+energy)")
_CPS = re.compile(
    r"(?i:(?<![a-z])[km]?cps(?![a-z])"
    r"|(?<![a-z])[km]?c(oun)?ts?\s*(/|\.|\bper\b|_per_)\s*(s|sec|second)s?\b"
    r"|(?<![a-z])[km]?c\s*/\s*s\b|counts\s*s\s*\^?[-⁻][1¹]|counts_per_second)"
)
_INTENSITY = re.compile(r"(?i:intens|signal|amplitude|absorbance|transmittance)")
_COUNTS = re.compile(r"(?i:(?<![a-z])(?:k|kilo|mega)?(counts?|cts?|cnts?)(?![a-z]))")
_SIGMA = re.compile(
    r"(?i:(?<![a-z])(sigmas?|std|stdev|std\. ?dev|[xy]?_?err|errors?|[xy]_?error|errorbars?|stderr"
    r"|uncertainty|uncert|unc|variance|var|rmse?|upper|lower|limits?|bounds?|y_?min|y_?max)(?![a-z])"
    r"|confidence|standard ?dev)|(?<![A-Za-z])(dy|SD|SE|SEM|s\.d|s\.e)(?![A-Za-z])|[σ±]"
)
_TRANSMISSION = re.compile(r"(?i:transmission)")
_FIT = re.compile(
    r"(?i:back\s*g(rou)?nd|(?<![a-z])bkg|(?<![a-z])bg(?![a-z])|baseline|envelope|residual"
    r"|component|(?<![a-z])fit(ted)?(?![a-z])|calculated|corrected|smoothed|(?<![a-z])peak\s*\d)"
)
_ASIDE = re.compile(r"(?i:\W*(dark|reference|blank|white)\W*\d*)")
_INDEX = re.compile(
    r"\W*((?i:index|idx|nos?|nrs?|num|number|points?|pts?|channels?|pixels?|px|rows?"
    r"|row[ ._]?names?|id|s\.? ?no|s\.? ?nr?|sl\.? ?no|sr\.? ?no|serial( ?no)?|lfd\.? ?nr"
    r"|unnamed: ?\d+)"
    r"|i|n|[Nn][°ºo]|№|#)\W*\d*"
)
_UNIT_CELL = re.compile(
    r"(?i:\W*([km]?ev|[km]?эв|nm|нм|cm\W*-?\W*1|(rel\.? ?)?1/cm|counts?|cts?|ccd cts|[km]?cps"
    r"|counts? ?/ ?s.*|c/s|a\.? ?u\.?|arb.*unit.*|s|k|mm|µm|um|%|任意单位|отн.*ед.*)\W*)"
)
RAMAN_LIMIT_CM1 = 6000.0
"""Beyond it a wavenumber is an absolute one (a luminescence spectrum), not a shift."""


def axis_of_words(text: str) -> Axis | None:
    """Return the one axis that `text` names; None if it names none or several."""
    found = {axis for axis, pattern in _AXIS_PATTERNS if re.search(pattern, text.strip())}
    found |= {axis for concept, axis in _AXIS_CONCEPTS if says(text, concept)}
    if not found and (_ABOVE_FERMI.search(text) or _BELOW_FERMI.search(text)):
        found = {Axis.BINDING_ENERGY}
    return found.pop() if len(found) == 1 else None


def is_above_fermi(text: str) -> bool:
    """Return whether a heading names energies counted up from the Fermi level, as ``E-EF``."""
    return bool(_ABOVE_FERMI.search(text))


def is_photon_energy(text: str) -> bool:
    """Return whether a column heading names a photon energy (an absorption spectrum)."""
    return bool(_PHOTON_AXIS.search(text)) or says(text, "photon")


def y_unit_of_words(text: str) -> str | None:
    """Return ``"counts/s"`` or ``"counts"`` if `text` says so, else None."""
    counts = _COUNTS.search(text) or says(text, "counts")
    if _CPS.search(text) or says(text, "rate") or (counts and says(text, "per second")):
        return "counts/s"
    return "counts" if counts else None


def role_of_words(text: str) -> str:
    """Return the part a column plays.

    Returns
    -------
    role : str
        ``"axis"``, ``"intensity"``, ``"fit"``, ``"sigma"``, ``"transmission"``,
        ``"aside"`` (a dark or reference spectrum beside the measurement) or ``"index"``.
    """
    if is_index(text):
        return "index"
    if _ASIDE.fullmatch(text):
        return "aside"
    if _FIT.search(text) or says(text, "background") or says(text, "fit"):
        return "fit"
    if _TRANSMISSION.search(text) or says(text, "transmission"):
        return "transmission"
    if is_error(text):
        return "sigma"
    if _INTENSITY.search(text) or says(text, "intensity"):
        return "intensity"
    is_axis = axis_of_words(text) is not None or is_photon_energy(text)
    if y_unit_of_words(text) is None and (is_axis or _names_an_axis(text)):
        return "axis"
    return "intensity"


def is_index(text: str) -> bool:
    """Return whether a heading is that of a column that counts the rows."""
    return bool(_INDEX.fullmatch(text)) or says_only(text, "index")


def is_error(text: str) -> bool:
    """Return whether a heading is that of standard deviations, variances or limits."""
    return bool(_SIGMA.search(text)) or says(text, "error")


def is_raw(text: str) -> bool:
    """Return whether a heading says that the numbers are as measured."""
    return bool(re.search(r"(?i)(?<![a-z])raw(?![a-z])", text)) or says(text, "raw")


def _names_an_axis(text: str) -> bool:
    return says(text, "energy") or text.strip().casefold() == "x"


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
