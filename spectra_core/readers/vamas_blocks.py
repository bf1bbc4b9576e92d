"""The grammar of a VAMAS file: lines, header, blocks (ISO 14976).

A VAMAS file is a list of lines without names: what a line means follows from the
lines before it. A header is followed by blocks, one per spectrum, and a block is
forty items in a fixed order, of which some exist only in some experiment modes or
techniques and, after the first block, only if the header's inclusion list names
them. `BLOCK_ITEMS` is that order as a table. What the values mean for a spectrum is
the business of `vamas.py`.

References
----------
.. [1] ISO 14976:1998; W. A. Dench, L. B. Hazell, M. P. Seah, Surf. Interface
   Anal. 13, 63 (1988). doi:10.1002/sia.740130202
"""

from __future__ import annotations

import re
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from math import inf, isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ReadError
from ..spectrum import Array, read_only

FIRST_LINE = "VAMAS Surface Chemical Analysis Standard Data Transfer Format 1988 May 4"
LAST_LINE = "end of experiment"
NOT_RECORDED = 1e37

Values = dict[str, Any]


def is_first_line(text: str) -> bool:
    """Return whether `text` is the line with which every VAMAS file begins."""
    words = " ".join(text.split()).casefold()
    return words.startswith("vamas surface chemical analysis standard data transfer format")


def plain_text(data: bytes) -> tuple[bytes, str]:
    """Return text with plain line ends, and its encoding: Latin-1 if it is no UTF-8 or UTF-16."""
    encoding = "utf-8"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        data = data.decode("utf-16", "replace").encode()
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not _is_utf8(data):
        encoding = "latin-1"
    while b"\r\n" in data:
        data = data.replace(b"\r\n", b"\n")
    return data.replace(b"\r", b"\n"), encoding


_PIECE = 2**24


