"""Every format of a report prints the numbers of the results file with the same digits.

The truth is results.json, which is never rounded: each of its numbers is rounded here by
decimal arithmetic, and must be found in what a reader of the format gets out of the file.
"""

from __future__ import annotations

import html
import re
import time
import zipfile
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Decimal

import openpyxl
import pytest
from docx import Document
from pypdf import PdfReader

from spectra_core.errors import ReadError, WriteError
from spectra_core.report import build_report, write_report
from spectra_core.report.html import render_html
from spectra_core.report.template import load_template


def two_digits(value: float, stderr: float) -> tuple[str, str]:
    """Round independently of the program: two digits of the error, decimals to match."""
    error = Decimal(repr(stderr))
    place = Decimal(1).scaleb(error.adjusted() - 1)
    error = error.quantize(place, ROUND_HALF_EVEN)
    if error.adjusted() - place.adjusted() > 1:
        place = place.scaleb(1)
        error = error.quantize(place, ROUND_HALF_EVEN)
    rounded = Decimal(repr(value)).quantize(place, ROUND_HALF_EVEN)
    return f"{rounded:f}", f"{error:f}"


@pytest.fixture(scope="module")
def printed(document):
    """Every measured number as it must be printed: components, totals, ratios."""
    (fit,) = document["fits"]
    numbers = [c["position"] for c in fit["components"]]
    numbers += [c["parameters"][n] for c in fit["components"] for n in ("fwhm", "area", "mix")]
    numbers += [d["area"] for d in fit["doublets"]]
    numbers += fit["background"]["parameters"].values()
    for ratio in document["ratios"]:  # beside a ratio stands its total, where there is one
        error = ratio["budget"]["total"] or ratio["budget"]["counting"]
        numbers.append({"value": ratio["value"], "stderr": error})
    return [two_digits(n["value"], n["stderr"]) for n in numbers]


def spaced(text: str) -> str:
    return " ".join(text.replace("\u00a0", " ").split())


def html_text(path) -> str:
    text = re.sub(r"<(style|svg).*?</\1>", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r"</?(sub|sup|b|i|a|span)\b[^>]*>", "", text)
    return spaced(html.unescape(re.sub(r"<[^>]+>", " ", text)))


def pdf_text(path) -> str:
    return spaced(" ".join(page.extract_text() for page in PdfReader(path).pages))


def docx_text(path) -> str:
    document = Document(path)
    cells = [c.text for t in document.tables for row in t.rows for c in row.cells]
    return spaced(" ".join([p.text for p in document.paragraphs] + cells))


READ = {"html": html_text, "pdf": pdf_text, "docx": docx_text}


@pytest.fixture(scope="module")
def texts(files):
    return {kind: read(files[kind]) for kind, read in READ.items()}


@pytest.mark.parametrize("kind", READ)
def test_a_measured_number_has_the_digits_of_the_results_file(texts, printed, kind):
    assert len(printed) > 15
    missing = [n for n in printed if f"{n[0]} ± {n[1]}" not in texts[kind]]
    assert not missing


def sheet_rows(path, name):
    sheet = openpyxl.load_workbook(path)[name]
    rows = list(sheet.iter_rows(values_only=True))
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def test_the_workbook_holds_the_printed_numbers_as_numbers(files, document):
    (fit,) = document["fits"]
    rows = sheet_rows(files["xlsx"], "components")
    by_name = {row["component"]: row for row in rows}
    for component in fit["components"]:
        row, area = by_name[component["label"]], component["parameters"]["area"]
        value, error = two_digits(area["value"], area["stderr"])
        assert row["area / counts eV/s"] == float(value)
        assert row["area error / counts eV/s"] == float(error)
        value, error = two_digits(*(component["position"][k] for k in ("value", "stderr")))
        assert (row["position / eV"], row["position error / eV"]) == (float(value), float(error))


def test_a_cell_of_the_workbook_shows_the_printed_digits(files):
    sheet = openpyxl.load_workbook(files["xlsx"])["components"]
    titles = [cell.value for cell in sheet[1]]
    cell = sheet.cell(2, titles.index("position / eV") + 1)
    assert re.fullmatch(r"0\.0{3,4}", cell.number_format)


def test_the_workbook_has_every_parameter_unrounded(files, document):
    rows = {row["path"]: row for row in sheet_rows(files["xlsx"], "all digits")}
    (fit,) = document["fits"]
    for component in fit["components"]:
        for name, parameter in component["parameters"].items():
            row = rows[f"S 2p/{component['id']}/{name}"]
            # A workbook keeps 16 digits.
            assert row["value"] == pytest.approx(parameter["value"], rel=1e-15)
            assert row["standard error"] == pytest.approx(parameter["stderr"], rel=1e-15)


