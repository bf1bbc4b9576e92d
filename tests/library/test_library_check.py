"""The library's own rules: the shipped files keep them, and each broken rule is named."""

from __future__ import annotations

import json

import pytest

from spectra_core.library import shipped_folder
from spectra_core.library.check import best_status, check, splitting_verdict
from spectra_core.library.records import Entry, Observation
from spectra_core.library.schema import library_schema

HEAD = 'schema = "doublet-library/1"\n'
OBSERVATION = {
    "id": '"mine/1"',
    "species": '"PS4"',
    "level": '"S 2p"',
    "source": '"du2022"',
    "where": '"page 3"',
    "how": '"text"',
    "evidence": '"P"',
    "values": '["161.4"]',
    "partner": '"162.6"',
}
ENTRY = {
    "id": '"xps/mine/s2p"',
    "label": '"mine"',
    "species": '"mine"',
    "level": '"S 2p"',
    "status": '"C"',
    "center": "161.4",
    "tolerance": "0.4",
    "n": "1",
    "kept": '["du2022/ps4-s2p"]',
}


def rows(kind: str, *tables: dict[str, str]) -> str:
    texts = ["".join(f"{key} = {value}\n" for key, value in table.items()) for table in tables]
    return HEAD + "".join(f"[[{kind}]]\n{text}" for text in texts)


def problems(folder, name: str, text: str) -> str:
    """Return the problems of the shipped library with one more file, as one text."""
    (folder / name).write_text(text)
    return "\n".join(map(str, check([shipped_folder(), folder])))


def test_the_shipped_library_has_no_problem():
    assert check([shipped_folder()]) == []


def test_a_sound_row_of_ones_own_has_no_problem(tmp_path):
    assert problems(tmp_path, "observations.toml", rows("observations", OBSERVATION)) == ""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"source": '"nobody2020"'}, ["nobody2020", "sources.toml"]),
        ({"source": '""'}, ["source"]),
        ({"partner": '"163.7"'}, ["2.3", "impossible", "S 2p"]),
        ({"partner": '"160.2"'}, ["-1.2", "impossible"]),
        ({"level": '"S 9x"'}, ["unknown level", "S 9x"]),
        ({"values": "[161.4]"}, ["printed values keep their digits"]),
        ({"values": '["about 161"]'}, ["not a printed number"]),
        ({"values": "[]", "partner": '""'}, ["no_number"]),
        ({"flags": '["splitting_out_of_range"]'}, ["does not say so"]),
        ({"flags": '["odd"]'}, ["flag 'odd'"]),
        ({"flags": '["same_position_as:su2025/r99"]'}, ["not there"]),
        ({"evidence": '"P"', "source": '"koerver2017-jmca"'}, ["must be D or M"]),
        ({"id": '"su2025/r18"'}, ["su2025/r18", "there already", "su2025.toml"]),
        ({"colour": '"blue"'}, ["colour", "unknown"]),
    ],
)
def test_a_broken_observation_is_named(tmp_path, changes, words):
    found = problems(tmp_path, "observations.toml", rows("observations", OBSERVATION | changes))
    for word in words:
        assert word in found


def test_an_impossible_splitting_passes_only_with_its_flag(tmp_path):
    flagged = OBSERVATION | {"partner": '"163.7"', "flags": '["splitting_out_of_range"]'}
    assert problems(tmp_path, "observations.toml", rows("observations", flagged)) == ""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": '"A"'}, ["better than the rule", "n = 1"]),
        ({"center": "161.9"}, ["not the median", "161.40"]),
        ({"n": "3"}, ["n is 3", "1 values"]),
        ({"kept": "[]"}, ["no source"]),
        ({"kept": '["su2025/r9"]'}, ["must not be counted"]),
        ({"kept": '["sundar2025/ps4-s2p"]'}, ["unconfirmed", "must not be counted"]),
        ({"kept": '["du2022/ps4-p2p"]', "center": "131.9"}, ["of P 2p, not of S 2p"]),
        ({"kept": '["du2022/nothing"]'}, ["du2022/nothing", "not there"]),
        ({"tolerance": "0"}, ["tolerance"]),
        ({"excluded": '[{ observation = "su2025/r9" }]'}, ["without a reason"]),
        ({"id": '"xps/ps4/s2p"'}, ["there already", "s2p.toml"]),
        (
            {"kept": '["du2022/ps4-s2p", "zhou2024/ps4-s2p"]', "center": "161.7", "n": "2"},
            ["spread 0 is below"],
        ),
    ],
)
def test_a_broken_consensus_is_named(tmp_path, changes, words):
    found = problems(tmp_path, "consensus.toml", rows("consensus", ENTRY | changes))
    for word in words:
        assert word in found