def _is_utf8(data: bytes) -> bool:
    """Return whether bytes are UTF-8, without a copy of all of them as text."""
    decoder = getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(data), _PIECE):
            decoder.decode(data[at : at + _PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


# --------------------------------------------------------------------------------------
# lines


class Lines:
    """The lines of a file and the place reached; every failure names the line.

    The file is held as its bytes and the places of its lines: a text of each line would take
    many times that.

    Attributes
    ----------
    name : str
        Of the file, for messages.
    experiment : int
        Which of the experiments in the file, from 1.
    block : str
        The block that is read, for messages.
    open_numbers : list of str
        The numbers read last, if the last of them has no line end: it may be cut.
    """

    def __init__(self, data: bytes, name: str) -> None:
        self._data, self._encoding = plain_text(data)
        self._ends = _line_ends(self._data)
        end = int(self._ends[-1]) + 1 if self._ends.size else 0
        self._cut_line = self._decoded(end, len(self._data))  # without a line end: it may be cut
        self._next = 0
        self.name = name
        self.experiment = 1
        self.block = ""
        self.open_numbers: list[str] = []

    def _decoded(self, start: int, end: int) -> str:
        return self._data[start:end].decode(self._encoding, "replace")

    def _start(self, number: int) -> int:
        return int(self._ends[number - 1]) + 1 if number else 0

    def _line(self, number: int) -> str:
        return self._decoded(self._start(number), int(self._ends[number]))

    def error(self, message: str, *, line: int | None = None, hint: str = "") -> ReadError:
        """Return an error at `line` (counted from 1; the last one read if None)."""
        place = f"line {self._next if line is None else line}"
        parts = [self.name, self.block, place] if self.block else [self.name, place]
        return ReadError(message, hint=hint, where=", ".join(parts))

    def text(self, what: str) -> str:
        """Return the next line verbatim."""
        if self._next >= len(self._ends):
            raise self._ended(what)
        self._next += 1
        return self._line(self._next - 1)

    def _ended(self, what: str) -> ReadError:
        self._next = len(self._ends)
        found = f" (cut off after '{short(self._cut_line)}')" if self._cut_line.strip() else ""
        return self.error(
            f"the file ends where {what} was expected{found}.",
            line=self._next + 1,
            hint="It is truncated: copy or export it again.",
        )

    def label(self, what: str) -> str:
        """Return the next line without control characters and outer blanks."""
        return clean(self.text(what))

    def number(self, what: str) -> float | None:
        """Return the next line as a number; None if it says "not recorded"."""
        value = self._finite(what)
        return None if abs(value) >= 0.99 * NOT_RECORDED else value

    def _finite(self, what: str) -> float:
        line = self.text(what)
        value = _to_float(line)
        if value is None:
            raise self._not_a_number(line, what)
        return value

    def _not_a_number(self, line: str, what: str) -> ReadError:
        return self.error(
            f"{what} should be a number, found '{short(line)}'.",
            hint="The lines before may be too many or too few for what they declare.",
        )

    def integer(self, what: str, *, minimum: float = -inf) -> int:
        """Return the next line as a whole number, not less than `minimum`."""
        line = self.text(what)
        value = _to_float(line)
        if value is None or value != round(value) or abs(value) > 2**53:
            raise self.error(f"{what} should be a whole number, found '{short(line)}'.")
        if value < minimum:
            raise self.error(f"{what} should be {minimum:g} or more, found {value:g}.")
        return int(value)

    def count(self, what: str) -> int:
        """Return a number of following entries; never more than there are lines."""
        n_entries = self.integer(f"the number of {what}", minimum=0)
        left = len(self._ends) - self._next
        if n_entries > left:
            raise self.error(
                f"the number of {what} is {n_entries}, but only {left} lines follow.",
                hint="The file is truncated, or this line is not what it should be.",
            )
        return n_entries

    def numbers(self, n_values: int, what: str) -> Array:
        """Return the next `n_values` lines as finite numbers."""
        last = min(self._next + n_values, len(self._ends))
        values, found = np.empty(min(n_values, last - self._next + 1)), 0
        while self._next < last:
            number = min(self._next + _MANY, last)
            start, end = self._start(self._next), int(self._ends[number - 1])
            piece = self._piece(self._data[start:end], found, n_values, what)
            values[found : found + len(piece)] = piece
            found += len(piece)
            self._next = number
        if found == n_values - 1 and (cut := _to_float(self._cut_line)) is not None:
            values[found], found = cut, n_values
            kept = [self._line(k) for k in range(max(last - _LOOKED_AT, last - n_values + 1), last)]
            self.open_numbers, self._cut_line = [*kept, self._cut_line.strip()], ""
        if found < n_values:
            raise self._ended(f"{what} {found + 1} of {n_values}")
        return read_only(values)

    def _piece(self, data: bytes, before: int, n_values: int, what: str) -> list[float]:
        """Return the numbers of some lines, the first of which is the next one."""
        lines = data.split(b"\n")
        if not data.translate(None, _PLAIN):
            with suppress(ValueError):
                found = list(map(float, lines))
                if np.isfinite(found).all():
                    return found
        values = []
        for i, raw in enumerate(lines):
            line = raw.decode(self._encoding, "replace")
            value = _to_float(line)
            if value is None:
                self._next += i + 1
                raise self._not_a_number(line, f"{what} {before + i + 1} of {n_values}")
            values.append(value)
        return values

    def cut_number(self, number: str, what: str) -> ReadError:
        """Return the error for a number of which the end of the file cut off a part."""
        self._cut_line = number
        return self._ended(what)

    def skip_to_experiment(self) -> bool:
        """Go on to the next line that begins a VAMAS file; tell whether there is one."""
        for i in range(self._next, len(self._ends)):
            start = self._start(i)
            if self._data[start : start + 80].lstrip()[:1] in (b"v", b"V") and is_first_line(
                self._line(i)
            ):
                self._next = i
                self.experiment += 1
                return True
        return False

    def ahead(self) -> str:
        """Return the next line without reading it; empty at the end of the file."""
        return self._line(self._next) if self._next < len(self._ends) else self._cut_line

    def rest(self) -> tuple[list[str], int]:
        """Return the first two of the non-blank lines that were not read, and their number."""
        first: list[str] = []
        count = 0
        for i in range(self._next, len(self._ends) + 1):
            line = self._line(i) if i < len(self._ends) else self._cut_line
            if line.strip(" \t\0\x1a"):
                count += 1
                first += [line] if count <= 2 else []
        return first, count


_MANY = 50_000
_LOOKED_AT = 600
_PLAIN = b"0123456789.+-eE \t\n"
"""What stands in plain decimal numbers."""


def _line_ends(data: bytes) -> NDArray[np.uint64]:
    """Return the places of all line ends."""
    kind = np.uint32 if len(data) < 2**32 else np.uint64
    pieces = []
    for at in range(0, len(data), _PIECE):
        piece = np.frombuffer(data[at : at + _PIECE], np.uint8)
        pieces.append((np.flatnonzero(piece == ord("\n")) + at).astype(kind))
    return np.concatenate(pieces) if pieces else np.zeros(0, kind)


def _to_float(line: str) -> float | None:
    """Return a plain decimal number, or None for anything else (NaN included)."""
    text = line.strip(" \t\0")
    if "_" in text or not text.isascii():  # Python would read 1_000, and digits of all scripts
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if isfinite(value) else None


@lru_cache(maxsize=4096)  # the blocks of a file say the same again and again
def clean(text: str) -> str:
    """Return one line: control characters become blanks, NULs and outer blanks go."""
    return re.sub(r"[\x00-\x1f\x7f]+", " ", text.replace("\0", "")).strip()


def short(text: str) -> str:
    """Return `text` cut for a message."""
    text = clean(text)
    return text if len(text) <= 40 else text[:40] + "..."


# --------------------------------------------------------------------------------------
# header


@dataclass(frozen=True)
class Header:
    """What the lines before the first block say of all blocks."""

    texts: Values
    mode: str
    scan: str
    variables: tuple[tuple[str, str], ...]
    items: frozenset[int]
    n_upgrade: int
    n_blocks: int


EXPERIMENT_MODES = ("MAP", "MAPDP", "MAPSV", "MAPSVDP", "NORM", "SDP", "SDPSV", "SEM", "NOEXP")
SCAN_MODES = ("REGULAR", "IRREGULAR", "MAPPING")
_WITH_REGIONS = frozenset({"MAP", "MAPDP", "NORM", "SDP"})
_MAPS = frozenset({"MAP", "MAPDP"})
_IMAGES = frozenset({"MAPSV", "MAPSVDP", "SEM"})
SPUTTER_MODES = frozenset({"MAPDP", "MAPSVDP", "SDP", "SDPSV"})
_ION_TECHNIQUES = frozenset(
    {"FABMS", "FABMS ENERGY SPEC", "ISS", "SIMS", "SIMS ENERGY SPEC", "SNMS", "SNMS ENERGY SPEC"}
)
_SPUTTER_TECHNIQUES = frozenset({"AES DIFF", "AES DIR", "EDX", "ELS", "UPS", "XPS", "XRF"})


def read_header(lines: Lines) -> Header:
    """Return the header and leave `lines` at the first block.

    Raises
    ------
    ReadError
        If the first line is not that of a VAMAS file, or a header line is wrong.
    """
    while not lines.ahead().strip() and lines.rest()[1]:
        lines.text("the first line")
    if not is_first_line(lines.ahead()):
        raise lines.error(
            f"not a VAMAS file: the first line should be '{FIRST_LINE}',"
            f" found '{short(lines.ahead())}'.",
            line=1,
        )
    lines.text("the first line")
    names = ("institution", "instrument", "operator", "experiment")
    texts: Values = {name: lines.label(f"the {name} identifier") for name in names}
    texts["file_comment"] = _read_texts(lines, "experiment comment lines")
    mode = _choice(lines, "the experiment mode", EXPERIMENT_MODES)
    scan = _choice(lines, "the scan mode", SCAN_MODES)
    if mode in _WITH_REGIONS:
        texts["spectral_regions"] = lines.number("the number of spectral regions")
    if mode in _MAPS:
        for name in ("analysis_positions", "map_columns", "map_rows"):
            texts[name] = lines.number(f"the number of {name.replace('_', ' ')}")
    variables = _read_labels(lines, "experimental variables")
    items = _read_inclusion_list(lines)
    texts["manual_items"] = _read_texts(lines, "manually entered items")
    n_experiment = lines.count("future upgrade experiment entries")
    n_upgrade = lines.count("future upgrade block entries")
    texts["upgrade"] = "\n".join(lines.text("an upgrade entry") for _ in range(n_experiment))
    n_blocks = lines.integer("the number of blocks", minimum=1)
    return Header(texts, mode, scan, variables, items, n_upgrade, n_blocks)


def _choice(lines: Lines, what: str, known: tuple[str, ...]) -> str:
    found = lines.label(what).upper()
    if found not in known:
        raise lines.error(
            f"{what} should be one of {', '.join(known)}, found '{short(found)}'.",
            hint="The number of comment lines before it may be wrong.",
        )
    return found


def _read_texts(lines: Lines, what: str) -> str:
    return "\n".join(lines.text(f"one of the {what}") for _ in range(lines.count(what)))


def _read_labels(lines: Lines, what: str) -> tuple[tuple[str, str], ...]:
    n_entries = lines.count(what)
    return tuple(
        (lines.label(f"a label of the {what}"), lines.label(f"a unit of the {what}"))
        for _ in range(n_entries)
    )


def _read_inclusion_list(lines: Lines) -> frozenset[int]:
    """Return the items that blocks after the first hold: all but a negative list's."""
    what = "the number of entries in the parameter inclusion or exclusion list"
    n_entries = lines.integer(what)
    if abs(n_entries) > len(BLOCK_ITEMS):
        raise lines.error(f"{what} is {n_entries}; there are {len(BLOCK_ITEMS)} parameters.")
    listed = {lines.integer("a listed parameter's number") for _ in range(abs(n_entries))}
    everything = frozenset(item.number for item in BLOCK_ITEMS)
    if not listed <= everything:
        wrong = min(listed - everything)
        raise lines.error(f"a listed parameter should be 1 to {len(everything)}, found {wrong}.")
    return frozenset(listed) if n_entries > 0 else everything - listed


# --------------------------------------------------------------------------------------
# blocks


@dataclass(frozen=True)
class BlockItem:
    """One item of a block: its number in the standard, how to read it, and when.

    Attributes
    ----------
    number : int
        Number by which an inclusion list names it.
    fields : tuple of str
        Names of its lines; a name in `TEXT_FIELDS` is text, any other a number.
    modes, techniques, scans : frozenset of str or None
        Where the item exists; None means everywhere.
    either : bool
        Whether `modes` *or* `techniques` is enough (else both must hold).
    special : callable or None
        Reads the item instead of `fields`.
    """

    number: int
    fields: tuple[str, ...] = ()
    modes: frozenset[str] | None = None
    techniques: frozenset[str] | None = None
    scans: frozenset[str] | None = None
    either: bool = False
    special: Callable[[Lines, Header], Values] | None = None

    def exists(self, header: Header, technique: str) -> bool:
        """Whether a block of this mode and technique holds the item."""
        in_mode = self.modes is None or header.mode in self.modes
        of_technique = self.techniques is None or technique.upper() in self.techniques
        by_kind = (in_mode or of_technique) if self.either else (in_mode and of_technique)
        return by_kind and (self.scans is None or header.scan in self.scans)

    def read(self, lines: Lines, header: Header) -> Values:
        """Return the item's values by name."""
        if self.special is not None:
            return self.special(lines, header)
        return {
            name: lines.label(words) if name in TEXT_FIELDS else lines.number(words)
            for name in self.fields
            for words in (_in_words(name),)
        }


@cache
def _in_words(name: str) -> str:
    """Return a field's name for a message, e.g. ``the pass energy (ev)``."""
    return "the " + re.sub(r"_(ev|um|deg|v|na|s)$", r" (\1)", name).replace("_", " ")


def _read_comment(lines: Lines, header: Header) -> Values:
    return {"comment": _read_texts(lines, "block comment lines")}


def _read_variables(lines: Lines, header: Header) -> Values:
    return {"variables": [lines.number(f"the value of '{name}'") for name, _ in header.variables]}


def _read_ordinate_labels(lines: Lines, header: Header) -> Values:
    what = "corresponding variables"
    labels = _read_labels(lines, what)
    least = 2 if header.scan == "IRREGULAR" else 1
    if len(labels) < least:
        raise lines.error(f"the number of {what} should be {least} or more, found {len(labels)}.")
    return {"ordinates": labels}


def _read_additional(lines: Lines, header: Header) -> Values:
    what = "additional numerical parameters"
    return {
        "additional": [
            (
                lines.label(f"a label of the {what}"),
                lines.label(f"a unit of the {what}"),
                lines.number(f"a value of the {what}"),
            )
            for _ in range(lines.count(what))
        ]
    }


_ANGLES = ("source_polar_angle_deg", "source_azimuth_deg")
TEXT_FIELDS = frozenset(
    {
        "technique",
        "source_label",
        "analyser_mode",
        "species",
        "transition",
        "abscissa_label",
        "abscissa_unit",
        "signal_mode",
        "sputter_mode",
    }
)
_REGULAR = frozenset({"REGULAR"})

BLOCK_ITEMS: tuple[BlockItem, ...] = (
    BlockItem(1, ("year",)),
    BlockItem(2, ("month",)),
    BlockItem(3, ("day",)),
    BlockItem(4, ("hour",)),
    BlockItem(5, ("minute",)),
    BlockItem(6, ("second",)),
    BlockItem(7, ("hours_ahead_of_gmt",)),
    BlockItem(8, special=_read_comment),
    BlockItem(9, ("technique",)),
    BlockItem(10, ("map_x", "map_y"), modes=_MAPS),
    BlockItem(11, special=_read_variables),
    BlockItem(12, ("source_label",)),
    BlockItem(
        13,
        ("sputter_atomic_number", "sputter_atoms_per_particle", "sputter_ion_charge"),
        modes=SPUTTER_MODES,
        techniques=_ION_TECHNIQUES,
        either=True,
    ),
    BlockItem(14, ("source_energy_ev",)),
    BlockItem(15, ("source_strength",)),
    BlockItem(16, ("source_beam_width_x_um", "source_beam_width_y_um")),
    BlockItem(17, ("field_of_view_x_um", "field_of_view_y_um"), modes=_MAPS | _IMAGES),
    BlockItem(
        18,
        (
            "first_line_start_x",
            "first_line_start_y",
            "first_line_finish_x",
            "first_line_finish_y",
            "last_line_finish_x",
            "last_line_finish_y",
        ),
        modes=_IMAGES,
    ),
    BlockItem(19, _ANGLES[:1]),
    BlockItem(20, _ANGLES[1:]),
    BlockItem(21, ("analyser_mode",)),
    BlockItem(22, ("pass_energy_ev",)),
    BlockItem(23, ("differential_width_ev",), techniques=frozenset({"AES DIFF"})),
    BlockItem(24, ("lens_magnification",)),
    BlockItem(25, ("work_function_ev",)),
    BlockItem(26, ("target_bias_v",)),
    BlockItem(27, ("analysis_width_x_um", "analysis_width_y_um")),
    BlockItem(28, ("take_off_polar_angle_deg", "take_off_azimuth_deg")),
    BlockItem(29, ("species",)),
    BlockItem(30, ("transition", "detected_particle_charge")),
    BlockItem(
        31,
        ("abscissa_label", "abscissa_unit", "abscissa_start", "abscissa_increment"),
        scans=_REGULAR,
    ),
    BlockItem(32, special=_read_ordinate_labels),
    BlockItem(33, ("signal_mode",)),
    BlockItem(34, ("dwell_s",)),
    BlockItem(35, ("scans",)),
    BlockItem(36, ("signal_time_correction_s",)),
    BlockItem(
        37,
        (
            "sputter_energy_ev",
            "sputter_current_na",
            "sputter_width_x_um",
            "sputter_width_y_um",
            "sputter_polar_angle_deg",
            "sputter_azimuth_deg",
            "sputter_mode",
        ),
        modes=SPUTTER_MODES,
        techniques=_SPUTTER_TECHNIQUES,
    ),
    BlockItem(38, ("sample_tilt_deg", "sample_tilt_azimuth_deg")),
    BlockItem(39, ("sample_rotation_deg",)),
    BlockItem(40, special=_read_additional),
)


@dataclass(frozen=True)
class VamasBlock:
    """One block as the file has it: named values, the columns of numbers, and doubts."""

    values: Values
    columns: tuple[Array, ...]
    place: str
    notes: Mapping[str, str] = field(default_factory=dict)


def _read_block(lines: Lines, header: Header, first: Values | None) -> VamasBlock:
    place = lines.block
    region = lines.label("the block identifier")
    lines.block = f"{place} ('{short(region)}')" if region else place
    values: Values = dict(first or {})
    values |= {"region": region, "sample": lines.label("the sample identifier")}
    for item in BLOCK_ITEMS:
        listed = first is None or item.number in header.items
        if listed and item.exists(header, values.get("technique", "")):
            values |= item.read(lines, header)
    entries = [lines.text("a future upgrade block entry") for _ in range(header.n_upgrade)]
    values["block_upgrade"] = "\n".join(entries)
    columns, notes = _read_ordinates(lines, [label for label, _ in values["ordinates"]])
    return VamasBlock(values, columns, lines.block, notes)


def _read_ordinates(
    lines: Lines, labels: Sequence[str]
) -> tuple[tuple[Array, ...], dict[str, str]]:
    """Return the interleaved ordinate columns, shape (n_points,) each, and notes on them."""
    what, n_columns = "ordinate values", len(labels)
    n_values = lines.integer(f"the number of {what}", minimum=0)
    if n_values % n_columns:
        raise lines.error(
            f"the number of {what} is {n_values}, not a multiple of the"
            f" {n_columns} corresponding variables."
        )
    extremes = lines.numbers(2 * n_columns, "minimum or maximum ordinate")
    values = lines.numbers(n_values, "ordinate value")
    columns = tuple(values[i::n_columns] for i in range(n_columns))
    pairs = [(float(a), float(b)) for a, b in zip(extremes[::2], extremes[1::2], strict=True)]
    notes = {}
    if lines.open_numbers:
        last, texts = (n_values - 1) % n_columns, lines.open_numbers[::-1][::n_columns]
        if _is_cut(texts, columns[last], pairs[last]):
            raise lines.cut_number(texts[0], f"ordinate value {n_values} of {n_values}")
        notes["file_note"] = (
            f"no line end follows the last number, {texts[0]}, and no '{LAST_LINE}':"
            " the file may be cut short"
        )
    differing = [
        _difference(label, column, pair)
        for label, column, pair in zip(labels, columns, pairs, strict=True)
        if column.size and _is_recorded(pair) and not _agrees(column, pair)
    ]
    if differing:
        notes["extremes_note"] = "; ".join(differing)
    return columns, notes


_NO_EXTREMES = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0))
"""What programs write as minimum and maximum that do not look for them."""


