"""What a user may have to say about a file that leaves it open.

A column of numbers from 192 to 205 may be a kinetic or a binding energy, and no
cleverness decides it. Such a choice is an option here, offered by the command
line under the same name, and never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ReadError
from ..spectrum import Axis

AXES = {
    "binding": Axis.BINDING_ENERGY,
    "kinetic": Axis.KINETIC_ENERGY,
    "raman": Axis.RAMAN_SHIFT,
    "wavelength": Axis.WAVELENGTH,
}
"""Word of the option ``--axis`` and the axis it means."""

Y_UNITS = ("counts", "counts/s", "arbitrary")
DELIMITERS = {"tab": "\t", "comma": ",", "semicolon": ";", "space": " "}


@dataclass(frozen=True)
class ReadOptions:
    """Answers to what a file leaves open; None means "as the file says".

    Attributes
    ----------
    axis : {"binding", "kinetic", "raman", "wavelength"} or None
        What the abscissa of a text file or workbook is. Formats that always record
        it (VAMAS, SPECS, Scienta, CasaXPS...) keep their own.
    photon_energy_ev : float or None
        Photon energy in eV.
    y_unit : {"counts", "counts/s", "arbitrary"} or None
        Unit of the ordinate of a text file or workbook.
    dwell_s, scans : float or None
        Seconds per channel of one scan, and the number of scans added up, of a text
        file or workbook.
    dead_time_s : float or None
        Dead time of the detector, seconds per count.
    delimiter : str or None
        ``"tab"``, ``"comma"``, ``"semicolon"``, ``"space"`` or the character itself.
    decimal : {".", ","} or None
        Decimal sign.
    x_column, y_column : int, str or None
        Column number (from 1) or heading.
    sheet : str or None
        Read only this sheet of a workbook.
    encoding : str or None
        Text encoding, e.g. ``"cp1252"``.
    sample, region : str or None
        Names to give to what is read.
    allow_unknown_axis : bool
        Return spectra with ``Axis.UNKNOWN`` instead of asking; for listing only.

    Raises
    ------
    ReadError
        If a value is not one of those named here.
    """

    axis: str | None = None
    photon_energy_ev: float | None = None
    y_unit: str | None = None
    dwell_s: float | None = None
    scans: float | None = None
    dead_time_s: float | None = None
    delimiter: str | None = None
    decimal: str | None = None
    x_column: int | str | None = None
    y_column: int | str | None = None
    sheet: str | None = None
    encoding: str | None = None
    sample: str | None = None
    region: str | None = None
    allow_unknown_axis: bool = False

    def __post_init__(self) -> None:
        _check_word("axis", self.axis, tuple(AXES))
        _check_word("y-unit", self.y_unit, Y_UNITS)
        _check_word("decimal", self.decimal, (".", ","))
        if self.delimiter is not None and self.delimiter not in DELIMITERS:
            _check_character(self.delimiter)
        for name in ("photon_energy_ev", "dwell_s", "scans", "dead_time_s"):
            _check_positive(name, getattr(self, name))

    @property
    def delimiter_character(self) -> str | None:
        """The delimiter as a character; None if it is to be found out."""
        if self.delimiter is None:
            return None
        return DELIMITERS.get(self.delimiter, self.delimiter)


def _check_word(name: str, value: str | None, allowed: tuple[str, ...]) -> None:
    if value is not None and value not in allowed:
        raise ReadError(
            f"the option --{name} has the value {value!r}.",
            hint=f"Give one of: {', '.join(allowed)}.",
        )


def _check_character(delimiter: str) -> None:
    if len(delimiter) != 1 or delimiter.isalnum():
        raise ReadError(
            f"the option --delimiter has the value {delimiter!r}.",
            hint=f"Give one character, or one of: {', '.join(DELIMITERS)}.",
        )


def _check_positive(name: str, value: float | None) -> None:
    if value is not None and not 0 < value < float("inf"):
        raise ReadError(f"the option {name} must be a positive number, found {value}.")
