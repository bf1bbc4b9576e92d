"""Bad input gives exit code 2 (1 with the rest done) and a sentence, never a traceback."""

from __future__ import annotations

import json

import pytest

from spectra_core.datafiles import data_path

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)) * 4


def rows(*, bad: dict[int, str] | None = None, n: int = 241) -> str:
    """Return a two-column S 2p text file, some of its lines replaced."""
    lines = [f"{157.0 + 0.05 * i:.2f}\t{500 + 3 * (i % 40)}" for i in range(n)]
    for i, text in (bad or {}).items():
        lines[i] = text
    return "\n".join(lines) + "\n"


COLUMN_FILES = {
    "text in a number column": (rows(bad={100: "162.00\tsaturated"}), "saturated"),
    "an axis that turns back": (rows(bad={100: "150.00\t500"}), "turns back"),
    "NaN": (rows(bad={100: "162.00\tnan"}), "nan"),
    "all zeros": ("\n".join(f"{157.0 + 0.05 * i:.2f}\t0" for i in range(241)), "zero"),
    "one point": (rows(n=1), "two"),
    "a window outside the data": (
        "\n".join(f"{280.0 + 0.05 * i:.2f}\t500" for i in range(241)),
        "157 to 169",
    ),
    "an empty file": ("", "empty"),
    "prose": ("This is no spectrum at all.\nReally not.\n", "not a spectrum file"),
}
READING = ("--axis", "binding", "--region", "S 2p", "--y-unit", "counts/s")


@pytest.mark.parametrize("kind", COLUMN_FILES)
def test_a_bad_text_file_is_named_with_what_is_wrong(doublet, clear, recipe_file, tmp_path, kind):
    text, words = COLUMN_FILES[kind]
    path = tmp_path / "bad.txt"
    path.write_text(text)
    outcome = doublet("fit", path, "--recipe", recipe_file, *READING)
    clear(outcome, words=words)
    assert "bad.txt" in outcome.err


@pytest.mark.parametrize("kind", COLUMN_FILES)
def test_a_good_file_beside_it_is_fitted_all_the_same(
    doublet, clear, vamas_file, recipe_file, tmp_path, kind
):
    path = tmp_path / "bad.txt"
    path.write_text(COLUMN_FILES[kind][0])
    outcome = doublet("fit", path, vamas_file, "--recipe", recipe_file, "--json", "-", *READING)
    clear(outcome, code=1)
    assert [fit["status"] for fit in json.loads(outcome.out)["fits"]] == ["converged"]


@pytest.mark.parametrize("command", ["inspect", "fit", "convert", "recipe"])
def test_a_picture_renamed_to_vms_is_recognised(doublet, clear, recipe_file, tmp_path, command):
    path = tmp_path / "picture.vms"
    path.write_bytes(PNG)
    arguments = {
        "inspect": (),
        "fit": ("--recipe", recipe_file),
        "convert": (tmp_path / "out.csv",),
        "recipe": ("--from", "casaxps"),
    }[command]
    clear(doublet(command, path, *arguments), words="picture.vms")


@pytest.mark.parametrize("part", range(1, 50, 3))
def test_a_truncated_vamas_file_is_a_sentence_wherever_it_is_cut(
    doublet, clear, vamas_file, recipe_file, tmp_path, part
):
    data = vamas_file.read_bytes()
    path = tmp_path / "cut.vms"
    path.write_bytes(data[: len(data) * part // 50])
    clear(doublet("inspect", path), words="cut.vms")
    clear(doublet("fit", path, "--recipe", recipe_file), words="cut.vms")


def test_an_axis_nobody_named_is_asked_for(doublet, clear, column_file, recipe_file):
    clear(doublet("fit", column_file, "--recipe", recipe_file), words="--axis")


RECIPES = {
    "a typo in a key": ("windw = [157.0, 169.0]", 'Did you mean "window"'),
    "a window that is text": ('window = "wide"', "window"),
    "an unknown line shape": ("LINESHAPE", "lorenzian"),
    "an unknown component in a ratio": ("RATIO", "PS5"),
    "a link cycle": ("CYCLE", "cycle"),
    "not TOML": ("window = [157.0, ", "TOML"),
}


def broken_recipe(text: str, change: str) -> str:
    if change == "LINESHAPE":
        return text.replace('lineshape = "voigt"', 'lineshape = "lorenzian"', 1)
    if change == "RATIO":
        return text.replace('denominator = ["PS4"]', 'denominator = ["PS5"]')
    if change == "CYCLE":
        link = '\n[[link]]\nparameter = "S 2p/{}/area"\nequals = "S 2p/{}/area"\n'
        pair = ("PS4", "intermediate")
        return text + link.format(*pair) + link.format(*pair[::-1])
    return text.replace("window = [157.0, 169.0]", change)


@pytest.mark.parametrize("kind", RECIPES)
def test_a_bad_recipe_is_named_with_what_is_wrong(
    doublet, clear, vamas_file, recipe_file, tmp_path, kind
):
    change, words = RECIPES[kind]
    path = tmp_path / "bad.toml"
    path.write_text(broken_recipe(recipe_file.read_text(encoding="utf-8"), change))
    outcome = doublet("fit", vamas_file, "--recipe", path, "-o", tmp_path / "out")
    clear(outcome, words=words)
    assert "bad.toml" in outcome.err


def test_a_recipe_for_another_region_says_what_there_is(
    doublet, clear, vamas_file, recipe_file, tmp_path
):
    text = recipe_file.read_text(encoding="utf-8").replace('match  = "S 2p*"', 'match = "P 2p*"')
    path = tmp_path / "other.toml"
    path.write_text(text)
    outcome = doublet("fit", vamas_file, "--recipe", path)
    clear(outcome, words="P 2p*")
    assert "S 2p" in outcome.err


ABSURD = {
    "a window of 1e308 eV": ("window     = [156.5, 169.5]", "window = [156.5, 1e308]"),
    "a centre of 1e308 eV": ("value = 161.0,", "value = 1e308,"),
    "1e30 draws": ("monte_carlo = 500", f"monte_carlo = 1{'0' * 30}"),
    "1e30 starts": ("starts  = 3", f"starts = 1{'0' * 30}"),
}


@pytest.mark.parametrize("kind", ABSURD)
def test_a_number_that_nobody_means_is_refused_before_any_work(
    doublet, clear, vamas_file, tmp_path, kind
):
    good, bad = ABSURD[kind]
    text = data_path("resources", "examples", "su2025_fig5_fit.toml").read_text()
    assert good in text
    recipe = tmp_path / "absurd.toml"
    recipe.write_text(text.replace(good, bad))
    outcome = doublet("fit", vamas_file, "--recipe", recipe)
    clear(outcome, words="less than or equal")
    assert "RuntimeWarning" not in outcome.err


@pytest.mark.parametrize("number", ["1_000", "\u0661\u0662", "\uff13", "1 000"])
@pytest.mark.parametrize("option", ["--dwell", "--scans", "--photon-energy"])
def test_numbers_of_options_are_plain(doublet, clear, vamas_file, option, number):
    clear(doublet("inspect", vamas_file, option, number), words=option)


@pytest.mark.parametrize("option", ["--seed", "--starts", "--jobs", "--figure-width"])
def test_whole_numbers_of_options_are_plain(doublet, clear, vamas_file, recipe_file, option):
    for number in ("1_0", "\u0661"):
        clear(doublet("fit", vamas_file, "--recipe", recipe_file, option, number), words=option)
