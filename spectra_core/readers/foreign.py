"""What a file is when it is not a spectrum Doublet reads.

A user who opens the wrong file is helped most by being told what it is. The
table below knows the first bytes of common files; order matters only where one
signature contains another.
"""

from __future__ import annotations

import re

SIGNATURES: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"BM", "a BMP image"),
    (b"II*\x00", "a TIFF image"),
    (b"MM\x00*", "a TIFF image"),
    (b"%PDF", "a PDF document"),
    (b"{\\rtf", "an RTF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\x89HDF\r\n", "an HDF5 or NeXus file that Doublet did not write"),
    (b"\xd0\xcf\x11\xe0", "an OLE document (.xls, .doc, .vgd, .vgp, .asn)"),
    (b"SQLite format 3", "an SQLite database (SPECS .sle is one)"),
    (b"WDF1", "a Renishaw .wdf file"),
    (b"SOFH", "a PHI .spe or .pro file"),
    (b"IGOR", "an Igor Pro file"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)

TEXT_SIGNATURES: tuple[tuple[str, str], ...] = (
    (r"\A\s*<(!DOCTYPE )?html", "a web page (HTML)"),
    (r"\A\s*<[?!\w]", "an XML file"),
    (r"\A\s*[{]|\A\s*\[\s*[\[{\"\]]", "a JSON file"),
    (r"\A\s*##\w[\w .]*=", "a JCAMP-DX file"),
    (r"^VAMAS Surface Chemical Analysis Standard Data Transfer Format", "a VAMAS file"),
    (r"\ANIST/ITL StRD", "a NIST statistical reference data set"),
    (r"^data_\S*\s*^(?s:.*)^(loop_|_\w+)", "a CIF file (as of the Raman Open Database)"),
    (r"^Name\tPosition\tFWHM\t(Raw )?Area", "a CasaXPS report table of fitted peaks"),
    (r"^label[;,\t]model[;,\t]x0", "a table of fitted peaks"),
    (r"^CASA region|^Casa Info Follows", "a piece of a VAMAS file"),
)


def looks_like(head: bytes) -> str:
    """Return what a file beginning with `head` looks like, or an empty string.

    Parameters
    ----------
    head : bytes
        The first few KB of the file.
    """
    for signature, words in SIGNATURES:
        if head.startswith(signature) and (len(signature) > 2 or not _is_text(head)):
            return words
    if head.startswith(b"PK\x03\x04"):
        return "a ZIP archive that is not an Excel workbook"
    if not _is_text(head):
        return "a binary file"
    return _looks_like_text_format(head)


def _looks_like_text_format(head: bytes) -> str:
    text = head.decode("latin-1").replace("\r\n", "\n").removeprefix("\xef\xbb\xbf")
    for pattern, words in TEXT_SIGNATURES:
        if re.search(pattern, text, re.MULTILINE):
            return words
    return ""


def _is_text(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or is_utf16_without_mark(head):
        return True
    control = sum(byte < 32 and byte not in b"\t\n\r\f\x1a" for byte in head)
    return b"\x00" not in head and control <= len(head) // 200


def is_utf16_without_mark(head: bytes) -> bool:
    """Return whether every second byte is nearly always zero, as ASCII in UTF-16."""
    sample = head[:400]
    if len(sample) < 8:
        return False
    odd, even = sample[1::2].count(0), sample[0::2].count(0)
    return max(odd, even) > 0.9 * (len(sample) // 2) and min(odd, even) == 0