def test_a_preset_with_an_impossible_splitting_is_named(tmp_path):
    (tmp_path / "presets").mkdir()
    text = (
        'schema = "doublet-recipe/1"\n[preset]\nid = "mine"\ndescription = "x"\n'
        'sources = ["du2022"]\nwarnings = []\n[[region]]\nname = "S 2p"\nwindow = [157, 169]\n'
        'background = "linear"\n[[region.component]]\nuse = "xps/ps4/s2p"\nsplitting = 2.3\n'
    )
    found = problems(tmp_path, "presets/mine.toml", text)
    assert "2.3" in found
    assert "impossible" in found


def test_a_factor_of_one_line_under_the_name_of_the_level_is_named(tmp_path):
    text = HEAD + (
        '[[sensitivity]]\nid = "mine"\ntitle = "x"\ndefinition = "x"\nreference = "C 1s"\n'
        'status = "C"\nsources = ["lg4x-v2"]\nrows = [\n'
        '{ level = "Cl 2p1/2", kind = "line", value = 0.775, status = "C" },\n'
        '{ level = "Cl 2p3/2", kind = "line", value = 1.51, status = "C" },\n'
        '{ level = "Cl 2p", kind = "total", value = 1.51, status = "C" },\n]\n'
    )
    assert "not the sum of its lines, 2.285" in problems(tmp_path, "sensitivity.toml", text)


def test_a_separation_that_contradicts_the_positions_is_named(tmp_path):
    text = HEAD + (
        '[[separations]]\nid = "mine"\na = "xps/ps4/s2p"\nb = "xps/ps4/p2p"\nvalue = 33.4\n'
        'tolerance = 0.2\nstatus = "C"\nn = 1\nvalues = ["33.4"]\nsources = ["du2022"]\n'
    )
    assert "does not fit the centers" in problems(tmp_path, "separations.toml", text)


def test_broken_toml_is_a_problem_not_a_traceback(tmp_path):
    assert "not TOML" in problems(tmp_path, "observations.toml", "= 3")


@pytest.mark.parametrize(
    ("level", "low", "high", "verdict"),
    [
        ("S 2p", "166.1", "167.6", "splitting_out_of_range"),  # 1.5
        ("S 2p", "161.6", "163.9", "splitting_out_of_range"),  # 2.3
        ("S 2p", "160.7", "162.0", "splitting_only_by_rounding"),  # 1.3: 1.20 + 0.1
        ("S 2p", "162.9", "164.0", ""),  # 1.1
        ("P 2p", "129.4", "130.6", "splitting_out_of_range"),  # 1.2
        ("P 2p", "131.3", "133.2", "splitting_out_of_range"),  # 1.9
        ("P 2p", "131.6", "132.5", ""),  # 0.9
    ],
)
def test_rounding_explains_a_tenth_of_an_ev_and_no_more(level, low, high, verdict):
    made = Observation("x", "x", level, "du2022", "x", "x", "P", (low,), partner=high)
    assert splitting_verdict(made) == verdict


@pytest.mark.parametrize(
    ("n", "spread", "status"),
    [
        (4, 0.3, "A"),
        (4, 0.4, "B"),
        (3, 0.1, "B"),
        (2, 0.7, "C"),
        (1, None, "C"),
        (0, None, "unconfirmed"),
    ],
)
def test_the_status_follows_from_n_and_spread(n, spread, status):
    assert best_status(Entry("x", "x", "x", "S 2p", "C", n=n, spread=spread)) == status


def test_the_shipped_schema_is_that_of_the_records():
    path = shipped_folder() / "library.schema.json"
    assert json.loads(path.read_text(encoding="utf-8")) == library_schema()
