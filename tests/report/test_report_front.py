"""The first two pages say what the results say, and nothing else."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest
from pypdf import PdfReader

from spectra_core.datafiles import data_path
from spectra_core.recipe.text import load_recipe
from spectra_core.referee.context import Finding
from spectra_core.report import build_report, write_report
from spectra_core.report.document import Beside, Figure, Paragraph, ReportTable
from spectra_core.report.headline import headline
from spectra_core.report.pdf import page_label
from spectra_core.report.reported import Reported, reported_ratio
from spectra_core.report.samples import pairs_of, samples_of
from spectra_core.results.document import results_json
from spectra_core.runs.batch import run
from spectra_core.uncertainty.ratios import Budget

CELLS = ("bare_charged", "bare_discharged", "coated_charged", "coated_discharged")
PRINTED = (1.11, 0.97, 1.56, 0.56)  # Su et al. 2025, Table 1


@pytest.fixture(scope="module")
def done():
    """Return the bundled example, with the errors of the counts alone to be quick."""
    from spectra_core.recipe.compile import counting_alone

    folder = data_path("resources", "examples")
    recipe = counting_alone(load_recipe(folder / "su2025_fig5_fit.toml"))
    return run([folder / f"su2025_fig5_{cell}.vms" for cell in CELLS], recipe=recipe)


@pytest.fixture(scope="module")
def report(done):
    return build_report(done, made="2026-01-01")


@pytest.fixture(scope="module")
def pages(report, tmp_path_factory):
    path = tmp_path_factory.mktemp("front") / "report.pdf"
    write_report(report, path)
    return [" ".join(page.extract_text().split()) for page in PdfReader(path).pages]


def blocks_of(blocks):
    """Yield all blocks of a sheet, columns opened."""
    for block in blocks:
        if isinstance(block, Beside):
            for column in block.columns:
                yield from blocks_of(column)
        else:
            yield block


def texts(report, role):
    return [
        block.text.plain
        for sheet in report.front
        for block in blocks_of(sheet.blocks)
        if isinstance(block, Paragraph) and block.role == role
    ]


def with_ratio(record, **changes):
    """Return a record whose one ratio is changed."""
    (ratio,) = record.ratios
    return replace(record, ratios=(replace(ratio, **changes),))


def with_findings(done, *findings):
    """Return the run with the findings of each fit replaced, one sequence for each fit."""
    fits = tuple(
        replace(record, warnings=tuple(own))
        for record, own in zip(done.fits, findings, strict=True)
    )
    return replace(done, fits=fits)


# ---------------------------------------------------------------------------------
# Pages


def test_the_example_has_two_pages_before_the_appendix(pages):
    assert "1 of 2 · appendix A1" in pages[0]
    assert "2 of 2 · appendix A1" in pages[1]
    assert pages[2].endswith(f"A1 of A{len(pages) - 2}") or "A1 of A" in pages[2]
    assert "Appendix" in pages[2] and not any("Appendix Summary" in page for page in pages[:2])


def test_the_first_page_answers_and_has_the_figures(report, pages, done):
    assert "falls by" in pages[0] and "Quote" in pages[0]
    figures = [b for b in blocks_of(report.front[0].blocks) if isinstance(b, Figure)]
    assert len(figures) == len(done.fits)
    # The words of the panels are words of the PDF, not a picture of them.
    assert pages[0].count("Binding energy") == len(done.fits)


def test_the_second_page_proves(pages):
    for words in ("Components", "Fit quality", "Methods", "Not recorded", "References", "SHA-256"):
        assert words in pages[1]


def test_synthetic_data_are_labelled_on_every_page_and_in_every_panel(report, pages):
    assert all("SYNTHETIC DATA" in page for page in pages)
    headings = [text for text in texts(report, "heading") if "LPSCl" in text]
    assert len(headings) == 4 and all("synthetic" in text for text in headings)


def test_sixty_words_of_warning_are_gone(pages):
    assert not any("Warning." in page for page in pages)


@pytest.mark.parametrize(
    ("page", "front", "total", "label"),
    [
        (1, 2, 13, "1 of 2 · appendix A1–A11"),
        (2, 2, 3, "2 of 2 · appendix A1"),
        (3, 2, 13, "A1 of A11"),
        (1, 1, 1, "1 of 1"),
    ],
)
def test_pages_of_the_appendix_are_counted_apart(page, front, total, label):
    assert page_label(page, front, total) == label


@pytest.mark.parametrize("count", [1, 3, 5, 12, 20])
def test_any_number_of_samples_stays_on_two_pages(done, count, tmp_path):
    fits = []
    for i in range(count):
        record = done.fits[i % len(done.fits)]
        fits.append(replace(record, id=f"fit-{i}", sample=f"cell {i // 2}, state {i}"))
    made = build_report(replace(done, fits=tuple(fits)))
    appendix = tuple(section for section in made.sections if section.key == "origin")
    write_report(replace(made, sections=appendix), tmp_path / "report.pdf")
    pages = [page.extract_text() for page in PdfReader(tmp_path / "report.pdf").pages]
    assert "of 2" in pages[1] and "A1 of" in pages[2]
    figures = [b for b in blocks_of(made.front[0].blocks) if isinstance(b, Figure)]
    assert figures


# ---------------------------------------------------------------------------------
# Numbers


def test_the_table_has_the_numbers_of_the_results_file(report, done):
    import json

    (table,) = [
        b for b in report.front[0].blocks if isinstance(b, ReportTable) and b.columns[2].numeric
    ]
    document = json.loads(results_json(done))
    for row, ratio, printed in zip(table.rows, document["ratios"], PRINTED, strict=False):
        shown, value, error = row[2].text.plain, ratio["value"], ratio["stderr"]
        places = -math.floor(math.log10(error)) + 1
        assert float(shown) == pytest.approx(value, abs=0.51 * 10**-places)
        low, high = map(float, row[3].text.plain.split(" – "))
        assert (low, high) == pytest.approx(ratio["interval"], abs=10**-places)
        assert float(row[4].text.plain) == printed


def test_percent_and_sigma_of_the_headline_are_those_of_the_results(report, done):
    (text,) = texts(report, "lead")
    values = [(r.value, r.stderr) for _, r in done.ratios]
    told = [float(percent) for percent in re.findall(r"by (\d+) %", text)]
    for percent, (old, new) in zip(told, [(0, 1), (2, 3)], strict=True):
        change = 100 * (values[old][0] - values[new][0]) / values[old][0]
        assert percent == pytest.approx(change, abs=0.5)
    assert "falls by" in text and "rises" not in text


def test_shares_of_a_level_add_up(report):
    tables = [
        block
        for block in blocks_of(report.front[1].blocks)
        if isinstance(block, ReportTable) and block.columns[0].title.plain == "Species"
    ]
    assert len(tables) == 4
    for table in tables:
        assert sum(row[5].value for row in table.rows) == pytest.approx(100.0)


def test_the_budget_is_printed_in_whole_units_that_add_in_quadrature(done):
    budget = Budget(0.0077, None, None, None, 0.0009, 0.0023, 0.0, 0.00809)
    fits = tuple(with_ratio(record, budget=budget) for record in done.fits)
    made = build_report(replace(done, fits=fits))
    (table,) = [
        b for b in made.front[0].blocks if isinstance(b, ReportTable) and b.columns[2].numeric
    ]
    figures = [int(number) for number in re.findall(r"\d+", table.rows[0][-2].text.plain)]
    total = int(table.rows[0][-1].text.plain)
    assert figures == [77, 9, 23] and total == 81
    assert math.sqrt(sum(f * f for f in figures)) == pytest.approx(total, abs=1.5)
    assert "in units of 0.0001" in " ".join(texts(made, "small"))


# ---------------------------------------------------------------------------------
# Sentences


def test_print_is_found_for_the_same_sample_and_state_alone(done):
    found = [reported_ratio(record, record.ratios[0]) for record in done.fits]
    assert [f.value for f in found] == list(PRINTED)
    other = replace(done.fits[0], sample="Bare NCM811 + bare LPSCl, charged 4.4 V")
    assert reported_ratio(other, other.ratios[0]) is None
    renamed = replace(done.fits[0].ratios[0], name="another ratio")
    assert reported_ratio(done.fits[0], renamed) is None


def told(done, reported=None):
    names = list(dict.fromkeys(ratio.name for _, ratio in done.ratios))
    samples = samples_of(done, {record.id: record.warnings for record in done.fits})
    return headline(samples, names, reported or {}).plain


def test_an_interval_that_misses_print_is_said_to_miss_it(done):
    name = done.fits[0].ratios[0].name
    far = {(r.id, name): Reported("9.0", 9.0, "su2025", "") for r in done.fits}
    assert "No interval holds the value of Su 2025" in told(done, far)
    first = done.fits[0]
    near = far | {(first.id, name): Reported("x", first.ratios[0].value, "su2025", "")}
    sentence = "One of four intervals holds the values of Su 2025; b, c and d do not."
    assert sentence in told(done, near)


def test_a_change_within_its_error_is_not_told_as_one(done):
    fits = [*done.fits[:1], with_ratio(done.fits[0], value=done.fits[0].ratios[0].value + 0.001)]
    second = replace(fits[1], id="other", sample=done.fits[1].sample)
    text = told(replace(done, fits=(fits[0], second)))
    assert "does not change beyond its error" in text and "%" not in text


def test_below_detection_no_number_is_quoted(done):
    limit = {"value": None, "upper_limit": 0.04, "interval": None, "stderr": None}
    fits = tuple(with_ratio(record, budget=Budget(), **limit) for record in done.fits)
    made = replace(done, fits=fits)
    text = told(made)
    assert "Below detection in all four: intermediate / PS4 (< 0.040)." in text
    report = build_report(made)
    assert not any("Quote 1" in words for words in texts(report, "verdict"))
    assert any("< 0.040" in words for words in texts(report, "verdict"))


def test_ratios_with_a_value_come_first_and_those_without_are_one_row(done):
    """What is below detection in every sample does not push a value from the first page."""
    limit = {"value": None, "interval": None, "stderr": None, "budget": Budget()}
    fits = []
    for i, record in enumerate(done.fits):
        (ratio,) = record.ratios
        absent = [
            replace(ratio, name=f"absent {k}", upper_limit=0.02 + 0.022 * i, **limit)
            for k in range(4)
        ]
        fits.append(replace(record, ratios=(*absent, ratio)))
    report = build_report(replace(done, fits=tuple(fits)))
    tables = [b for b in report.front[0].blocks if isinstance(b, ReportTable)]
    assert len(tables) == 2
    assert [row[2].value for row in tables[0].rows[:4]] == [r.value for _, r in done.ratios]
    assert [cell.text.plain for cell in tables[1].rows[0][1:]] == [
        *("< 0.020", "< 0.042", "< 0.064", "< 0.086")
    ]
    (text,) = texts(report, "lead")
    assert text.startswith("From charged") and "Below detection in all four: absent 0" in text


def test_an_alarm_is_one_red_box_and_the_number_is_not_to_be_quoted(done):
    alarm = Finding("not_converged", "it did not converge.", "S 2p", "Fit again.", "alarm")
    changed = with_findings(done, (), (alarm,), (), ())
    report = build_report(changed)
    (box,) = texts(report, "box")
    assert box.startswith("Not yet. ") and "did not converge" in box
    assert "Sample b is not to be quoted yet" in told(changed)
    (table,) = [
        b for b in report.front[0].blocks if isinstance(b, ReportTable) and b.columns[2].numeric
    ]
    assert ["not yet" in row[2].text.plain for row in table.rows[:4]] == [False, True, False, False]
    quoted = [text for text in texts(report, "verdict") if text.startswith("Quote")]
    assert len(quoted) == 3


def test_what_every_sample_has_is_said_once(done):
    same = Finding("counts_unknown", "the same words.", "S 2p", severity="warning")
    own = Finding("at_bound", "only here.", "S 2p/PS4/fwhm", severity="warning")
    report = build_report(with_findings(done, (same,), (same, own), (same,), (same,)))
    verdicts = " | ".join(texts(report, "verdict"))
    assert verdicts.count("the same words") == 1 and "All four samples" in verdicts
    assert verdicts.count("only here") == 1


def test_a_note_below_several_ratios_is_told_once(done):
    budget = Budget(counting=0.02, model=0.03)
    each = [
        replace(r, ratios=tuple(replace(r.ratios[0], name=n, budget=budget) for n in "ab"))
        for r in done.fits
    ]
    notes = texts(build_report(replace(done, fits=tuple(each))), "small")
    assert sum("Error budget" in note for note in notes) == 1


def test_with_unit_weights_no_chi_square_is_told(done):
    """Chi-square in squared counts says nothing; the residuals over the counting noise do."""
    fits = []
    for record in done.fits:
        (fit,) = record.regions
        own = replace(fit, weights="unit")
        fits.append(replace(record, result=replace(record.result, regions=(own,)), ratios=()))
    report = build_report(replace(done, fits=tuple(fits)))
    (text,) = texts(report, "lead")
    assert "χ²" not in text
    noise = sorted(record.regions[0].statistics.residual_std for record in done.fits)
    assert f"{noise[0]:.2f} to {noise[-1]:.2f} times the counting noise" in text


def test_samples_that_differ_in_more_than_a_state_are_no_pairs(done):
    samples = samples_of(done, {record.id: () for record in done.fits}).each
    assert len(pairs_of(samples)) == 2
    assert pairs_of(samples[:3]) == []


def test_what_a_run_could_not_do_stands_on_the_first_page(done):
    from spectra_core.runs.records import Failure

    failure = Failure("lost.vms", "cell 9 / S 2p", "the window holds no point.")
    report = build_report(replace(done, failures=(failure,), interrupted=True))
    boxes = " ".join(texts(report, "box"))
    assert "stopped before its end" in boxes
    assert "1 could not be fitted" in boxes and "holds no point" in boxes


def test_a_stored_fit_stands_beside_its_refit_with_what_moved_most_first(done):
    from spectra_core.foreign.comparison import ComparedNumber, ComparedRegion

    record = done.fits[0]
    fit = record.regions[0]
    ids = [c.id for c in record.result.model.region("S 2p").components][:2]
    numbers = (
        ComparedNumber(ids[0], "center", 160.70, 160.693, 0.0044),
        ComparedNumber(ids[1], "area", 1000.0, 900.0, 10.0),
        ComparedNumber(ids[1], "fwhm", 1.2, 1.2, None),
    )
    compared = ComparedRegion(numbers, 400.0, 130.0, fit.envelope)
    changed = replace(done, fits=(replace(record, stored={"S 2p": compared}), *done.fits[1:]))
    report = build_report(changed)
    (table,) = [
        b
        for b in report.front[1].blocks
        if isinstance(b, ReportTable) and "Stored" in [c.title.plain for c in b.columns]
    ]
    assert [row[7].text.plain for row in table.rows] == ["−10.0", "−1.6", "–"]
    assert table.rows[0][3].text.plain == "area" and table.rows[0][6].value == -100.0
    told_of = " ".join(texts(report, "small"))
    assert "the stored state is no minimum" in told_of and "3.077 times" in told_of
    plain = build_report(done)
    assert not any("stored" in text.casefold() for text in texts(plain, "heading"))


def test_a_word_document_has_its_figures_before_the_second_page(report, tmp_path):
    from docx import Document
    from docx.oxml.ns import qn

    write_report(report, tmp_path / "report.docx")
    body = Document(tmp_path / "report.docx").element.body
    breaks, pictures, titles = 0, [0, 0, 0, 0], []
    for element in body.iter(qn("w:p"), qn("wp:docPr")):
        if element.tag == qn("wp:docPr"):
            pictures[min(breaks, 3)] += 1
            assert element.get("descr") is not None
        elif element.find(f"{qn('w:pPr')}/{qn('w:pageBreakBefore')}") is not None:
            breaks += 1
            titles.append("".join(t.text for t in element.iter(qn("w:t"))))
    assert titles == ["Evidence and methods", "Appendix"]
    assert pictures[0] >= 4  # the panels, and the dots of the table
