"""The sources of a report as BibTeX and RIS, read back by parsers that share no code with them."""

from __future__ import annotations

import re

import pytest

from spectra_core.curves.backgrounds import background_kind
from spectra_core.library import load_library
from spectra_core.report.citations import bibtex, ris
from spectra_core.report.provenance import works_of_keys
from spectra_core.report.references import published

SICI = "10.1002/(SICI)1096-9918(199703)25:3<137::AID-SIA230>3.0.CO;2-L"


def read_bibtex(text: str) -> dict[str, dict[str, str]]:
    """Read entries by counting braces as BibTeX does: one behind a backslash counts, too."""
    entries: dict[str, dict[str, str]] = {}
    place = 0
    while (place := text.find("@", place)) >= 0:
        kind, key = re.match(r"@(\w+)\{([a-z0-9-]+),", text[place:]).groups()
        assert kind in ("article", "misc") and key not in entries
        place += text[place:].index(",") + 1
        fields = {"": kind}
        while found := re.match(r"\s*(\w+) = \{", text[place:]):
            place += found.end()
            first, depth = place, 1
            while depth:
                depth += {"{": 1, "}": -1}.get(text[place], 0)
                place += 1
            assert text[place] == ","
            place += 1
            fields[found[1]] = text[first : place - 2]
        closed = re.match(r"\s*\}\n", text[place:])
        assert closed, text[place : place + 40]
        place += closed.end()
        entries[key] = fields
    return entries


def read_ris(text: str) -> dict[str, list[tuple[str, str]]]:
    entries: dict[str, list[tuple[str, str]]] = {}
    record: list[tuple[str, str]] = []
    assert text.endswith("\r\n")
    for line in text.removesuffix("\r\n").split("\r\n"):
        tag, value = re.fullmatch(r"([A-Z][A-Z0-9])  - (.*)", line).groups()
        assert (tag == "TY") == (not record), line
        record.append((tag, value))
        if tag == "ER":
            key = dict(record)["ID"]
            assert key not in entries
            entries[key] = record
            record = []
    assert not record
    return entries


def untex(text: str) -> str:
    words = {"backslash": "\\", "braceleft": "{", "braceright": "}"}
    words |= {"asciitilde": "~", "asciicircum": "^"}
    return re.sub(r"\\text(\w+)\{\}|\\(.)", lambda m: words[m[1]] if m[1] else m[2], text)


@pytest.fixture(scope="module")
def library_works() -> list[str]:
    return works_of_keys(load_library().sources)


def test_every_doi_and_every_source_of_the_report_is_in_both_files(files):
    page = files["html"].read_text(encoding="utf-8")
    linked = set(re.findall(r"https://doi\.org/([^\"&]+)\"", page))
    assert len(linked) >= 3
    bib = read_bibtex(files["bib"].read_text(encoding="utf-8"))
    records = read_ris(files["ris"].read_bytes().decode("utf-8"))
    assert linked == {entry["doi"] for entry in bib.values() if "doi" in entry}
    assert linked == {value for record in records.values() for tag, value in record if tag == "DO"}
    assert set(re.findall(r"doi:(10\.\d{4,9}/[^\s<]*[^\s<.,;])", page)) == linked
    numbers = {entry["annote"].partition("]")[0] for entry in bib.values()}
    assert numbers == {f"[{i + 1}" for i in range(len(bib))}
    assert list(bib) == list(records)


def test_an_article_is_taken_apart():
    work = (
        "G. J. Feldman, R. D. Cousins, Phys. Rev. D 57, 3873 (1998), doi:10.1103/PhysRevD.57.3873"
    )
    assert read_bibtex(bibtex([work])) == {
        "feldman1998": {
            "": "article",
            "author": "G. J. Feldman and R. D. Cousins",
            "journal": "Phys. Rev. D",
            "volume": "57",
            "pages": "3873",
            "year": "1998",
            "doi": "10.1103/PhysRevD.57.3873",
            "annote": f"[1] {work}",
        }
    }
    assert read_ris(ris([work]))["feldman1998"] == [
        ("TY", "JOUR"),
        ("ID", "feldman1998"),
        ("AU", "Feldman, G. J."),
        ("AU", "Cousins, R. D."),
        ("JO", "Phys. Rev. D"),
        ("VL", "57"),
        ("SP", "3873"),
        ("PY", "1998"),
        ("DO", "10.1103/PhysRevD.57.3873"),
        ("N1", f"[1] {work}"),
        ("ER", ""),
    ]


@pytest.mark.parametrize(
    ("work", "said"),
    [
        ("Su et al., Adv. Funct. Mater. (2025), doi:10.1/x", {"author": "Su and others"}),
        ("Nature (2025), Li-B-P-S-I glass", {"journal": "Nature", "note": "Li-B-P-S-I glass"}),
        ("Koerver 2017, J. Mater. Chem. A 5, 22750", {"volume": "5", "year": "2017"}),
        ("Energy Environ. Sci. (2022), 3470 (LPSCl)", {"pages": "3470", "note": "(LPSCl)"}),
        (
            "The hull, e.g. J. J. Wang et al., Appl. Opt. 5, 6 (2017)",
            {"author": "J. J. Wang and others"},
        ),
        ("ISO 19830:2015, Reporting", {"title": "{ISO 19830:2015, Reporting}", "year": "2015"}),
        ("Greczynski 2017, carbon as a reference", {"": "misc", "year": "2017"}),
    ],
)
def test_other_ways_to_cite(work, said):
    (entry,) = read_bibtex(bibtex([work])).values()
    assert said.items() <= entry.items()


def test_years_of_others_are_not_the_year_of_a_database():
    (entry,) = read_bibtex(bibtex(["A database (SRD 20): Abraham 1986, Wren 1979"])).values()
    assert "year" not in entry


def test_no_word_of_the_library_s_sources_is_lost(library_works):
    bib = read_bibtex(bibtex(library_works))
    assert len(bib) == len(library_works)
    for work, (key, entry) in zip(library_works, bib.items(), strict=True):
        assert untex(entry["annote"]).partition("] ")[2] == work
        said = " ".join(untex(value) for name, value in entry.items() if name != "annote")
        words = re.findall(r"\w+", re.sub(r"doi:|et al\.", "", work))
        assert set(words) <= set(re.findall(r"\w+", said)), key
    assert list(read_ris(ris(library_works))) == list(bib)


def test_a_doi_with_a_semicolon_is_whole():
    (work,) = published(background_kind("tougaard_u3").reference)
    assert read_bibtex(bibtex([work]))["tougaard1997"]["doi"] == SICI
    assert dict(read_ris(ris([work]))["tougaard1997"])["DO"] == SICI


def test_two_dois_of_one_text_are_two_entries():
    text = (
        "A. Su, Phys. Rev. 1, 2 (1960), doi:10.1000/a, B. Su, Phys. Rev. 3, 4 (1960), doi:10.1000/b"
    )
    found = read_bibtex(bibtex([text]))
    assert {key: entry["doi"] for key, entry in found.items()} == {
        "su1960": "10.1000/a",
        "su1960-2": "10.1000/b",
    }


@pytest.mark.parametrize("text", ["}, @misc{x, a = {b}", "50 % of $x_1 & #2 \\ {~^", "物理 (2020)"])
def test_signs_of_bibtex_in_a_source_break_no_file(text):
    (entry,) = read_bibtex(bibtex([text])).values()
    assert untex(entry["annote"]) == f"[1] {text}"
