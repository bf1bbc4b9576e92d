"""`doublet inspect`: one row per spectrum, and what cannot be read is said."""

from __future__ import annotations

import json

import pytest


def records(outcome):
    return json.loads(outcome.out)["spectra"]


def test_one_row_with_what_was_measured(doublet, vamas_file):
    outcome = doublet("inspect", vamas_file)
    heading, file, row = outcome.out.splitlines()
    assert outcome.code == 0
    assert file == str(vamas_file)
    for words in ("sample", "region", "axis", "points", "dwell s", "scans", "CasaXPS fit"):
        assert words in heading
    for words in ("(synthetic)", "S 2p", "binding energy eV", "241", "counts/s", "0.1", "40"):
        assert words in row
    assert "1486.6" in row


def test_json_holds_all_metadata(doublet, vamas_file):
    record = records(doublet("inspect", vamas_file, "--json"))[0]
    assert record["file"] == str(vamas_file)
    assert record["format"] == "VAMAS"
    assert record["axis"] == {
        "kind": "binding energy",
        "unit": "eV",
        "from": pytest.approx(169.0),
        "to": 157.0,
        "step": pytest.approx(0.05),
        "uniform": True,
        "points": 241,
    }
    assert (record["dwell_s"], record["scans"]) == (0.1, 40)
    assert "SYNTHETIC" in record["comment"]
    assert len(record["sha256"]) == 64


def test_an_axis_the_file_does_not_name_is_asked_for(doublet, column_file):
    assert "ask (--axis)" in doublet("inspect", column_file).out
    assert "binding energy eV" in doublet("inspect", column_file, "--axis", "binding").out


def test_a_foreign_file_in_a_walked_folder_is_listed_but_is_no_failure(
    doublet, vamas_file, tmp_path
):
    (tmp_path / "notes.md").write_text("nothing here")
    outcome = doublet("inspect", tmp_path)
    assert outcome.code == 0
    assert "made.vms" in outcome.out
    assert "not read" in outcome.err and "notes.md" in outcome.err


def test_a_foreign_file_that_is_named_is_a_failure_and_the_rest_is_done(
    doublet, clear, vamas_file, tmp_path
):
    other = tmp_path / "notes.md"
    other.write_text("nothing here")
    outcome = doublet("inspect", vamas_file, other)
    clear(outcome, code=1, words="notes.md")
    assert "made.vms" in outcome.out


def test_a_missing_file_is_named(doublet, clear, tmp_path):
    clear(doublet("inspect", tmp_path / "no.vms"), words="no.vms")


def test_a_folder_without_spectra_is_nothing_done(doublet, clear, tmp_path):
    clear(doublet("inspect", tmp_path), words="no file")


def test_square_brackets_and_colons_in_names_are_printed_as_they_are(doublet, tmp_path):
    path = tmp_path / "a[bold]b:smile:.txt"
    try:
        path.write_text("1 2\n2 3\n3 4\n")
    except OSError:
        pytest.skip("this file system has no colons in names")
    assert "a[bold]b:smile:.txt" in doublet("inspect", path).out


def test_every_vamas_file_of_the_measured_data_is_listed(doublet, data_dir):
    outcome = doublet("inspect", data_dir, "--json")
    listed = {record["file"] for record in records(outcome)}
    files = {
        str(path)
        for path in data_dir.rglob("*")
        if path.suffix.lower() in (".vms", ".npl")
        and path.parent.name != "vamas_comment_fragments"  # comments cut out of files
    }
    assert files and files <= listed
    assert outcome.code == 0


def test_rows_of_measured_vamas_files_are_complete(doublet, data_dir):
    outcome = doublet("inspect", data_dir / "cheminfo-xps", "--json")
    for record in records(outcome):
        assert record["sample"] and record["region"] and record["axis"]["kind"]
        assert record["dwell_s"] > 0 and record["scans"] > 0


def test_a_casaxps_fit_is_seen(doublet, data_dir):
    path = data_dir / "cheminfo-xps" / "assigned_excerpt_3samples.vms"
    fits = {
        (r["sample"], r["region"]): r["casaxps"]["components"]
        for r in records(doublet("inspect", path, "--json"))
    }
    assert fits["RW_WS2", "1: S 2p"] == 2
    assert fits["RW_WS2", "wide"] == 0


def test_what_was_decided_in_reading_is_said_once_for_each_file(tmp_path, doublet):
    rows = "\n".join(f"{-170 + 0.1 * i:.1f}\t{500 + i}" for i in range(50))
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(f"Binding Energy (eV)\tCounts\n{rows}\n")
    outcome = doublet("inspect", tmp_path / "a.txt", tmp_path / "b.txt")
    assert outcome.code == 0
    notes = [line for line in outcome.err.splitlines() if "minus the number" in line]
    assert ["a.txt" in notes[0], "b.txt" in notes[1], len(notes)] == [True, True, 2]