def test_the_workbook_has_the_curves(files, example_run):
    rows = sheet_rows(files["xlsx"], "S 2p fit-1")
    fit = example_run.fits[0].result.regions[0]
    assert [row["intensity / counts/s"] for row in rows] == fit.y.tolist()
    assert [row["envelope / counts/s"] for row in rows] == pytest.approx(fit.envelope, rel=1e-14)


@pytest.mark.parametrize("kind", READ)
@pytest.mark.parametrize(
    "words",
    [
        "SYNTHETIC DATA",
        "Methods",
        "not recorded",
        "A. Person (entered by the user)",
        "splitting fixed at 1.18 eV",
        "free between 160.9 and 162.1",
        "doi:10.1103/PhysRevB.5.4709",
        "Voigt function",
        "Poisson variance",
        'schema = "doublet-recipe/1"',
        "numpy",
    ],
)
def test_a_report_states(texts, kind, words):
    assert words in texts[kind]


@pytest.mark.parametrize("kind", READ)
def test_a_report_has_the_checksum_of_its_input(texts, document, kind):
    checksum = document["inputs"][0]["sha256"]
    # A PDF breaks 64 letters at the edge of their column.
    assert checksum in texts[kind].replace(" ", "")


def test_the_charge_of_a_species_is_raised_and_its_number_lowered(files):
    page = files["html"].read_text(encoding="utf-8")
    assert "PS<sub>4</sub><sup>3−</sup>" in page
    runs = [
        (run.text, run.font.subscript, run.font.superscript)
        for table in Document(files["docx"]).tables
        for cell in table._cells
        for run in cell.paragraphs[0].runs
    ]
    assert any(text == "4" and lowered for text, lowered, _ in runs)
    assert any(text == "3−" and raised for text, _, raised in runs)


def test_a_figure_has_residuals_and_falling_energy_in_every_report(example_run):
    (section,) = [s for s in build_report(example_run).sections if s.key == "region-1"]
    upper, lower = section.blocks[0].drawing.axes
    assert upper.get_xlim()[0] > upper.get_xlim()[1]
    assert "Residual" in lower.get_ylabel()


def test_the_same_run_gives_the_same_files(example_run, files, tmp_path):
    report = build_report(example_run, entries={"operator": "A. Person"})
    for kind in ("html", "pdf", "xlsx"):
        write_report(report, tmp_path / f"again.{kind}")
        assert (tmp_path / f"again.{kind}").read_bytes() == files[kind].read_bytes(), kind


def test_one_html_file_needs_no_other(files):
    page = files["html"].read_text(encoding="utf-8")
    assert "<svg" in page and "<script" not in page
    assert not re.search(r'(src|href)="(?!#|https://doi\.org/)', page)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_an_unknown_format_is_an_error(example_run, tmp_path):
    with pytest.raises(WriteError, match="odt"):
        write_report(build_report(example_run), tmp_path / "report.odt")


# Templates


def test_an_own_style_sheet_and_page_replace_the_shipped_ones(example_run, tmp_path):
    (tmp_path / "report.css").write_text("body { color: rebeccapurple; }")
    (tmp_path / "style.toml").write_text('page = "letter"\nfooter = "Own laboratory"\n')
    template = load_template(tmp_path)
    report = build_report(example_run)
    for kind in ("html", "pdf"):
        write_report(report, tmp_path / f"own.{kind}", template=template)
    assert "rebeccapurple" in (tmp_path / "own.html").read_text(encoding="utf-8")
    page = PdfReader(tmp_path / "own.pdf").pages[0]
    assert float(page.mediabox.width) == 612.0
    assert "Own laboratory" in page.extract_text()


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("style.toml", "pagesize = 1", "pagesize"),
        ("style.toml", 'ink = "red; }"', "ink"),
        ("style.toml", "text = -4", "text"),
        ("style.toml", "text = ", "not TOML"),
        ("report.pptx", "", "no template"),
    ],
)
def test_a_wrong_template_is_an_error_that_names_it(tmp_path, name, text, words):
    (tmp_path / name).write_text(text)
    with pytest.raises(ReadError, match=words):
        load_template(tmp_path / name)