def _is_recorded(extremes: tuple[float, float]) -> bool:
    return extremes not in _NO_EXTREMES and max(map(abs, extremes)) < 0.99 * NOT_RECORDED


def _agrees(column: Array, extremes: tuple[float, float]) -> bool:
    allowed = 1e-5 * max(abs(extremes[0]), abs(extremes[1]))
    found = (float(column.min()), float(column.max()))
    return all(abs(a - b) <= allowed for a, b in zip(found, extremes, strict=True))


def _difference(label: str, column: Array, extremes: tuple[float, float]) -> str:
    return (
        f"the file says that '{label}' runs from {extremes[0]:g} to {extremes[1]:g}, but it runs"
        f" from {column.min():g} to {column.max():g}: a number was changed, or its extremes"
        " were not written again"
    )


def _is_cut(texts: Sequence[str], column: Array, extremes: tuple[float, float]) -> bool:
    """Return whether the last number of a file without line end was cut inside.

    It was if it has fewer decimals than each of its neighbours, lies outside the extremes
    that hold for all others or, where those are not recorded, has fewer digits.

    Parameters
    ----------
    texts : sequence of str
        The numbers of the column, the last one first.
    column : ndarray, shape (N,)
    extremes : tuple of float
    """
    (last_whole, last_part), *others = [_parts(text) for text in texts[:6]]
    if not others:
        return False
    if last_part < min(part for _, part in others):
        return True
    low, high = extremes
    if _is_recorded(extremes) and np.all((column[:-1] >= low) & (column[:-1] <= high)):
        return not low <= float(column[-1]) <= high
    return last_whole < min(whole for whole, _ in others)


