"""Whole files of instruments' formats, made here from their specifications; synthetic."""

from __future__ import annotations

import json
import sqlite3
import struct
import zlib
from collections.abc import Callable, Sequence

import numpy as np

SHIFTS = np.linspace(1800.0, 100.0, 60).astype("<f4")


def raman(number: int = 0, x: np.ndarray = SHIFTS) -> np.ndarray:
    """Return synthetic intensities: a band on a slope, another height for each number."""
    return 100.0 + 0.02 * x + (50.0 + 10.0 * number) * np.exp(-(((x - 900.0) / 150.0) ** 2))


def wdf(
    points: np.ndarray = SHIFTS,
    rows: np.ndarray | None = None,
    *,
    planned: int = 4,
    collected: int = 3,
    unit: int = 1,
) -> bytes:
    """Return a Renishaw map of four spectra planned and three collected."""
    if rows is None:
        rows = np.array([raman(k, points) if k < collected else points * 0 for k in range(planned)])
    ticks = 132_000_000_000_000_000
    header = struct.pack(
        "<4sIQQ16s12xIIIQQIIII24s4HIIQQIf48x32s160s112x",
        *(b"WDF1", 1, 512, 0, bytes(16), 1, 0, points.size, planned, collected, 3, 1),
        *(points.size, 2, b"WiRE", 5, 5, 0, 1, 1, 3, ticks, ticks, 6, 1e7 / 532.0),
        *(b"somebody", b"synthetic map"),
    )
    origins = struct.pack("<I", 2)
    origins += (
        struct.pack("<II16s", 0x80000003, 5, b"X") + np.arange(planned, dtype="<f8").tobytes()
    )
    times = np.array([ticks + 10_000_000 * k for k in range(planned)], "<u8")
    origins += struct.pack("<II16s", 0x8000000B, 24, b"Time") + times.tobytes()
    settings = _property("i", 0x8001, struct.pack("<i", 2500)) + _named(0x8001, b"Exposure Time")
    return header + b"".join(
        _block(name, content)
        for name, content in (
            (b"DATA", rows.astype("<f4").tobytes()),
            (b"XLST", struct.pack("<II", 1, unit) + points.astype("<f4").tobytes()),
            (b"ORGN", origins),
            (b"TEXT", b"a synthetic comment"),
            (b"WXDM", b"PSET" + struct.pack("<I", len(settings)) + settings),
        )
    )


