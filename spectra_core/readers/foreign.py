"""What a file is when it is not a spectrum Doublet reads, and how to get one from it.

A user who opens the wrong file is helped most by being told what it is, and which menu of
which program makes one that can be read. The tables below know the first bytes of common
files; order matters only where one signature contains another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """What a file looks like, and what to do with it.

    Attributes
    ----------
    words : str
        With its article, as in "it looks like a PNG image".
    advice : str
        A sentence; empty where there is nothing to export.
    """

    words: str = ""
    advice: str = ""


_AVANTAGE = "In Avantage: select the spectra, then File > Export > VAMAS, or Excel with all curves."
_CASAXPS = "In CasaXPS: File > Save As makes a VAMAS file with the spectra and their fit."
_SPECS = "In SpecsLab Prodigy: mark the regions, then Export > VAMAS or XY."
_SES = "In SES: save regions as text (*.txt), or export VAMAS."
_LABSPEC = "In LabSpec: Save as > Text (*.txt)."
_WITEC = "In WITec Project: Export > Table or ASCII."
_OPUS = "In OPUS: Save as > Data point table (ASCII)."
_TABLE = "Open the spectrum itself; a table of peaks has none."

SIGNATURES: tuple[tuple[bytes, Kind], ...] = (
    (b"\x89PNG\r\n", Kind("a PNG image")),
    (b"\xff\xd8\xff", Kind("a JPEG image")),
    (b"GIF8", Kind("a GIF image")),
    (b"BM", Kind("a BMP image")),
    (b"II*\x00", Kind("a TIFF image")),
    (b"MM\x00*", Kind("a TIFF image")),
    (b"%PDF", Kind("a PDF document")),
    (b"{\\rtf", Kind("an RTF document", "Save it as plain text.")),
    (b"\x1f\x8b", Kind("a gzip archive", "Unpack it first.")),
    (b"7z\xbc\xaf", Kind("a 7-Zip archive", "Unpack it first.")),
    (b"Rar!", Kind("a RAR archive", "Unpack it first.")),
    (b"BZh", Kind("a bzip2 archive", "Unpack it first.")),
    (b"\x89HDF\r\n", Kind("an HDF5 file without a NeXus entry", "Export NeXus, VAMAS or text.")),
    (
        b"\xd0\xcf\x11\xe0",
        Kind(
            "an OLE document without a spectrum (.xls, .doc, Avantage project .vgp)",
            "Open the .VGD files of an Avantage project; save an old workbook as .xlsx."
            f" {_AVANTAGE}",
        ),
    ),
    (
        b"SQLite format 3",
        Kind("an SQLite database that holds no schedule of SpecsLab Prodigy (.sle)", _SPECS),
    ),
    (b"IGOR", Kind("an Igor text file (.itx)", _SES)),
    (b"\x00\x02", Kind("an old Igor binary wave (.ibw, version 2)", _SES)),
    (b"\x02\x00", Kind("an old Igor binary wave (.ibw, version 2)", _SES)),
    (b"\x00\x05", Kind("a damaged Igor binary wave (.ibw)", _SES)),
    (b"\x05\x00", Kind("a damaged Igor binary wave (.ibw)", _SES)),
    (b"NGSNextGen", Kind("a LabSpec 5 file (.ngs)", _LABSPEC)),
    (b"\x57IT_", Kind("a WITec project (.wip)", _WITEC)),
    (b"\x57IT^", Kind("a WITec project (.wip)", _WITEC)),
    (b"\n\n\xfe\xfe", Kind("a Bruker OPUS file", _OPUS)),
    (b"\x7fELF", Kind("a program")),
    (b"MZ", Kind("a program")),
)

TEXT_SIGNATURES: tuple[tuple[str, Kind], ...] = (
    (r"\A\s*<(!DOCTYPE )?html", Kind("a web page (HTML)")),
    (
        r"\A\s*<Chart PaletteCustomColors",
        Kind("the picture that Avantage keeps beside a spectrum", "Open the .VGD of that name."),
    ),
    (
        r"\A\s*<\?xml(?s:.{0,400})CORBA XML document",
        Kind("a SpecsLab 2 XML file without regions", _SPECS),
    ),
    (r"\A\s*<[?!\w]", Kind("an XML file", "Export the spectra as text, VAMAS or NeXus.")),
    (
        r"\A\s*LG4X.*\s+^\[\[Data file\]\]",
        Kind("the report of a fit of LG4X", "Open the _fit.csv beside it."),
    ),
    (
        r"\A\s*\[(\[\d[^\[\]]*\]|\d+), \[\[[^{}\"\n]*''",
        Kind("the settings of a fit of LG4X (*_pars.dat)", "Open the _fit.csv of that fit."),
    ),
    (r"\A\s*[{]|\A\s*\[\s*[\[{\"\]]", Kind("a JSON file", "Export the spectra as text.")),
    (r"\A\s*##\w[\w .]*=", Kind("a piece of a JCAMP-DX file", "It begins with ##TITLE=.")),
    (
        r"^VAMAS Surface Chemical Analysis Standard Data Transfer Format",
        Kind("a VAMAS file with lines before its first", "Take out what stands before that line."),
    ),
    (r"\ANIST/ITL StRD", Kind("a NIST statistical reference data set")),
    (
        r"^data_\S*\s*^(?s:.*)^(loop_|_\w+)",
        Kind("a CIF file (as of the Raman Open Database)", "Take its columns out as text."),
    ),
    (
        r"^Name\tPosition\tFWHM\t(Raw )?Area",
        Kind("a CasaXPS report table of fitted peaks", _CASAXPS),
    ),
    (r"^label[;,\t]model[;,\t]x0", Kind("a table of fitted peaks", _TABLE)),
    (r"^CASA region|^Casa Info Follows", Kind("a piece of a VAMAS file", _CASAXPS)),
)


def looks_like(head: bytes) -> Kind:
    """Return what a file beginning with `head` looks like; `Kind` without words if unknown.

    Parameters
    ----------
    head : bytes
        The first few KB of the file.
    """
    for signature, kind in SIGNATURES:
        if head.startswith(signature) and (len(signature) > 2 or not is_text(head)):
            return kind
    if head.startswith(b"PK\x03\x04"):
        return Kind("a ZIP archive that is not an Excel workbook", "Unpack it first.")
    if head[1:2] in (b"K", b"L", b"M") and not is_text(head):
        return Kind("a damaged Galactic .spc file", "Copy it again, or export text in columns.")
    if not is_text(head):
        return Kind(
            "a binary file", "Export the spectra as text, VAMAS or NeXus in their own program."
        )
    return _looks_like_text_format(head)


def _looks_like_text_format(head: bytes) -> Kind:
    text = head.decode("latin-1").replace("\r\n", "\n").removeprefix("\xef\xbb\xbf")
    for pattern, kind in TEXT_SIGNATURES:
        if re.search(pattern, text, re.MULTILINE):
            return kind
    return Kind()


_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\x1a"))


def is_text(head: bytes) -> bool:
    """Return whether a file that begins so is text: no zero bytes, hardly a control character."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or is_utf16_without_mark(head):
        return True
    control = len(head) - len(head.translate(None, _CONTROL))
    return b"\x00" not in head and control <= len(head) // 200


def is_utf16_without_mark(head: bytes) -> bool:
    """Return whether every second byte is nearly always zero, as ASCII in UTF-16."""
    sample = head[:400]
    if len(sample) < 8:
        return False
    odd, even = sample[1::2].count(0), sample[0::2].count(0)
    return max(odd, even) > 0.9 * (len(sample) // 2) and min(odd, even) == 0
