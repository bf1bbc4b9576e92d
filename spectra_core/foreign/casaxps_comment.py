"""The lines that CasaXPS writes into a VAMAS block comment, one by one.

``CASA region`` and ``CASA comp`` lines hold regions and components, and the lines
counted after "Casa Info Follows" the processing, of which the energy calibrations
matter here: they add up. Everything is kept as stored; what it means for a model is
the business of `casaxps`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..errors import ModelError
from ..spectrum import Calibration

FREE = -1
"""Link index of a value that is not tied."""


@dataclass(frozen=True)
class CasaValue:
    """One parameter of a CasaXPS component as stored.

    Attributes
    ----------
    value, low, high : float
        Value and bounds; positions are calibrated kinetic energies.
    link : int
        Index of the component it is tied to, or -1.
    factor : float
        Ratio to that component's value; for positions the offset in kinetic energy.
    """

    value: float
    low: float
    high: float
    link: int
    factor: float


@dataclass(frozen=True)
class CasaComponent:
    """One ``CASA comp`` line: area in counts/s eV, width and position as stored in eV."""

    name: str
    shape: str
    area: CasaValue
    width: CasaValue
    position: CasaValue
    rsf: float
    mass: float
    tag: str
    constraint: str
    line: str


@dataclass(frozen=True)
class CasaRegion:
    """One ``CASA region`` line: limits are calibrated kinetic energies, offsets percent."""

    name: str
    background: str
    start: float
    end: float
    rsf: float
    average_width: int
    start_offset: float
    end_offset: float
    parameters: tuple[float, float, float, float]
    tag: str
    line: str


@dataclass(frozen=True)
class CasaNote:
    """What was not taken over as it stands, or is uncertain.

    Attributes
    ----------
    code : str
        Short name of the kind of note.
    message : str
        One sentence.
    line : str
        The line of the comment, verbatim.
    """

    code: str
    message: str
    line: str = ""


_NUMBER = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_TEXT = r"\(\*(.*?)\*\)"
_FIVE = r"\s+".join([f"({_NUMBER})"] * 5)
_REGION = re.compile(
    rf"CASA region\s+{_TEXT}\s+{_TEXT}\s+"
    + r"\s+".join([f"({_NUMBER})"] * 10)
    + rf"(?:\s+{_TEXT})?"
)
_COMPONENT = re.compile(
    rf"CASA comp\s+{_TEXT}\s+{_TEXT}\s+Area\s+{_FIVE}\s+MFWHM\s+{_FIVE}\s+Position\s+{_FIVE}"
    rf"\s+RSF\s+({_NUMBER})\s+MASS\s+({_NUMBER})"
    rf"(?:\s+INDEX\s+{_NUMBER})?(?:\s+{_TEXT})?(?:\s+CONST\s+{_TEXT})?"
)
_SHIFT = re.compile(rf"Calib\s+M\s*=\s*({_NUMBER})\s+A\s*=\s*({_NUMBER})\s+BE\s+ADD\s*")


def parse_region(line: str) -> CasaRegion:
    """Return a ``CASA region`` line, or ModelError if it is damaged."""
    found = _REGION.match(line)
    if found is None:
        raise _damaged(line, "name, background, limits, RSF, averaging, offsets, four parameters")
    start, end, rsf, width, start_offset, end_offset, *p = map(float, found.groups()[2:12])
    return CasaRegion(
        found[1].strip(),
        found[2].strip(),
        start,
        end,
        rsf,
        int(width),
        start_offset,
        end_offset,
        (p[0], p[1], p[2], p[3]),
        found[13] or "",
        line,
    )


def parse_component(line: str) -> CasaComponent:
    """Return a ``CASA comp`` line, or ModelError if it is damaged."""
    found = _COMPONENT.match(line)
    if found is None:
        raise _damaged(line, "name, shape, Area, MFWHM and Position with five numbers each, RSF")
    groups = found.groups()
    area, width, position = (_value(groups[i : i + 5]) for i in (2, 7, 12))
    return CasaComponent(
        groups[0].strip(),
        groups[1].strip(),
        area,
        width,
        position,
        float(groups[17]),
        float(groups[18]),
        groups[19] or "",
        groups[20] or "",
        line,
    )


def _value(texts: Sequence[str]) -> CasaValue:
    value, low, high, link, factor = map(float, texts)
    return CasaValue(value, low, high, int(link), factor)


def _damaged(line: str, expected: str) -> ModelError:
    return ModelError(
        f"a CasaXPS line is damaged, expected {expected}; found '{line[:80]}'.",
        hint="Save the file again from CasaXPS.",
    )


def read_calibration(lines: Iterable[str]) -> tuple[Calibration, tuple[CasaNote, ...]]:
    """Return the energy shift that CasaXPS's processing lines add up to, and notes.

    Parameters
    ----------
    lines : iterable of str
        The lines of a block comment.

    Returns
    -------
    calibration : Calibration
        ``measured`` is where the line assigned last lies on the recorded scale.
    notes : tuple of CasaNote
        One for each processing step that is not such a shift: it is not applied.
    """
    shifts: list[tuple[float, float]] = []
    notes = []
    for line in _processing(list(lines)):
        found = _SHIFT.fullmatch(line.strip())
        if found:
            shifts.append((float(found[1]), float(found[2])))
        else:
            notes.append(_processing_note(line))
    if not shifts:
        return Calibration(), tuple(notes)
    shift = sum(assigned - measured for measured, assigned in shifts)
    last = shifts[-1][1]
    return Calibration(shift, "CasaXPS", assigned=last, measured=last - shift), tuple(notes)


def _processing(lines: list[str]) -> list[str]:
    """Return the processing lines: as many as the line after "Casa Info Follows" says."""
    heads = [i for i, line in enumerate(lines) if line.startswith("Casa Info Follows")]
    if not heads or heads[0] + 1 >= len(lines) or not lines[heads[0] + 1].strip().isdigit():
        return [line for line in lines if "Calib" in line.split(" ")[0]]
    first = heads[0] + 2
    return lines[first : first + int(lines[first - 1])]


def _processing_note(line: str) -> CasaNote:
    is_energy = line.split(" ")[0] in ("Calib", "KECalib")
    what = "energy calibration" if is_energy else "processing step"
    effect = "the energies may be off by it" if is_energy else "the intensities are as recorded"
    code = "calibration" if is_energy else "processing"
    return CasaNote(
        code, f"This {what} of CasaXPS is not understood and not applied; {effect}.", line
    )