@pytest.mark.parametrize(
    "text", ["{{ report.nothing }}", "{% if %}", "{{ ''.__class__.__mro__[1].__subclasses__() }}"]
)
def test_a_template_that_is_wrong_or_reaches_out_is_stopped(example_run, tmp_path, text):
    (tmp_path / "report.html").write_text(text)
    with pytest.raises(ReadError, match="template is wrong"):
        write_report(
            build_report(example_run), tmp_path / "own.html", template=load_template(tmp_path)
        )


@pytest.mark.parametrize(
    "text",
    [
        "\n{{ 1/0 }}",
        "\n{{ 'x' * 10**9 }}",
        "\n{{ 10 ** 10 ** 9 }}",
        "\n{{ report.title + 1 }}",
        "\n{{ [1, 2][7].x }}",
    ],
)
def test_a_mistake_in_an_expression_is_a_sentence_with_its_line(example_run, tmp_path, text):
    (tmp_path / "report.html").write_text(text)
    with pytest.raises(ReadError, match="template is wrong in line 2"):
        write_report(
            build_report(example_run), tmp_path / "own.html", template=load_template(tmp_path)
        )


def test_a_template_without_end_is_stopped(example_run, tmp_path):
    nest = "".join(f"{{% for i{n} in range(99999) %}}" for n in range(6))
    (tmp_path / "report.html").write_text("<p>\n" + nest + "{% endfor %}" * 6)
    template = load_template(tmp_path)
    with pytest.raises(ReadError, match=r"takes more than 0.2 s in line 2"):
        render_html(build_report(example_run), template, seconds=0.2)


# Hostile text


def test_hostile_text_is_text_in_html(hostile_files):
    _, files = hostile_files
    page = files["html"].read_text(encoding="utf-8")
    assert "<script" not in page and "<img" not in page
    assert "<script>alert(1)</script>" in html_text(files["html"])


@pytest.fixture(scope="module")
def hostile_texts(hostile_files):
    return {kind: read(hostile_files[1][kind]) for kind, read in READ.items()}


@pytest.mark.parametrize("kind", READ)
def test_hostile_names_are_shown_in_every_format(hostile_texts, kind):
    text = hostile_texts[kind].replace(" ", "")
    for words in ("<script>alert(1)</script>", "=HYPERLINK(", "../../../outside", "@SUM(1)"):
        assert words in text
    assert "x" * 200 not in text and "\u202e" not in text and "\x07" not in text


def test_no_cell_of_a_workbook_is_a_formula(hostile_files):
    _, files = hostile_files
    with zipfile.ZipFile(files["xlsx"]) as parts:
        sheets = [parts.read(name).decode() for name in parts.namelist() if "/sheet" in name]
        assert not any("hyperlink" in name for name in parts.namelist())
    assert sheets and not any("<f>" in sheet or "<hyperlink" in sheet for sheet in sheets)
    values = [row["sample"] for row in sheet_rows(files["xlsx"], "fits")]
    assert '=HYPERLINK("http://example.org")' in values


def test_an_emoji_is_kept_or_printed_as_its_code_point(hostile_texts):
    assert "\U0001f600" in hostile_texts["html"]
    assert "\U0001f600" in hostile_texts["docx"]
    pdf = hostile_texts["pdf"].replace(" ", "")
    assert "[U+1F600]" in pdf
    assert ("中" in pdf) != ("[U+4E2D]" in pdf)


def test_chinese_letters_come_from_a_font_of_the_machine_or_stay_code_points(monkeypatch):
    from matplotlib import font_manager

    from spectra_core.report.pdf_letters import REGULAR, letters

    fonts = font_manager.findSystemFonts()
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [])
    assert list(letters.__wrapped__().pieces("正极 A", REGULAR)) == [
        (REGULAR, "[U+6B63][U+6781] A")
    ]
    monkeypatch.undo()
    if not any("DroidSansFallback" in font for font in fonts):
        pytest.skip("this machine has no font with Chinese letters that a PDF can hold")
    (own, piece), _ = letters.__wrapped__().pieces("正极 A", REGULAR)
    assert own != REGULAR and piece == "正极"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["html", "pdf", "docx", "xlsx"])
def test_a_report_of_sixty_regions_takes_less_than_half_a_minute(example_run, tmp_path, kind):
    (record,) = example_run.fits
    fits = tuple(replace(record, id=f"fit-{i}", sample=f"level {i}") for i in range(1, 61))
    many = replace(example_run, fits=fits)
    started = time.process_time()
    write_report(build_report(many), tmp_path / f"report.{kind}")
    assert time.process_time() - started < 30.0
