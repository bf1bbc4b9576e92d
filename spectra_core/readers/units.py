"""Units with prefixes and powers of ten: ``keV``, ``kcps``, ``counts x 10^3``, ``100 ms``.

Everything inside Doublet is in eV, cm-1, nm, s, counts and counts/s. A unit that cannot
be converted without doubt gives None, and the caller asks or says so; it is never
passed over, because then a number is wrong by its factor.
"""

from __future__ import annotations

import re

import numpy as np

from ..spectrum import Array, Axis

CM1_PER_EV = 8065.543937
CM1_PER_THZ = 33.35640952

_ENERGIES = {"eV": 1.0, "keV": 1e3, "meV": 1e-3, "эВ": 1.0, "кэВ": 1e3, "мэВ": 1e-3}
_LENGTHS = {"nm": 1.0, "µm": 1e3, "um": 1e3, "micron": 1e3, "Å": 0.1, "pm": 1e-3, "нм": 1.0}
_LENGTHS |= {"мкм": 1e3, "Angstrom": 0.1, "angstrom": 0.1, "mm": 1e6}
_TIMES = {"s": 1.0, "sec": 1.0, "seconds": 1.0, "second": 1.0, "ms": 1e-3, "msec": 1e-3}
_TIMES |= {"milliseconds": 1e-3, "µs": 1e-6, "us": 1e-6, "min": 60.0, "minutes": 60.0, "h": 3600.0}
_TIMES |= {"с": 1.0, "мс": 1e-3, "秒": 1.0, "毫秒": 1e-3, "ミリ秒": 1e-3, "초": 1.0}
FAMILIES = {"energy": _ENERGIES, "length": _LENGTHS, "time": _TIMES}
"""Units of each kind of quantity, and what they are in eV, nm and s."""

_WORD = r"(?<![A-Za-zµА-Яа-я\d])(?<!\d\s){}(?![A-Za-z0-9А-Яа-я])"
_CM1 = re.compile(
    r"(?<![A-Za-z0-9])(cm|m)\s*\^?[({]?\s*[-−⁻]\s*[1¹]|(?<![\d.])1\s*/\s*(cm|m)(?![A-Za-z])|cm¹"
)
_THZ = re.compile(_WORD.format("THz"))
_FOREIGN = re.compile(r"[(\[/]\s*(J|Ha|hartree|Ry|rydberg|K|Hz|GHz|MHz|MeV|GeV)\s*[)\]]?\s*$", re.I)


def _canonical(text: str) -> str:
    """Return text with one micro sign, one angstrom sign and usual case of eV."""
    text = text.replace("μ", "µ").replace("\u212b", "Å")
    text = re.sub(r"(?<![A-Za-z])([Kk])[Ee][Vv](?![A-Za-z])", "keV", text)
    return re.sub(r"(?<![A-Za-z])[Ee][Vv](?![A-Za-z])", "eV", text)


def unit_factor(text: str, family: str) -> float | None:
    """Return the factor of the one unit of a family in `text`; None if there is none.

    Parameters
    ----------
    text : str
        E.g. ``"Photon energy (keV)"``.
    family : {"energy", "length", "time"}
        The factor leads to eV, nm or s.
    """
    text = _canonical(text)
    found = {
        factor
        for unit, factor in FAMILIES[family].items()
        if re.search(_WORD.format(re.escape(unit)), text)
    }
    return found.pop() if len(found) == 1 else None


def axis_factor(text: str, axis: Axis | None) -> float | None:
    """Return what turns an abscissa with this heading into the unit of `axis`.

    Parameters
    ----------
    text : str
        Heading of the column with its unit, e.g. ``"Binding Energy (keV)"``.
    axis : Axis or None
        What the abscissa is; None if that is not known yet.

    Returns
    -------
    factor : float or None
        1 where the heading names no unit; None where it names one that does not
        belong to the axis or is not known.
    """
    if _is_foreign(text):
        return None
    energy, length = unit_factor(text, "energy"), unit_factor(text, "length")
    wavenumber, frequency = _wavenumber(text), bool(_THZ.search(text))
    if axis is None or axis is Axis.UNKNOWN or axis.is_energy:
        other = wavenumber is not None or length is not None or frequency
        return energy if energy is not None else (None if other and axis else 1.0)
    if axis is Axis.WAVELENGTH:
        return length if length is not None else (None if energy or wavenumber else 1.0)
    if wavenumber is not None or not (energy or length or frequency):
        return wavenumber or 1.0
    if frequency:
        return CM1_PER_THZ
    return energy * CM1_PER_EV if energy else None


