"""Raman Open Database .rod: a CIF file with a loop of Raman shifts and intensities.

Values are ``_key value`` on one line, or a text between two lines that begin with ``;``. The
spectrum is the loop of ``_raman_spectrum.raman_shift`` and ``_raman_spectrum.intensity``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from ..errors import ReadError
from ..spectrum import Array, Axis, Meta, Spectrum
from .assemble import Columns, assemble
from .encodings import decode
from .keys import Keys
from .numbers import Dialect
from .options import ReadOptions

FORMAT = "ROD"
_SHIFT, _INTENSITY = "_raman_spectrum.raman_shift", "_raman_spectrum.intensity"
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


def matches(head: bytes, path: Path) -> bool:
    """Return whether the file begins as a CIF with keys of a Raman measurement."""
    return b"\ndata_" in b"\n" + head and re.search(rb"\n_(raman|rod)_", head) is not None


def read(path: Path, options: ReadOptions) -> list[Spectrum]:
    """Return the spectrum of an entry of the Raman Open Database.

    Raises
    ------
    ReadError
        If there is no loop with the spectrum, or a line of it is damaged.
    """
    lines = re.split(r"\r\n|\n|\r", decode(path.read_bytes(), options.encoding))
    values = _values(lines)
    x, y, rows = _spectrum(lines)
    keys = Keys(values, Dialect(None))
    date = values.get("_raman_measurement.datetime_initiated", "")
    maker = [values.get(f"_raman_measurement_device.{key}", "") for key in ("company", "model")]
    meta = Meta(
        sample=_name(values) or path.stem,
        technique="Raman",
        dwell_s=keys.number("_raman_measurement.integration_time"),
        laser_nm=keys.number("_raman_measurement_device.excitation_laser_wavelength"),
        instrument=" ".join(part for part in maker if part),
        date=date,
        extra={"metadata": {"values": values}},
    )
    columns = Columns(x, y, "arbitrary", countable=False, row_numbers=rows)
    return [assemble(columns, Axis.RAMAN_SHIFT, meta, replace(options, axis=None))]


def _name(values: dict[str, str]) -> str:
    names = ("_chemical_name_mineral", "_chemical_name_common", "_chemical_name_systematic")
    return next((values[n] for n in (*names, "_chemical_compound_source") if values.get(n)), "")


def _values(lines: list[str]) -> dict[str, str]:
    """Return the keys that have one value; loops are left out."""
    found: dict[str, str] = {}
    key, text = "", None
    for line in lines:
        if text is not None:  # between two semicolons
            if line.startswith(";"):
                found[key], text = " ".join(text.split()), None
            else:
                text += f"\n{line}"
        elif line.startswith(";") and key:
            text = line[1:]
        elif match := re.match(r"(_\S+)(?:\s+(.*))?$", line):
            key, value = match[1], (match[2] or "").strip().strip("'\"")
            if value and value not in "?.":
                found[key] = value
        elif line.strip():
            key = ""
    return found


def _spectrum(lines: list[str]) -> tuple[Array, Array, np.ndarray[tuple[int], np.dtype[np.int_]]]:
    heads = [line.strip() for line in lines]
    if _SHIFT not in heads or _INTENSITY not in heads:
        raise ReadError(
            "the CIF file has no loop of a Raman spectrum.",
            hint="Entries of the database that hold only a structure have none.",
        )
    first = heads.index(_SHIFT)
    while first > 0 and heads[first - 1].startswith("_"):
        first -= 1
    names: list[str] = []
    while first + len(names) < len(heads) and heads[first + len(names)].startswith("_"):
        names.append(heads[first + len(names)])
    rows, numbers = [], []
    for k in range(first + len(names), len(lines)):
        words = heads[k].split()
        if not words or heads[k].startswith(("_", "#", "loop_", "data_")):
            break
        if len(words) != len(names) or not all(_NUMBER.fullmatch(word) for word in words):
            raise ReadError(
                f"holds {heads[k][:60]!r} where {len(names)} numbers belong.",
                hint="Fetch the entry again.",
                where=f"row {k + 1}",
            )
        rows.append([float(word) for word in words])
        numbers.append(k + 1)
    table = np.array(rows).reshape(-1, len(names))
    x, y = table[:, names.index(_SHIFT)], table[:, names.index(_INTENSITY)]
    return np.ascontiguousarray(x), np.ascontiguousarray(y), np.array(numbers, dtype=int)
