"""The works a report cites as BibTeX and RIS, for manuscripts and reference managers.

The sources are known as they are printed: authors, journal, volume, first page, year, DOI. What
reads so becomes an article; anything else is one entry with its words as title. No title of an
article is made up: a reference manager fetches it by the DOI.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from .references import DOI

_LEAD = re.compile(r"^.*\b(?:e\.g\.|see) (?=[A-Z])")
_JOURNAL = r"(?P<journal>[A-Z][A-Za-z]*\.?(?: (?:[A-Z][A-Za-z]*\.?|of|and|in))*)"
_PAGE = r"(?P<pages>[A-Z]?\d+)"
_ARTICLES = tuple(
    re.compile(pattern)
    for pattern in (
        # S. Tougaard, Surf. Interface Anal. 11, 453 (1988)
        rf"(?:(?P<authors>.+?), )?{_JOURNAL} (?P<volume>\d+), {_PAGE} \((?P<year>\d{{4}})\)"
        r"(?:,? (?P<note>.+))?",
        # Su et al., Adv. Funct. Mater. (2025); the page may follow
        rf"(?:(?P<authors>.+?), )?{_JOURNAL} \((?P<year>\d{{4}})\)(?:, {_PAGE}(?![^ ]))?"
        r"(?:,? (?P<note>.+))?",
        # Koerver 2017, J. Mater. Chem. A 5, 22750
        rf"(?P<authors>[^,\d]+) (?P<year>\d{{4}}), {_JOURNAL}(?: (?P<volume>\d+), {_PAGE})?",
    )
)
# (2012); of a standard, 19830:2015; of a first word, Schlenker 2020
_YEAR = re.compile(r"\(((?:19|20)\d\d)\)|\d:((?:19|20)\d\d)\b|^\w+ ((?:19|20)\d\d)(?=,|$)")
_TEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        **{sign: f"\\{sign}" for sign in "$&#%_"},
    }
)
_DOI_IN_BRACES = str.maketrans({"{": "%7B", "}": "%7D"})


@dataclass(frozen=True)
class Citation:
    """One work, taken apart.

    Attributes
    ----------
    key : str
        What a manuscript calls it, e.g. ``tougaard1988``.
    printed : str
        As the report prints it, with its number.
    doi : str
        Empty if none is known.
    title : str
        The words of a work that is no article; an article's title is not known.
    authors : tuple of str
        As printed, e.g. ``("S. Tougaard",)``.
    others : bool
        Whether "et al." follows.
    journal, volume, pages, year, note : str
        Empty where the source does not say.
    """

    key: str = ""
    printed: str = ""
    doi: str = ""
    title: str = ""
    authors: tuple[str, ...] = ()
    others: bool = False
    journal: str = ""
    volume: str = ""
    pages: str = ""
    year: str = ""
    note: str = ""


def citations(works: Sequence[str]) -> tuple[Citation, ...]:
    """Take printed works apart.

    Parameters
    ----------
    works : sequence of str
        As the report prints them, in the order of their numbers.

    Returns
    -------
    tuple of Citation
        One for each work, or for each DOI of a work that has several; no two have one key.
    """
    found: list[Citation] = []
    taken: set[str] = set()
    for number, work in enumerate(works, 1):
        for words, doi in _pieces(work):
            parsed = _parsed(words)
            key = _free(_key(parsed), taken)
            taken.add(key)
            found.append(replace(parsed, key=key, printed=f"[{number}] {work}", doi=doi))
    return tuple(found)


def _pieces(work: str) -> Iterator[tuple[str, str]]:
    """Yield the words and the DOI of each work that stands in one text."""
    dois = list(DOI.finditer(work))
    if not dois:
        yield _bare(work), ""
    place = 0
    for found in dois:
        last = found is dois[-1]
        tail = _bare(work[found.end() :].lstrip(".")) if last else ""
        words = _bare(work[place : found.start()])
        yield ", ".join(part for part in (words, tail) if part), found[1]
        place = found.end()


def _bare(text: str) -> str:
    return text.strip(" ,;")


def _parsed(words: str) -> Citation:
    """Return what a citation says, without key and DOI."""
    for pattern in _ARTICLES:
        if match := pattern.fullmatch(_LEAD.sub("", words)):
            said = {name: value or "" for name, value in match.groupdict().items()}
            names, others, _ = said.pop("authors").partition(" et al.")
            authors = tuple(name for name in re.split(r", | and ", names) if name)
            return Citation(authors=authors, others=bool(others), **said)
    year = _YEAR.search(words)
    return Citation(title=words, year=next(filter(None, year.groups())) if year else "")


def _key(work: Citation) -> str:
    """Return the first author's family name, or the first word, with the year."""
    first = work.authors[0].split()[-1] if work.authors else work.journal or work.title
    spelled = unicodedata.normalize("NFKD", first).encode("ascii", "ignore").decode().lower()
    name = re.search(r"[a-z0-9]+", spelled.replace("-", ""))
    return f"{name[0] if name else 'work'}{work.year}"


def _free(key: str, taken: set[str]) -> str:
    """Return a key that is not taken yet: ``su2025``, ``su2025-2``."""
    number, free = 1, key
    while free in taken:
        number += 1
        free = f"{key}-{number}"
    return free


# ---------------------------------------------------------------------------------
# Files


def bibtex(works: Sequence[str]) -> str:
    """Return works as a BibTeX file; the citation as printed is the field `annote`.

    Parameters
    ----------
    works : sequence of str
        As the report prints them, in the order of their numbers.
    """
    return "\n".join(_bibtex_entry(citation) for citation in citations(works))


def _bibtex_entry(work: Citation) -> str:
    names = [*work.authors, *(["others"] if work.others else [])]
    fields = {
        "author": _tex(" and ".join(names)),
        "title": f"{{{_tex(work.title)}}}" if work.title else "",  # capitals stay
        "journal": _tex(work.journal),
        "volume": work.volume,
        "pages": work.pages,
        "year": work.year,
        "doi": work.doi.translate(_DOI_IN_BRACES),
        "note": _tex(work.note),
        "annote": _tex(work.printed),
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    kind = "article" if work.journal else "misc"
    return "\n".join([f"@{kind}{{{work.key},", *lines, "}", ""])


def _tex(text: str) -> str:
    return text.translate(_TEX)


def ris(works: Sequence[str]) -> str:
    """Return works as an RIS file; the citation as printed is the note ``N1``.

    Parameters
    ----------
    works : sequence of str
        As the report prints them, in the order of their numbers.
    """
    return "".join(f"{tag}  - {value}\r\n" for w in citations(works) for tag, value in _tags(w))


def _tags(work: Citation) -> Iterable[tuple[str, str]]:
    yield "TY", "JOUR" if work.journal else "GEN"
    yield "ID", work.key
    for name in work.authors:
        given, _, family = name.rpartition(" ")
        yield "AU", f"{family}, {given}" if given else family
    values = {
        "TI": work.title,
        "JO": work.journal,
        "VL": work.volume,
        "SP": work.pages,
        "PY": work.year,
        "DO": work.doi,
    }
    yield from ((tag, value) for tag, value in values.items() if value)
    yield "N1", work.printed
    yield "ER", ""