def _parts(text: str) -> tuple[int, int]:
    """Return how many characters stand before and after the point of a number."""
    whole, _, part = text.strip().partition(".")
    return len(whole.lstrip("+-")), len(part)


def read_all_blocks(lines: Lines, header: Header) -> Iterator[VamasBlock | ReadError]:
    """Yield the blocks up to the first broken one, and what is wrong with that one."""
    first: Values | None = None
    held: VamasBlock | None = None  # the last one is told whether the file ended behind it
    which = f"experiment {lines.experiment}, " if lines.experiment > 1 else ""
    for number in range(1, header.n_blocks + 1):
        lines.block = f"{which}block {number} of {header.n_blocks}"
        try:
            block = _read_block(lines, header, first)
        except ReadError as error:
            if held is not None:
                yield held
            yield error
            return
        if held is not None:
            yield held
        held = block
        first = first or block.values
    assert held is not None  # the header announces one or more
    yield from _with_end(lines, held, header.n_blocks)


def _with_end(lines: Lines, last: VamasBlock, number: int) -> Iterator[VamasBlock | ReadError]:
    """Yield the last block with a note if the last line is missing, and a problem if others follow.

    Another experiment may follow: many programs append one file to another.
    """
    lines.block = ""
    rest, count = lines.rest()
    ended = bool(rest) and clean(rest[0]).casefold() == LAST_LINE
    following = rest[1:] if ended else rest
    if ended and (not following or is_first_line(following[0])):
        yield last
        return
    if (
        not following
        or is_first_line(following[0])
        or (count - ended == 1 and _is_cut_end(following[0]))
    ):
        note = f"the line '{LAST_LINE}' is missing or cut off after the last number"
        yield replace(last, notes={"file_note": note} | dict(last.notes))
        return
    yield last
    if ended:
        message = f"{count - 1} lines follow '{LAST_LINE}'; they were not read."
    else:
        message = f"'{LAST_LINE}' was expected after block {number}, found '{short(rest[0])}'."
    hint = "The number of blocks may be wrong, or the file is truncated."
    yield lines.error(message, hint=hint)


def _is_cut_end(line: str) -> bool:
    return LAST_LINE.startswith(clean(line).casefold())
