"""From bytes to text: the encoding is found, because no instrument writes which it used."""

from __future__ import annotations

import codecs

from ..errors import ReadError
from .foreign import is_text, is_utf16_without_mark
from .vocabulary import n_foreign_words

_NATIONAL = (
    "cp1252",
    "gb18030",
    "cp932",
    "euc_jp",
    "cp949",
    "big5",
    "cp1251",
    "koi8_r",
    "cp866",
    "cp1250",
    "cp1254",
)
_END_OF_FILE = b"\x1a"
"""What DOS programs write behind the last line."""
_SAMPLE_LINES = 200
_SAMPLE_BYTES = 4096


def plain_head(head: bytes) -> bytes:
    """Return the beginning of a text file as the named readers know it; of others as it is.

    Without blank lines and mark at the start, in UTF-8 where it was in UTF-16, and with the
    line ends of today where it had only those of old Macintoshes.
    """
    if not is_text(head):
        return head
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or is_utf16_without_mark(head):
        head = decode(head).encode()
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    return head if b"\n" in head else head.replace(b"\r", b"\n")


def decode(data: bytes, encoding: str | None = None) -> str:
    """Return the text of a file in any of the usual encodings.

    Parameters
    ----------
    data : bytes
        A file, or its beginning; a letter cut in two at the end is left out.
    encoding : str or None
        What the user says; None finds out.

    Raises
    ------
    ReadError
        If `encoding` is given and unknown, or does not fit the bytes.

    Notes
    -----
    UTF-8 and UTF-16 are recognised for certain. Of the national encodings the one is
    taken in which the headings have the most known words (``Énergie``, ``结合能``);
    if they have none, Latin-1, in which every byte is a letter.
    """
    if data.rstrip(b"\r\n").endswith(_END_OF_FILE):
        data = data.rstrip(b"\r\n").removesuffix(_END_OF_FILE)
    if encoding is None:
        return _decoded(data, _guessed_encoding(data))
    try:
        return data.decode(encoding)
    except (LookupError, UnicodeError) as error:
        raise ReadError(
            f"the text cannot be decoded as {encoding} ({error}).",
            hint="Leave the encoding out, or give another, e.g. --encoding cp1252.",
        ) from error


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return codecs.getincrementaldecoder(encoding)().decode(data, final=False)
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _guessed_encoding(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if is_utf16_without_mark(data):
        return "utf-16-le" if data[1] == 0 else "utf-16-be"
    if data.isascii() or _fits(data, "utf-8"):
        return "utf-8-sig"
    if b"\0" in data[:_SAMPLE_BYTES]:  # no text at all: no encoding is worth looking for
        return "latin-1"
    return _national_encoding(data)


def _fits(data: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)().decode(data, final=False)
    except UnicodeDecodeError:
        return False
    return True


def _national_encoding(data: bytes) -> str:
    lines = [line for line in data.splitlines() if not line.isascii()][:_SAMPLE_LINES]
    sample = b"\n".join(lines)
    fitting = [encoding for encoding in _NATIONAL if _fits(sample, encoding)]
    words = {e: n_foreign_words(sample.decode(e, "ignore")) for e in fitting}
    best = max(words, key=lambda encoding: words[encoding], default="latin-1")
    return best if words.get(best) else "latin-1"
