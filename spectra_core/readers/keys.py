"""The keys of a heading: dwell time, photon energy, scans; with their signs and units.

The decimal sign of the numbers below holds for the keys above. A key that cannot be
read loses nothing but itself: it is named in ``meta.extra["unread_keys"]``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from .numbers import Dialect, plain_signs
from .units import unit_factor

UNREAD = "unread_keys"
_NUMBER = r"[-+−]?(?:\d[\d.,'’]*\d|\d|[.,]\d+)(?:[eE][-+]?\d+)?"
_UNIT = r"(?:[kmµu]?eV|[kK]?[eE][vV]|[mµu]?s(?:ec)?|msec|min|h|nm|µm|um|Å|эВ|кэВ|мс|с)(?![A-Za-z])"
_LEADING = re.compile(rf"\s*({_NUMBER})\s*({_UNIT})?(?=$|[\s;,:)\]/%])")


@dataclass
class Keys:
    """Keys and texts of a heading, and what of them could not be read as numbers.

    Attributes
    ----------
    values : mapping of str to str
    dialect : Dialect
        Of the numbers below the heading.
    unread : dict of str to str
        Filled by `number`.
    """

    values: Mapping[str, str]
    dialect: Dialect
    unread: dict[str, str] = field(default_factory=dict)

    def text(self, *keys: str) -> str:
        """Return the text of the first of `keys` that is filled; empty if none is."""
        return next((text for key in keys if (text := self.values.get(key, ""))), "")

    def number(self, key: str, family: str = "", *, positive: bool = True) -> float | None:
        """Return the number of a key in our unit; None if there is none.

        Parameters
        ----------
        key : str
        family : {"energy", "length", "time", ""}
            What it is a quantity of: a unit beside the number, or else in the key,
            converts it to eV, nm or s.
        positive : bool
            Whether zero and less mean "not recorded".
        """
        text = self.values.get(key, "").strip()
        value = read_quantity(text, self.dialect, family, key)
        if value is None:
            if text and text != "-":
                self.unread[key] = text
            return None
        return value if value > 0 or not positive else None

    @property
    def notes(self) -> dict[str, str]:
        """What could not be read, for ``meta.extra``; empty if everything could."""
        return unread_note(self.unread)


def unread_note(unread: Mapping[str, str]) -> dict[str, str]:
    """Return the note on keys that could not be read, as an entry of ``meta.extra``."""
    if not unread:
        return {}
    return {UNREAD: ", ".join(f"{key}: {text!r}" for key, text in unread.items())}


def read_quantity(text: str, dialect: Dialect, family: str = "", key: str = "") -> float | None:
    """Return the number at the beginning of `text` in eV, nm or s; None if it is none."""
    match = _LEADING.match(plain_signs(text))
    value = dialect.key_number(match[1]) if match else None
    if value is None or not match:
        return None
    if not family:
        return value
    factor = unit_factor(match[2], family) if match[2] else unit_factor(key, family)
    if match[2] and factor is None:
        return None
    return float(f"{value * (factor or 1.0):.12g}")


# --------------------------------------------------------------------------------------
# keys anywhere in the lines of a heading

_SEPARATOR = r"\s*[:=,;\t]+\s*"
_WORDS: tuple[tuple[str, str, str], ...] = (
    (
        "excitation_energy_ev",
        r"(?:photon|excitation|characteristic|x-?ray)[ _]?energy|photonenenergie|anregungsenergie"
        r"|光子能量|光子エネルギー|光源能量",
        "energy",
    ),
    ("excitation_energy_ev", r"(?<![a-z])h[vν](?![a-z])", "energy"),
    ("pass_energy_ev", r"(?<![a-z])pe(?![a-z])|pass[ _]?energ(?:y|ie)|通能", "energy"),
    ("dwell_s", r"dwell(?:[ _-]?time)?|integration[ _]?times?|exposure(?:[ _]?time)?", "time"),
    (
        "scans",
        r"(?:(?:number|no\.?) of )?(?:scans|sweeps|accumulations)|average[ _]number"
        r"|num(?:ber)?[ _]?scans",
        "",
    ),
    ("laser_nm", r"laser[ _]?wave ?length|laser|excitation wavelength", "length"),
)


def find_keys(lines: list[str], dialect: Dialect) -> tuple[dict[str, float], dict[str, str]]:
    """Return fields of `Meta` that statements in `lines` give, and those not readable.

    Parameters
    ----------
    lines : list of str
        E.g. ``Photon energy: 1.4866 keV`` or ``Dwell time (ms) = 100``.
    dialect : Dialect
        Of the numbers below.
    """
    found: dict[str, float] = {}
    unread: dict[str, str] = {}
    for name, words, family in _WORDS:
        pattern = re.compile(
            rf"({words})[ _]*([(\[]?[ ]*{_UNIT}[ ]*[)\]]?)?(?:{_SEPARATOR}|\s+(?=\d))([^\n\t;]*)",
            re.IGNORECASE,
        )
        for line in lines:
            match = pattern.search(line)
            if match is None or name in found:
                continue
            value = read_quantity(match[3], dialect, family, match[2] or "")
            if value is not None and value > 0:
                found[name] = value
            elif value is None and re.match(r"\s*[-+]?[.,]?\d", match[3]):
                unread[match[1]] = match[3].strip()[:60]
    return found, {key: text for key, text in unread.items() if text}