def _is_foreign(text: str) -> bool:
    match = _FOREIGN.search(text)
    return match is not None and match[1] != "meV" and not re.fullmatch("keV", match[1], re.I)


def _wavenumber(text: str) -> float | None:
    match = _CM1.search(text)
    if not match:
        return None
    return 0.01 if "m" in (match[1], match[2]) else 1.0


_THOUSANDS = re.compile(
    r"(?:(?<![a-z])(?:thousands?|tsd\.?|miles|milhares|migliaia|milliers|kilo)(?![a-z])|тыс\.?|千)",
    re.I,
)
_MILLIONS = re.compile(r"(?:(?<![a-z])(?:millions?|mio\.?|mega)(?![a-z])|млн\.?|百万)", re.I)
_TEN_THOUSANDS = re.compile(r"万|萬|만")
_PREFIX = re.compile(r"(?<![A-Za-z])([kKMGm])[ -]?(?:cps|c/s|[Cc]ounts?|[Cc]ts|[Cc]nts?|имп)")
_POWER = re.compile(
    r"(?<![\d.A-WYZa-wyz_])10\s*(?:\^|\*\*)\s*[({]?\s*([-+−]?\d{1,2})"
    r"|(?<![\d.A-WYZa-wyz_])10\s*([⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)"
    r"|(?<![\w.])1(?:\.0*)?\s*[eE]\s*([-+−]?\d{1,2})(?!\d)"
    r"|[x×✕*·]\s*10([1-9])(?!\d)"
)
_UNSURE_POWER = re.compile(r"(?<![\w.])10\s*[eE]\s*[-+]?\d")
"""``10E3``: ten thousand to a computer, a thousand to its user."""
_ROUND = re.compile(
    r"[x×✕*]\s*(1000000|100000|10000|1000)(?!\d)"
    r"|[/÷]\s*(1000000|100000|10000|1000)\s*(?=[)\]]|$)"
    r"|[(\[]\s*(1000000|100000|10000|1000)\s*(?=cps|c/s|counts?|cts|имп)",
    re.IGNORECASE,
)
_SUPERSCRIPT = str.maketrans("⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹−", "-+0123456789-")
_PREFIXES = {"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9}


def intensity_factor(text: str) -> float | None:
    """Return what turns an ordinate with this heading into its unit without prefix.

    Parameters
    ----------
    text : str
        Heading of the column, e.g. ``"Intensity (10^3 cps)"`` or ``"kcounts"``.

    Returns
    -------
    factor : float or None
        1 where the heading names none; None where it cannot be told: ``counts x 10^-3``
        may be either way round, and thousandths of counts are not counted.
    """
    factors = [*_prefix_factors(text), *_power_factors(text)]
    if any(factor is None or factor < 1.0 for factor in factors):
        return None
    return float(np.prod([factor for factor in factors if factor is not None]))


def _prefix_factors(text: str) -> list[float | None]:
    found: list[float | None] = [_PREFIXES.get(m[1]) for m in _PREFIX.finditer(text)]
    for pattern, factor in ((_THOUSANDS, 1e3), (_MILLIONS, 1e6), (_TEN_THOUSANDS, 1e4)):
        if pattern.search(text):
            found.append(factor)
    return found


def _power_factors(text: str) -> list[float | None]:
    found: list[float | None] = [None] if _UNSURE_POWER.search(text) else []
    for match in _POWER.finditer(text):
        exponent = next(group for group in match.groups() if group)
        found.append(10.0 ** int(exponent.translate(_SUPERSCRIPT)))
    if not found:
        numbers = (next(filter(None, match.groups())) for match in _ROUND.finditer(text))
        found += [float(number) for number in numbers]
    return found


def scaled(values: Array, factor: float) -> Array:
    """Return values times a unit's factor, without the dust of binary fractions."""
    if factor == 1.0:
        return values
    return np.asarray(np.round(values * factor, 9))
