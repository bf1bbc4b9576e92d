"""Formulas are set, methods are complete, and each line shape and background has its sentence."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest

from spectra_core.curves.backgrounds import BACKGROUNDS
from spectra_core.curves.lineshapes import LINESHAPES
from spectra_core.fitting import FitWarning
from spectra_core.model import Background
from spectra_core.recipe.schema import PriorEntry
from spectra_core.report import build_report, write_report
from spectra_core.report.build import of_region
from spectra_core.report.checklist import ITEMS, NOT_RECORDED, checklist
from spectra_core.report.definitions import BACKGROUND_WORDS, SHAPES
from spectra_core.report.document import clean_text, number
from spectra_core.report.layout import column_widths
from spectra_core.report.references import doi_links, published
from spectra_core.report.typography import species
from spectra_core.report.wording import settings
from spectra_core.results.formula import formula_letters
from spectra_core.runs.batch import run
from spectra_core.runs.simulate import simulate_recipe
from spectra_core.writers import write


def marked(text: str) -> str:
    marks = {"sub": "_", "sup": "^", "": ""}
    return "".join(f"{marks[run.style]}{run.text}" for run in species(text).runs)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("PS4(3-)", "PS_4^3−"),
        ("Li6PS5Cl", "Li_6PS_5Cl"),
        ("P-[S]n-P", "P–[S]_n–P"),
        ("SO4(2-), S-S", "SO_4^2−, S–S"),
        ("S 2p3/2", "S 2p_3/2"),
        ("PS4 2p1/2", "PS_4 2p_1/2"),
        ("LixP", "Li_xP"),
        ("PSxOy", "PS_xO_y"),
        ("Li2S or S2-", "Li_2S or S^2−"),
        ("P0 2p3/2", "P^0 2p_3/2"),
        ("Li+, Ge4+", "Li^+, Ge^4+"),
        ("Six Box C- x2-", "Six Box C- x2-"),
        ("Li2S, P2S5.", "Li_2S, P_2S_5."),
        ("PS4. Then S2-.", "PS_4. Then S^2−."),
        ("Li2.5S. Sn.", "Li_2.5S. Sn."),
        ("C1", "C1"),
        ("cell 4", "cell 4"),
        ("LiNbWO6-0-H", "LiNbWO6-0-H"),
        ("new (2)", "new (2)"),
        ("HAXPES 7", "HAXPES 7"),
        ("", ""),
    ],
)
def test_a_formula_is_set_and_other_words_are_left_alone(text, shown):
    assert marked(text) == shown
    assert species(text).plain == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("PS4(3-)", "PS₄³⁻"),
        ("P-[S]n-P", "P–[S]ₙ–P"),
        ("PS4 2p3/2", "PS₄ 2p3/2"),
        ("Li2S / S(2-)", "Li₂S / S²⁻"),
        ("cell 4", "cell 4"),
    ],
)
def test_a_formula_in_a_figure_has_its_small_digits(text, shown):
    assert formula_letters(text) == shown


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (1.1, "1.10"),
        (0.97, "0.970"),
        (1939.2, "1940"),
        (142_857.0, "143000"),
        (0.0, "0.00"),
        (1.5e8, "1.50e+08"),
    ],
)
def test_a_number_keeps_its_last_zero_and_needs_no_power_of_ten(value, printed):
    assert number(value, 3).text.plain == printed


def test_every_option_of_a_background_is_said_in_words():
    for name, kind in BACKGROUNDS.items():
        for mode in kind.modes:
            said = settings(Background(name, mode, {}))
            assert "_" not in said and "=" not in said.replace(" = ", ""), (name, said)


def test_a_fitted_background_is_not_said_to_be_held_at_its_ends():
    assert "averaged" not in settings(Background("shirley", "active", {}))
    assert "averaged over 3 channels" in settings(Background("shirley", "static", {}))


def test_every_line_shape_has_a_definition():
    assert set(SHAPES) == set(LINESHAPES)


def test_every_background_and_mode_has_its_words():
    assert set(BACKGROUND_WORDS) == {(k.name, m) for k in BACKGROUNDS.values() for m in k.modes}


def test_clean_text_is_one_line_without_control_characters():
    assert clean_text("a\x00b\n\tc \u202ed\ud800\ufffe") == "ab c d"
    assert len(clean_text("x" * 10_000)) <= 160
    assert clean_text("x" * 10_000).endswith("…")


def test_a_reference_of_another_mode_is_not_cited():
    text = BACKGROUNDS["shirley"].reference
    assert any("Proctor" in work for work in published(text, mode="static"))
    assert not any("Proctor" in work for work in published(text, mode="active"))


def test_a_doi_becomes_a_link_without_the_full_stop():
    pieces = list(doi_links("X, doi:10.1103/PhysRevB.5.4709."))
    assert ("doi:10.1103/PhysRevB.5.4709", "https://doi.org/10.1103/PhysRevB.5.4709") in pieces
    assert pieces[-1] == (".", "")


@pytest.fixture(scope="module")
def answers(example_run):
    rows = checklist(example_run, {"operator": "A. Person", "vacuum": "1e-9 mbar"}).rows
    return {row[1].text.plain: row[2].text.plain for row in rows}


def test_the_checklist_answers_every_item(answers):
    assert len(answers) == len(ITEMS) + 1
    assert all(answers.values())


@pytest.mark.parametrize(
    ("item", "stated"),
    [
        ("Source and photon energy", "1486.6 eV"),
        ("Make and model", NOT_RECORDED),
        ("Operator", "A. Person (entered by the user)"),
        ("vacuum", "1e-9 mbar (entered by the user)"),
        ("Energy range fitted, number of points", "157 to 169 eV, 241 points"),
        ("Scans added up", "40"),
    ],
)
def test_the_checklist_states_what_is_known_and_no_more(answers, item, stated):
    assert answers[item] == stated


def test_the_methods_name_what_is_not_recorded(example_run):
    (section,) = [s for s in build_report(example_run).sections if s.key == "methods"]
    text = " ".join(block.text.plain for block in section.blocks)
    assert "[not recorded: instrument, pass energy]" in text
    assert "[charge reference not stated]" in text
    assert "recorded with" not in text  # synthetic spectra are simulated


def test_widths_add_up_and_hold_each_number(example_run):
    for table in build_report(example_run).tables():
        widths = column_widths(table, 480.0, lambda text, bold: 4.5 * len(text), 5.0)
        assert sum(widths) == pytest.approx(480.0)
        for i, column in enumerate(table.columns):
            numbers = [row[i] for row in table.rows if column.numeric and row[i].value is not None]
            for cell in numbers:
                shown = cell.text.plain + (f" ± {cell.error}" if cell.error else "")
                assert widths[i] >= 4.5 * len(shown) + 5.0 - 1e-9


def test_what_a_file_calls_not_specified_is_not_recorded(example_run):
    record = example_run.fits[0]
    fit = record.result.regions[0]
    meta = replace(fit.spectrum.meta, instrument="Not Specified")
    own = replace(fit, spectrum=replace(fit.spectrum, meta=meta))
    result = replace(record.result, regions=(own,))
    table = checklist(replace(example_run, fits=(replace(record, result=result),)), {})
    said = {row[1].text.plain: row[2].text.plain for row in table.rows}
    assert said["Make and model"] == NOT_RECORDED


def test_a_remark_of_the_whole_fit_stands_once(example_run):
    record = example_run.fits[0]
    fit = record.result.regions[0]
    two = (fit, replace(fit, name="P 2p"))
    remark = FitWarning("preset", "said once", "some preset")
    both = replace(record, result=replace(record.result, regions=two))
    told = [len(of_region(both, region.name, [remark])) for region in two]
    assert told == [1, 0]


def words_of(report, folder):
    """Return what a reader of the page sees, on one line."""
    write_report(report, folder / "report.html")
    page = (folder / "report.html").read_text(encoding="utf-8")
    page = page[page.index("<body") :]
    return " ".join(unescape(re.sub(r"<[^>]+>", "", page)).split())


def test_each_prior_is_a_sentence_with_its_source_and_a_row(example_recipe, tmp_path):
    known = (
        PriorEntry(
            of="S 2p/PS4/center",
            value=161.6,
            sd=0.1,
            source="A. Author et al., J. Test. 1, 2 (2020), doi:10.1000/test",
        ),
        PriorEntry(of="S 2p/intermediate/area", minus="S 2p/PS4/area", times=0.5, relative=0.25),
    )
    recipe = example_recipe.model_copy(update={"prior": known})
    path = tmp_path / "synthetic.vms"
    write(path, simulate_recipe(example_recipe).spectra)
    report = build_report(run([path], recipe=recipe))
    text = words_of(report, tmp_path)
    assert "S 2p/PS4/center = 161.6 ± 0.1 (A. Author et al." in text
    assert "0.5 × S 2p/PS4/area = 0 ± 25 % of what is subtracted (no source was given)." in text
    assert "Chi-square of the 2 priors of this fit:" in text and "narrowing" in text
    bare = words_of(build_report(run([path], recipe=example_recipe)), tmp_path)
    assert "known before the fit" not in bare and "narrowing" not in bare
