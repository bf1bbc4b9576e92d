"""Reports from the command line: which files, which figures, and what goes wrong."""

from __future__ import annotations

import json

import pytest

from spectra_core.project.file import load_project
from spectra_core.readers import read
from spectra_core.writers import write


@pytest.fixture
def fitted(doublet, vamas_file, recipe_file, tmp_path):
    """Return a function that fits the synthetic example with further options."""

    def call(*options):
        folder = tmp_path / "out"
        outcome = doublet("fit", vamas_file, "--recipe", recipe_file, "-o", folder, *options)
        return outcome, folder

    return call


def test_fit_writes_the_reports_that_are_asked_for(fitted):
    outcome, folder = fitted("--formats", "html,pdf,docx,xlsx")
    assert outcome.code == 0, outcome
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["report.docx", "report.html", "report.pdf", "report.xlsx"]
    assert all(name in outcome.err for name in names)


def test_a_figure_alone_has_the_width_of_a_column_at_600_dpi(fitted):
    from PIL import Image

    outcome, folder = fitted("--formats", "png,figure-pdf", "--figure-width", "column")
    assert outcome.code == 0, outcome
    with Image.open(next(folder.glob("*_fit.png"))) as image:
        assert image.width == pytest.approx(85.0 / 25.4 * 600, abs=2)
        assert image.info["dpi"][0] == pytest.approx(600, abs=0.1)
    assert next(folder.glob("*_fit.pdf")).read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--template", "nowhere"), "nowhere"),
        (("--figure-width", "wide"), "millimetres"),
        (("--formats", "html,odt"), "odt"),
    ],
)
def test_a_wrong_look_is_said_before_any_fit(fitted, clear, options, words):
    outcome, folder = fitted(*options)
    clear(outcome, words=words)
    assert not folder.exists()


def test_names_that_climb_folders_stay_in_the_output_folder(
    doublet, vamas_file, recipe_file, tmp_path
):
    from dataclasses import replace

    made = read(vamas_file)[0]
    hostile = replace(made, meta=replace(made.meta, sample="../../../outside"))
    write(tmp_path / "hostile.h5", [hostile])
    folder = tmp_path / "a" / "b" / "c" / "out"
    outcome = doublet(
        "fit",
        tmp_path / "hostile.h5",
        "--recipe",
        recipe_file,
        "-o",
        folder,
        "--formats",
        "json,csv,svg,html",
    )
    assert outcome.code == 0, outcome
    assert len(list(folder.iterdir())) == 4
    assert not list(tmp_path.glob("**/outside*"))
    found = [path for path in tmp_path.rglob("*") if path.is_file() and folder not in path.parents]
    assert sorted(path.name for path in found) == ["hostile.h5", "made.vms"]


def test_the_report_of_a_project_has_the_numbers_saved_with_it(
    doublet, vamas_file, recipe_file, tmp_path
):
    from spectra_core.project.file import save_project
    from spectra_core.project.recipes import project_from_run
    from spectra_core.recipe.text import load_recipe
    from spectra_core.runs.batch import run

    done = run([vamas_file], recipe=load_recipe(recipe_file))
    save_project(project_from_run(done), tmp_path / "work.doublet")
    outcome = doublet("report", tmp_path / "work.doublet", "-o", tmp_path / "report")
    assert outcome.code == 0, outcome
    (fit,) = json.loads((tmp_path / "report" / "results.json").read_text())["fits"]
    result = done.fits[0].result
    assert fit["doublets"][0]["area"]["value"] == pytest.approx(result.value("S 2p/PS4/area"))
    assert len(list((tmp_path / "report").iterdir())) == 5


def test_a_project_without_a_fit_has_no_report(doublet, clear, tmp_path):
    from spectra_core.project.file import save_project
    from spectra_core.project.project import Project

    save_project(Project(), tmp_path / "empty.doublet")
    assert not load_project(tmp_path / "empty.doublet").analyses
    clear(doublet("report", tmp_path / "empty.doublet"), words="nothing to report")


def test_all_fits_are_one_figure_where_panels_are_asked_for(fitted):
    from PIL import Image

    outcome, folder = fitted("--formats", "png", "--panels", "region", "--figure-width", "column")
    assert outcome.code == 0, outcome
    assert "panels.png" in outcome.err
    with Image.open(folder / "panels.png") as image:
        assert image.width == pytest.approx(85.0 / 25.4 * 600, abs=2)
    outcome, folder = fitted("--formats", "json", "--panels", "sample")
    assert (folder / "panels.svg").read_bytes().startswith(b"<?xml")


def test_the_reviewers_page_is_one_file(fitted):
    outcome, folder = fitted("--formats", "review")
    assert outcome.code == 0, outcome
    assert [path.name for path in folder.iterdir()] == ["review.html"]
    assert "review.html" in outcome.err