def _block(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<IQ", 0, len(content) + 16) + content


def _property(kind: str, key: int, value: bytes) -> bytes:
    return struct.pack("<BBH", ord(kind), 0, key) + value


def _named(key: int, name: bytes) -> bytes:
    return _property("k", key, struct.pack("<I", len(name)) + name)


def spc(
    rows: list[np.ndarray] | None = None,
    *,
    flags: int = 0x04,
    order: str = "<",
    kind: int = 13,
    exponent: int = -128,
    x: list[np.ndarray] | None = None,
    log: bytes = b"Laser=532\r\nOperator=somebody\r\n",
) -> bytes:
    """Return a new SPC file: 04h several, 80h own abscissa, 40h one for each, 01h 16 bits."""
    rows = [raman(k) for k in range(3)] if rows is None else rows
    each, common = bool(flags & 0x40), bool(flags & 0x80 and not flags & 0x40)
    body, places = b"", []
    if common and x:
        body += x[0].astype(f"{order}f4").tobytes()
    for k, y in enumerate(rows):
        places.append(512 + len(body))
        head = struct.pack(f"{order}BbHfff2If4x", 0, exponent, k, k * 1.5, 0, 0, y.size, 1, 0.0)
        own = x[k].astype(f"{order}f4").tobytes() if each and x else b""
        body += head + own + _spc_numbers(y, flags, order, exponent)
    directory = 512 + len(body) if each else rows[0].size
    if each:
        body += b"".join(struct.pack(f"{order}2If", place, 0, 0.0) for place in places)
    place = 512 + len(body) if log else 0
    when = 2024 << 20 | 5 << 16 | 17 << 11 | 13 << 6 | 45
    header = struct.pack(
        f"{order}BBBbIddIBBBBI9s9sH32x130s30sI260x",
        *(flags, 0x4B if order == "<" else 0x4C, 11, exponent, directory, SHIFTS[0], SHIFTS[-1]),
        *(len(rows), kind, 4, 4, 0, when, b"4", b"bench", 0, b"synthetic", b"", place),
    )
    if log:
        body += struct.pack(f"{order}5I44x", 64 + len(log), 4096, 64, 0, 0) + log
    return header + body


def _spc_numbers(y: np.ndarray, flags: int, order: str, exponent: int) -> bytes:
    if exponent == -128:
        return y.astype(f"{order}f4").tobytes()
    bits = 16 if flags & 0x01 else 32
    return np.round(np.ldexp(y, bits - exponent)).astype(f"{order}i{bits // 8}").tobytes()


def old_spc(rows: list[np.ndarray] | None = None, exponent: int = 10) -> bytes:
    """Return an SPC file of LabCalc: integers with their halves swapped, no count of subfiles."""
    rows = [raman(k) for k in range(2)] if rows is None else rows
    header = struct.pack(
        "<BBhfffBBHBBBB8sHH28x130s30x",
        *(0x04 if len(rows) > 1 else 0, 0x4D, exponent, rows[0].size, SHIFTS[0], SHIFTS[-1]),
        *(13, 0, 1992, 5, 14, 20, 19, b"4", 0, 32, b"synthetic"),
    )
    body = b""
    for k, y in enumerate(rows):
        body += struct.pack("<BbHfff2If4x", 0, exponent, k, float(k), 0, 0, 0, 0, 0.0)
        whole = np.round(np.ldexp(y, 32 - exponent)).astype("<i4").view("<u2").reshape(-1, 2)
        body += whole[:, ::-1].tobytes()
    return header + body


def squeezed(values: list[int], *, per_line: int = 10, first: int = 100) -> list[str]:
    """Return lines of a JCAMP-DX table in differences and repeats, with check values."""
    sqz, dif = "@ABCDEFGHI", "%JKLMNOPQR"
    negative = (
        dict(zip("123456789", "abcdefghi", strict=True)),
        dict(zip("123456789", "jklmnopqr", strict=True)),
    )

    def coded(value: int, letters: str, minus: dict[str, str]) -> str:
        digits = str(abs(value))
        head = minus[digits[0]] if value < 0 else letters[int(digits[0])]
        return head + digits[1:]

    lines, at = [], 0
    while at < len(values) - 1:
        line = [f"{first + at}", coded(values[at], sqz, negative[0])]
        end = min(at + per_line, len(values) - 1)
        k = at
        while k < end:
            step, run = values[k + 1] - values[k], 1
            while k + run < end and values[k + run + 1] - values[k + run] == step:
                run += 1
            line.append(coded(step, dif, negative[1]))
            if run > 1:
                line.append("STUVWXYZs"[int(str(run)[0]) - 1] + str(run)[1:])
            k += run
        lines.append("".join(line))
        at = end
    return [*lines, f"{first + at}{coded(values[at], sqz, negative[0])}"]


WHOLE = [round(float(y)) for y in raman()[::-1] * 10] + [-5, -5, -5, -5, 3, 3]
"""Whole numbers of the JCAMP-DX files, with repeats and negative ones."""


def jcamp(
    table: list[str] | None = None, form: str = "XYDATA=(X++(Y..Y))", **records: str
) -> bytes:
    """Return a JCAMP-DX file of a Raman spectrum, squeezed where no table is given."""
    values = {
        "JCAMP-DX": "5.01 $$ made from the specification",
        "DATA TYPE": "RAMAN SPECTRUM",
        "XUNITS": "1/CM",
        "YUNITS": "COUNTS",
        "XFACTOR": "1.0",
        "YFACTOR": "0.1",
        "FIRSTX": "100",
        "LASTX": f"{99 + len(WHOLE)}",
        "NPOINTS": f"{len(WHOLE)}",
        "FIRSTY": f"{WHOLE[0] / 10}",
        "LONGDATE": "2024/05/17",
    } | records
    lines = ["##TITLE=synthetic", *(f"##{key}={value}" for key, value in values.items() if value)]
    lines += [f"##{form}", *(squeezed(WHOLE) if table is None else table), "##END="]
    return "\r\n".join(lines).encode()


def jcamp_pages() -> bytes:
    """Return a JCAMP-DX file of two pages of NTUPLES."""
    head = """##TITLE=synthetic pages
##JCAMP-DX=5.01
##DATA TYPE=RAMAN SPECTRUM
##DATA CLASS=NTUPLES
##NTUPLES=RAMAN SPECTRUM
##VAR_NAME=SHIFT, INTENSITY, PAGE NUMBER
##SYMBOL=X, Y, N
##VAR_TYPE=INDEPENDENT, DEPENDENT, PAGE
##VAR_FORM=AFFN, ASDF, AFFN
##VAR_DIM={n}, {n}, 2
##UNITS=1/CM, COUNTS,
##FACTOR=1.0, 0.1, 1
##FIRST=100, {y}, 1
##LAST={last}, 0, 2""".format(n=len(WHOLE), y=WHOLE[0], last=99 + len(WHOLE))
    lines = head.splitlines()
    for page in (1, 2):
        lines += [f"##PAGE=N={page}", "##DATA TABLE=(X++(Y..Y)), XYDATA"]
        lines += squeezed([page * value for value in WHOLE])
    return "\n".join([*lines, "##END NTUPLES=", "##END="]).encode()


# ---------------------------------------------------------------------------------
# PHI


def phi(
    *,
    newline: str = "\r\n",
    cycles: int = 1,
    areas: int = 1,
    kind: bytes = b"f4",
    extra: Sequence[str] = (),
    times: Sequence[float] | None = None,
    order: str = "<",
    names: Sequence[str] = ("pnt", "cyc", "sar"),
) -> bytes:
    """Return a PHI file of S 2p and P 2p, 11 and 6 points."""
    header = [
        "SOFH",
        "Platform: PC",
        "Technique: XPS",
        "FileType: DEPTHPRO",
        "FileDesc: film",
        "AcqFileDate: 2024 2 29",
        "XraySource: Al 1486.6 mono",
        "NoSpectralReg: 2",
        "SpectralRegDef: 1 1 S2p 16 11 -0.1000 164.0 163.0 164.0 163.0 0.500000 29.35 AREA",
        "SpectralRegDef: 2 2 P2p 15 6 -0.2000 134.0 133.0 134.0 133.0 0.250000 29.35 AREA",
        *extra,
        "EOFH",
    ]
    size = int(kind[1:])
    blocks = []
    for number, points in ((1, 11), (2, 6)):
        values = 100 * number + np.arange(cycles * areas * points, dtype=float)
        blocks.append((number, (points, cycles, areas), names, b"c/s", values))
    if times is not None:
        values = np.array([*times, *times], float)
        blocks.append((3, (len(times), 2, 1), ("cyc", "reg", ""), b"s", values))
    table, body, place = b"", b"", 16 + 96 * len(blocks)
    for number, lengths, axes, unit, values in blocks:
        raw = values.astype(f"{order}f{size}").tobytes()
        words = [number, 1, 1, number if unit != b"s" else 0, 1, *lengths]
        row = struct.pack(f"{order}8I", *words)
        for axis in axes:
            row += axis.encode().ljust(8, b"\0")
        row += unit.ljust(16, b"\0") + kind.ljust(4, b"\0")
        row += struct.pack(f"{order}5I", len(raw), place + len(body), 0, 0, 0)
        table += row
        body += raw
    start = struct.pack(f"{order}4I", 1, len(blocks), 96 * len(blocks), 16)
    return newline.join([*header, ""]).encode("latin-1") + start + table + body


def phi_profile() -> bytes:
    """Return a PHI depth profile of three levels."""
    return phi(cycles=3, times=[0.0, 40.0, 95.5])


# ---------------------------------------------------------------------------------
# Avantage: an OLE compound document


def compound(streams: dict[str, bytes]) -> bytes:
    """Return an OLE compound document of streams, the small ones in the short stream."""
    end, free = 0xFFFFFFFE, 0xFFFFFFFF
    sectors, fat, short, short_fat = [bytes(512)], [0xFFFFFFFD], b"", []

    def chained(data: bytes, table: list[int], size: int) -> int:
        count, start = max(-(-len(data) // size), 1), len(table)
        table.extend([*range(start + 1, start + count), end])
        return start

    def stored(data: bytes) -> int:
        padded = data.ljust(max(-(-len(data) // 512), 1) * 512, b"\0")
        sectors.extend(padded[k : k + 512] for k in range(0, len(padded), 512))
        return chained(data, fat, 512)

    places = {}
    for name, data in streams.items():
        if len(data) >= 4096:
            places[name] = stored(data)
        else:
            places[name] = chained(data, short_fat, 64)
            short += data.ljust(max(-(-len(data) // 64), 1) * 64, b"\0")
    root = stored(short)
    entries = _entry("Root Entry", 5, root, len(short), child=1)
    for number, (name, data) in enumerate(streams.items(), 1):
        after = number + 1 if number < len(streams) else free
        entries += _entry(name, 2, places[name], len(data), after=after)
    directory = stored(entries)
    short_table = stored(struct.pack(f"<{len(short_fat)}I", *short_fat).ljust(512, b"\xff"))
    sectors[0] = struct.pack(f"<{len(fat)}I", *fat).ljust(512, b"\xff")
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16)
    header += struct.pack(
        "<5H6x3I2I2I2I", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, directory, 0, 4096, short_table, 1, end, 0
    )
    header += struct.pack("<109I", 0, *[free] * 108)
    return header + b"".join(sectors)


def _entry(
    name: str, kind: int, start: int, size: int, *, child: int = 0xFFFFFFFF, after: int = 0xFFFFFFFF
) -> bytes:
    wide = (name + "\0").encode("utf-16-le")
    head = wide.ljust(64, b"\0") + struct.pack(
        "<HBB3I", len(wide), kind, 1, 0xFFFFFFFF, after, child
    )
    return head + bytes(36) + struct.pack("<IQ", start, size)


def property_set(values: dict[int, bytes]) -> bytes:
    """Return an OLE property set of values that have their type in front."""
    table, body = b"", b""
    for number, value in values.items():
        table += struct.pack("<II", number, 8 + 8 * len(values) + len(body))
        body += value.ljust(-(-len(value) // 4) * 4, b"\0")
    section = struct.pack("<II", 8 + len(table) + len(body), len(values)) + table + body
    return struct.pack("<HHI16xI16xI", 0xFFFE, 0, 2, 1, 48) + section


def _wide(text: str) -> bytes:
    raw = (text + "\0").encode("utf-16-le")
    return struct.pack("<II", 31, len(raw) // 2) + raw


PHOTON = 1486.68
CHANNELS, LEVELS = 60, 10


def levels() -> np.ndarray:
    """Return synthetic whole counts of an S 2p region, fewer at every level."""
    x = PHOTON - (1315.0 + 0.2 * np.arange(CHANNELS))
    line = np.exp(-(((x - 162.0) / 0.8) ** 2))
    return np.array([np.round(400.0 + (900.0 - 80.0 * k) * line) for k in range(LEVELS)])


def vgd(counts: np.ndarray | None = None) -> bytes:
    """Return an Avantage depth profile of ten levels: etch times, and their numbers beside."""
    counts = levels() if counts is None else counts
    empty = struct.pack("<I", 2) + bytes(2)
    n, channels = counts.shape
    energy = 3 * empty + struct.pack("<IddBI", channels, 1315.0, 0.2, 1, 1)
    times = 3 * empty + struct.pack("<IddB", n, 0.0, 0.0, 0)
    times += struct.pack(f"<{n}dI", *(15.0 * k for k in range(n)), 7)
    numbers = 3 * empty + struct.pack("<IddBI", n, 0.0, 1.0, 1, 6)
    properties = {
        4: struct.pack("<Ih", 2, 1),
        6: _wide("K-Alpha"),
        105: struct.pack("<If", 4, PHOTON),
        232: _wide("pellet"),
        303: struct.pack("<IQ", 64, 132_000_000_000_000_000),
        305: struct.pack("<If", 4, 0.05),
        328: struct.pack("<Ii", 3, 4),
        404: struct.pack("<If", 4, 50.0),
        406: struct.pack("<If", 4, 4.2),
    }
    return compound(
        {
            "VGData": counts.astype("<f8").tobytes(),
            "VGDataAxes": struct.pack("<10I", 0x20000, 2, 0, channels - 1, 1, 0, 0, n - 1, 2, 0),
            "VGSpaceAxes": struct.pack("<II", 0x20000, 3) + energy + times + numbers,
            "\x05Q5nw4m3lIjudbfwyAayojlptCa": property_set(properties),
            "\x05SummaryInformation": property_set({2: _wide("S2p Scan"), 4: _wide("somebody")}),
        }
    )


def avg(counts: np.ndarray | None = None) -> bytes:
    """Return the text dump of the data space of `vgd`."""
    counts = levels() if counts is None else counts
    n, channels = counts.shape
    lines = [
        ";===========",
        ";Dump of DataSpace 'F:\\\\data\\\\pellet\\\\S2p Scan.VGD'",
        ";===========",
        "$FORMAT=4",
        "$PROPERTIES=SUM",
        "DS_EXT_SUPROPID_TITLE       : VT_BSTR = 'S2p Scan'",
        "DS_EXT_SUPROPID_AUTHOR      : VT_BSTR = 'somebody'",
        "DS_EXT_SUPROPID_CREATED     : VT_DATE = 24/8/2026   19:10:01",
        "$PROPERTIES=STD",
        "DS_GEPROPID_TECHNIQUE       : VT_I4   = 1",
        "DS_GEPROPID_INSTRUMENT      : VT_BSTR = 'K-Alpha'",
        "DS_GEPROPID_VALUE_LABEL     : VT_BSTR = 'Counts'",
        "DS_SOPROPID_ENERGY          : VT_R4   = 1486.680000",
        "DS_ACPROPID_ACQ_TIME        : VT_R4   = 0.050000",
        "DS_ACPROPID_PERIODS         : VT_I4   = 4",
        "DS_ANPROPID_PASS            : VT_R4   = 50.000000",
        "DS_ANPROPID_WORK_FTN        : VT_R4   = 4.200000",
        ";data axes: start, end, numSpaceAxes",
        "$DATAAXES=2,#empty#",
        f"    0=   0,   {channels - 1},   1",
        f"    1=   0,   {n - 1},   2",
        "$SPACEAXES=3",
        f"    0=   1315.0,  0.2,  {channels},  ENERGY,  LINEAR,  'E',  'eV',  'Energy'",
        f"    1=   0.0,  0.0,  {n},  ETCHTIME,  NONLINEAR,  't',  's',  'Etch Time'",
        f"    2=   0.0,  1.0,  {n},  ETCHLEVEL,  LINEAR,  'L',  '',  'Etch Level'",
    ]
    for k, row in enumerate(counts):
        value = f"LABEL='Etch Time' POINT={k} VALUE={15.0 * k:.6f};"
        lines += [f"$AXISVALUE= DATAXIS=1 SPACEAXIS=1 {value}", f"$DATA=*,{k}"]
        for at in range(0, channels, 4):
            lines.append(f"LIST@ {at:3d}= " + ", ".join(f"{v:.6f}" for v in row[at : at + 4]))
    return "\r\n".join([*lines, ""]).encode("latin-1")


# ---------------------------------------------------------------------------------
# SPECS, Scienta, LabSpec, TriVista

SHIFTS_MCD = (-0.075, -0.03, 0.01, 0.0461, 0.0825)
"""Shifts of five detectors, in units of the pass energy."""


def specs_counts(scan: int, energies: np.ndarray) -> np.ndarray:
    """Return synthetic whole counts of one detector at kinetic energies."""
    line = 400.0 * np.exp(-(((energies - 1325.0) / 0.7) ** 2))
    return np.round(100.0 + 10.0 * scan + line)


def specs_xml(scans: int = 2, mode: str = "FixedAnalyzerTransmission") -> bytes:
    """Return a SpecsLab 2 file of one region, its five detectors shifted by whole steps."""
    points, step, first, passing, head, tail = 60, 0.1, 1322.0, 20.0, 20, 20
    steps = head + points + tail
    blocks = []
    for scan in range(scans):
        channels = []
        for shift in SHIFTS_MCD:
            off = round(shift * passing / step)
            energies = first + step * (np.arange(steps) - head + off)
            channels.append(specs_counts(scan, energies))
        counts = " ".join(f"{v:.0f}" for v in np.array(channels).T.ravel())
        blocks.append(
            '<struct type_id="i" type_name="ScanData">'
            f'<sequence name="counts" length="{steps * 5}"><ulong>{counts}</ulong></sequence>'
            "</struct>"
        )
    settings = "".join(
        f'<double name="{name}">{value}</double>'
        for name, value in (
            ("num_scans", 3),
            ("values_per_curve", points),
            ("dwell_time", 0.5),
            ("scan_delta", step),
            ("excitation_energy", 1486.61),
            ("kinetic_energy", first),
            ("pass_energy", passing),
            ("effective_workfunction", 4.3),
        )
    )
    detectors = "".join(
        f'<struct type_id="i" type_name="Detector"><double name="shift">{s}</double></struct>'
        for s in SHIFTS_MCD
    )
    return (
        '<?xml version="1.0"?>\n<any><sequence length="1" type_name="RegionGroupSeq">'
        '<struct type_id="i" type_name="RegionGroup"><string name="name">pellet</string>'
        '<sequence name="regions" length="1" type_name="RegionDataSeq">'
        '<struct type_id="i" type_name="RegionData"><string name="name">S2p</string>'
        '<struct name="region" type_id="i" type_name="RegionDef">'
        '<string name="analysis_method">XPS</string>'
        f'<struct name="scan_mode" type_id="i"><string name="name">{mode}</string></struct>'
        f"{settings}</struct>"
        f'<ulong name="mcd_head">{head}</ulong><ulong name="mcd_tail">{tail}</ulong>'
        f'<struct name="analyzer_info" type_id="i"><string name="name">PHOIBOS</string>'
        f'<sequence name="detectors" length="5">{detectors}</sequence></struct>'
        '<sequence name="cycles" length="1" type_name="CycleSeq">'
        '<struct type_id="i" type_name="Cycle"><ulong name="time">1700000000</ulong>'
        f'<sequence name="scans" length="{scans}">{"".join(blocks)}</sequence></struct></sequence>'
        f'<sequence name="transmission" length="{points}">'
        f"<double>{' '.join(['1.5'] * points)}</double></sequence>"
        "</struct></sequence></struct></sequence></any>"
    ).encode()


SLE_TABLES = """
CREATE TABLE Configuration (Key TEXT, Value TEXT);
CREATE TABLE NodeMapping (InternalID INTEGER, Node INTEGER);
CREATE TABLE NodeData (Node INTEGER, Data TEXT);
CREATE TABLE Spectrum (Node INTEGER, EnergyChns INTEGER, NonEnergyChns INTEGER, Samples INTEGER,
    Before INTEGER, Behind INTEGER, Kind INTEGER, Dim INTEGER, Len INTEGER, Data BLOB);
CREATE TABLE RawData (RawID INTEGER, Node INTEGER, ScanDate TEXT, Trace TEXT);
CREATE TABLE CountRateData (RawID INTEGER, Offset INTEGER, NextOffset INTEGER,
    ChunkSize INTEGER, Data BLOB);
CREATE TABLE TransmissionData (Node INTEGER, Ekin REAL, NonEnergyChns INTEGER, Samples INTEGER,
    Data BLOB);
"""
SLE_SETTINGS = {
    "Ebin": 1486.61 - 1322.0,
    "End": 1486.61 - 1327.9,
    "NumValues": 60,
    "NumScans": 2,
    "DwellTime": 0.5,
    "Epass": 20,
    "Eexc": 1486.61,
}
"""A region of 60 points; energies in eV, the dwell time in s."""


def sle(
    channels: int = 5,
    *,
    scans: Sequence[str] = ("Loop=0u;Scan [Idx] =0u", "Loop=0u;Scan [Idx] =1u"),
    settings: dict[str, object] = SLE_SETTINGS,
    mode: str = "FixedAnalyzerTransmission",
    pieces: int = 2,
    kind: str = "<f8",
    packed: bool = False,
    version: str = "1.11",
    measured: bool = True,
    factor: float = 2.0,
) -> bytes:
    """Return a SpecsLab Prodigy database of one region with five detectors or one.

    The rates are `factor` times the counts of `specs_counts` in a dwell time of 0.5 s.
    """
    margin = 20 if channels > 1 else 0
    energies = 1322.0 + 0.1 * (np.arange(60 + 2 * margin) - margin)
    shifts = SHIFTS_MCD if channels > 1 else (0.0,)
    plan = " ".join(f'{key}="{value}"' for key, value in settings.items())
    schedule = (
        '<!DOCTYPE SpecsLabSchedule><Experiment Version="1.1"><Schedule><XPS ID="1">'
        '<DeviceCommand UniqueDeviceName="Phoibos"><Parameter name="Bias [V]">90</Parameter>'
        '</DeviceCommand><SpectrumGroup ID="2" Name="pellet, #1"><CommonSpectrumSettings>'
        '<ScanMode Name="scan"/></CommonSpectrumSettings>'
        '<Spectrum ID="3" Name="align"><FixedEnergiesSettings Ebin="284"/></Spectrum>'
        f'<Spectrum ID="4" Name="S2p"><Comment>made</Comment><{mode}Settings {plan}/>'
        "</Spectrum></SpectrumGroup></XPS></Schedule></Experiment>"
    )
    detectors = "".join(f'<Detector Gain="1" Position="0" Shift="{s}"/>' for s in shifts)
    base = sqlite3.connect(":memory:")
    base.executescript(SLE_TABLES)
    base.executemany(
        "INSERT INTO Configuration VALUES (?, ?)",
        [("Version", version), ("AppVersion", "4.37"), ("Schedule", schedule)],
    )
    base.executemany("INSERT INTO NodeMapping VALUES (?, ?)", [(2, 12), (3, 13), (4, 14)])
    base.execute(
        "INSERT INTO NodeData VALUES (12, ?)",
        [f"<A><DetectorCalibration>{detectors}</DetectorCalibration></A>"],
    )
    if measured:
        numbers = 'KineticEnergy="1322.0" ScanDelta="0.1" ValuesPerCurve="60" DwellTime="0.5"'
        numbers += ' ExcitationEnergy="1486.61" PassEnergy="20" Workfunction="4.3"'
        base.execute(
            "INSERT INTO NodeData VALUES (14, ?)",
            [f"<A><AnalyzerSpectrumParameters {numbers}/></A>"],
        )
    base.execute(
        "INSERT INTO Spectrum VALUES (14, ?, 1, ?, ?, ?, 0, 1, 60, NULL)",
        [channels, energies.size, margin, margin],
    )
    base.execute(
        "INSERT INTO TransmissionData VALUES (14, 0, 1, 60, ?)", [np.full(60, 1.5).tobytes()]
    )
    for number, trace in enumerate(scans):
        base.execute(
            "INSERT INTO RawData VALUES (?, 14, '2024-May-17 13:06:45.250', ?)", [number, trace]
        )
        counts = [specs_counts(number, energies + round(s * 20.0 / 0.1) * 0.1) for s in shifts]
        table = factor * np.array(counts).T
        for piece in np.array_split(np.arange(len(table)), pieces)[::-1]:  # in any order
            raw = table[piece].astype(kind).tobytes()
            row = [number, int(piece[0]), int(piece[-1]) + 1, piece.size * channels]
            row.append(zlib.compress(raw) if packed else raw)
            base.execute("INSERT INTO CountRateData VALUES (?, ?, ?, ?, ?)", row)
    base.commit()
    return bytes(base.serialize())


SES_NOTE = "\r".join(
    (
        "[SES]",
        "Region Name=S 2p",
        "Pass Energy=50",
        "Number of Sweeps=2",
        "Excitation Energy=1486.6",
        "Energy Scale=Binding",
        "Instrument=R3000",
        "Sample=pellet",
        "Date=2024-05-17",
        "Time=15:24:35",
        "Time per Spectrum Channel=4",
        "DetectorMode=Pulse Counting",
    )
)


def igor_wave(rows: np.ndarray | None = None, order: str = "<") -> bytes:
    """Return an Igor binary wave as SES writes it: energies, and a slice for each row."""
    rows = np.array([raman(k) for k in range(2)]) if rows is None else rows
    slices, points = rows.shape
    lengths = (points, slices if slices > 1 else 0, 0, 0)
    values, note = rows.astype(f"{order}f4").tobytes(), SES_NOTE.encode("latin-1")
    wave = struct.pack(
        f"{order}4x2Iih8xh32s8x4i4d4d4s16s152x",
        *(0, 0, rows.size, 2, 1, b"S2p", *lengths, -0.1, 0.5, 1, 1, 168.0, -1.0, 0, 0, b"", b"eV"),
    )
    head = [5, 0, 320 + len(values), 0, len(note), *[0] * 12]
    total = (
        np.frombuffer(struct.pack(f"{order}2h15i", *head) + wave, f"{order}i2").astype(int).sum()
    )
    head[1] = (-int(total) + 2**15) % 2**16 - 2**15
    return struct.pack(f"{order}2h15i", *head) + wave + values + note


def labspec_xml() -> bytes:
    """Return a LabSpec map of three by two places."""

    def node(number: str, text: str) -> str:
        return f'<LSX ID="{number}">{text}</LSX>'

    def axis(number: str, kind: str, unit: str, values: str) -> str:
        inside = node("0x7D6CD4DB", values) if values else ""
        return node(number, inside + node("0x6D707974", kind) + node("0x7C696E75", unit))

    def setting(name: str, value: str) -> str:
        return node("0x1234", node("0x6D6D616E", name) + node("0x7D6C61DB", value))

    shifts = " ".join(f"{x:.3f}" for x in SHIFTS)
    axes = axis("0x0", "Intens", "Cnt", "") + axis("0x1", "Spectr", "1/cm", shifts)
    axes += axis("0x2", "X", "um", "-2 0 2") + axis("0x3", "Y", "um", "-1 1")
    settings = setting("Acq. time (s)", "3") + setting("Accumulations", "2")
    settings += setting("Laser (nm)", "532") + setting("Sample", "pellet")
    settings += setting("Acquired", "17.05.2024 09:20:51")
    rows = "".join(f"<LSX_Row>{' '.join(f'{y:.4f}' for y in raman(k))}</LSX_Row>" for k in range(6))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<LSX_Data><LSX_Tree>'
        f"{node('0x7B697861', axes)}{settings}</LSX_Tree>"
        f'<LSX_Matrix ID="0x7D6CD4DB">{rows}</LSX_Matrix></LSX_Data>'
    ).encode()


def trivista() -> bytes:
    """Return a TriVista file of three frames."""
    nm = np.linspace(540.0, 560.0, 60)
    frames = "".join(
        f'<Frame xDim="60" yDim="1">{";".join(f"{y:.4f}" for y in raman(k))}</Frame>'
        for k in range(3)
    )
    values = "|".join(["60", *(f"{x:.6f}" for x in nm)])
    return (
        "\ufeff<!--TriVista-File. (c) S&amp;I -->\n<XmlMain><Documents>"
        '<Document DataLabel="Counts" RecordTime="09/29/2016 12:51:30.867" InfoSerialized='
        '"&lt;?xml version=&quot;1.0&quot; encoding=&quot;utf-16&quot;?&gt;&lt;Info&gt;'
        "&lt;Groups&gt;&lt;Group&gt;&lt;Name&gt;Experiment&lt;/Name&gt;&lt;Items&gt;&lt;Item&gt;&lt;Name&gt;Mode"
        "&lt;/Name&gt;&lt;Value&gt;line&lt;/Value&gt;&lt;/Item&gt;&lt;/Items&gt;&lt;/Group&gt;"
        '&lt;/Groups&gt;&lt;/Info&gt;">'
        f'<xDim Length="60"><Calibration Unit="Nanometer" LaserWave="532" ValueArray="{values}"/>'
        f"</xDim><Data>{frames}</Data></Document></Documents></XmlMain>"
    ).encode()


# ---------------------------------------------------------------------------------
# Databases and other programs


def rod() -> bytes:
    """Return an entry as of the Raman Open Database."""
    rows = "\n".join(f"{x:.3f} {y:.3f}" for x, y in zip(SHIFTS[::-1], raman()[::-1], strict=True))
    return (
        "# an entry\ndata_1000000\nloop_\n_publ_author_name\n'Somebody, A.'\n"
        "_publ_section_title\n;\n A title\n on two lines\n;\n"
        "_chemical_name_mineral  'Synthetite'\n"
        "_raman_measurement_device.excitation_laser_wavelength 488\n"
        "_raman_measurement.integration_time   300\n"
        "loop_\n_raman_spectrum.raman_shift\n_raman_spectrum.intensity\n" + rows + "\n"
    ).encode()


def rruff() -> bytes:
    """Return a text of the RRUFF database."""
    rows = "\n".join(f"{x:.4f}, {y:.3f}" for x, y in zip(SHIFTS[::-1], raman()[::-1], strict=True))
    keys = "##NAMES=Synthetite\n##RRUFFID=R000000\n##IDEAL CHEMISTRY=Li_6_PS_5_Cl\n##STATUS=made\n"
    return f"{keys}{rows}\n##END=\n".encode()


def khervefitting() -> bytes:
    """Return a project of KherveFitting with one core level of two samples."""
    x = [round(158.0 + 0.2 * k, 2) for k in range(60)]
    level = {
        "Name": "S2p",
        "B.E.": x,
        "Raw Data": [round(float(y), 2) for y in raman()],
        "Background": {"Bkg Type": "Shirley", "Bkg X": x, "Bkg Y": [99.5] * 60},
        "Fitting": {"Model": "GL (Area)", "Peaks": {"S2p3/2 p1": {"Position": 161.5, "FWHM": 1.1}}},
    }
    other = dict(level, **{"Raw Data": [round(float(y), 2) for y in raman(1)]})
    project = {
        "FilePath": "synthetic",
        "Core levels": {"S2p": level, "S2p1": other},
        "SampleNames": {"0": "pellet", "1": "powder"},
    }
    return json.dumps(project).encode()


VENDOR_KINDS: dict[str, Callable[[], bytes]] = {
    "wdf": wdf,
    "spc": spc,
    "old spc": old_spc,
    "jcamp": jcamp,
    "jcamp pages": jcamp_pages,
    "phi profile": phi_profile,
    "vgd": vgd,
    "avg": avg,
    "specs xml": specs_xml,
    "sle": sle,
    "igor wave": igor_wave,
    "labspec xml": labspec_xml,
    "trivista": trivista,
    "rod": rod,
    "rruff": rruff,
    "khervefitting": khervefitting,
}
"""Name of each kind and a function that makes a whole file of it."""
