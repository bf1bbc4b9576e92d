"""`doublet library`: what a user asks of the peak library, and its exit codes."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "library.md"

KINDS = (
    "consensus",
    "observations",
    "presets",
    "separations",
    "overlaps",
    "standards",
    "sensitivity",
    "auger",
    "widths",
    "sources",
)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_record_is_listed(doublet, kind):
    outcome = doublet("library", "list", kind)
    assert outcome.code == 0
    assert len(outcome.out.splitlines()) > 2


def test_the_list_is_filtered_by_level_and_status(doublet):
    outcome = doublet("library", "list", "--level", "P2p", "--status", "unconfirmed")
    assert "xps/li3p/p2p" in outcome.out
    assert "xps/ps4/p2p" not in outcome.out
    rows = outcome.out.splitlines()[1:]
    assert rows
    assert all("(unconfirmed)" in row for row in rows)


def test_a_list_as_json_is_nothing_but_json(doublet):
    records = json.loads(doublet("library", "list", "observations", "--json").out)["records"]
    row = next(r for r in records if r["id"] == "su2025/r18")
    assert (row["values"], row["partner"]) == (["129.4"], "130.6")


def test_show_an_entry_shows_every_layer_of_its_species(doublet):
    out = doublet("library", "show", "xps/ps4/s2p").out
    for words in ("161.4 eV", "status A", "su2025/r21", "excluded", "29.5", "Bi 4f", "unconfirmed"):
        assert words in out


def test_show_an_observation_explains_its_flags(doublet):
    out = doublet("library", "show", "su2025/r18").out
    for words in ("129.4", "130.6", "implied splitting: 1.2 eV", "impossible", "doi:10.1002"):
        assert words in out


@pytest.mark.parametrize("name", ["su2025/fig5f-i", "lpscl-cathode"])
def test_show_a_preset_shows_its_warnings_and_components(doublet, name):
    out = doublet("library", "show", name).out
    assert out.count("warning: ") >= 3
    assert "PS4" in out


def test_show_as_json_holds_the_offsets(doublet):
    document = json.loads(doublet("library", "show", "xps/li2s/s2p", "--json").out)
    offsets = {o["observation"]["id"]: o["offset"] for o in document["observations"]}
    assert offsets["su2025/r2"] == pytest.approx(6.1)


def test_show_an_unknown_id_names_what_comes_near(doublet, clear):
    clear(doublet("library", "show", "xps/ps4/s2"), words="xps/ps4/s2p")


def test_search_ranks_candidates_and_claims_nothing(doublet):
    out = doublet("library", "search", 161.6, "--level", "S 2p").out
    assert "not assignments" in out.splitlines()[0]
    assert out.splitlines()[2].startswith("xps/ps4/s2p")
    assert "+0.20" in out.splitlines()[2]
    assert "not separable: MnS" in out
    assert " is PS4" not in out


def test_search_as_json_has_distances_and_conflicts(doublet):
    out = doublet("library", "search", 161.6, "--level", "S 2p", "--json").out
    first = json.loads(out)["candidates"][0]
    assert first["id"] == "xps/ps4/s2p"
    assert first["distance"] == pytest.approx(0.2)
    assert first["conflicts"]


def test_search_without_a_candidate_says_so(doublet):
    outcome = doublet("library", "search", 400, "--level", "S 2p")
    assert outcome.code == 0
    assert "no candidate" in outcome.err


def test_search_in_an_unknown_level_is_an_error(doublet, clear):
    clear(doublet("library", "search", 161.6, "--level", "S 9x"), words="S 9x")


@pytest.mark.parametrize("energy", ["nan", "inf", "1e400"])
def test_a_position_that_is_no_number_is_refused(doublet, clear, energy):
    clear(doublet("library", "search", energy), words="finite")


def test_check_of_the_shipped_library_passes(doublet):
    outcome = doublet("library", "check")
    assert outcome.code == 0, outcome.err
    assert "no problem" in outcome.out


def test_check_of_a_broken_folder_names_file_and_record(doublet, tmp_path):
    (tmp_path / "observations.toml").write_text(
        'schema = "doublet-library/1"\n[[observations]]\nid = "mine/1"\nspecies = "InS4"\n'
        'level = "S 2p"\nsource = "nobody"\nwhere = "text"\nhow = "text"\nevidence = "P"\n'
        'values = ["161.6"]\npartner = "163.9"\n'
    )
    outcome = doublet("library", "check", tmp_path)
    assert outcome.code == 1
    assert outcome.err.count("mine/1") == 2
    for words in ("nobody", "2.3 eV is impossible", "observations.toml"):
        assert words in outcome.err


def test_check_of_a_folder_that_is_not_there_does_nothing(doublet, clear, tmp_path):
    clear(doublet("library", "check", tmp_path / "nowhere"), words="nowhere")


def documented_commands() -> list[str]:
    """Return every command line of the guide."""
    lines = GUIDE.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith("doublet library")]


@pytest.mark.parametrize("line", documented_commands())
def test_a_command_of_the_guide_works(doublet, line):
    outcome = doublet(*shlex.split(line)[1:])
    assert outcome.code == 0, outcome.err
    assert outcome.out
