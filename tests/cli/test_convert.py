"""`doublet convert`: the same spectrum in another file, and what is lost is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from spectra_core.readers import read


@pytest.mark.parametrize("suffix", [".csv", ".h5", ".vms"])
def test_points_and_metadata_survive_there_and_back(doublet, vamas_file, tmp_path, suffix):
    there, back = tmp_path / f"there{suffix}", tmp_path / "back.vms"
    assert doublet("convert", vamas_file, there).code == 0
    assert doublet("convert", there, back).code == 0
    before, after = read(vamas_file)[0], read(back)[0]
    assert np.allclose(before.x_recorded, after.x_recorded, rtol=0, atol=1e-9)
    assert np.array_equal(before.counts, after.counts)
    assert np.allclose(before.y, after.y, rtol=1e-14)
    assert replace(before.meta, extra={}) == replace(after.meta, extra={})
    assert dict(before.meta.extra).items() <= dict(after.meta.extra).items()


def test_a_text_file_becomes_vamas_once_the_axis_is_said(doublet, clear, column_file, tmp_path):
    target = tmp_path / "out.vms"
    clear(doublet("convert", column_file, target), words="--axis")
    assert not target.exists()
    outcome = doublet(
        "convert", column_file, target, "--axis", "binding", "--photon-energy", "1486.6"
    )
    assert outcome.code == 0
    assert len(read(target)[0]) == 241


def test_the_suffix_of_the_output_must_name_a_format(doublet, clear, vamas_file, tmp_path):
    outcome = doublet("convert", vamas_file, tmp_path / "out.doc")
    clear(outcome, words=".vms, .csv, .h5")


def test_the_input_is_never_replaced(doublet, clear, vamas_file):
    before = vamas_file.read_bytes()
    clear(doublet("convert", vamas_file, vamas_file), words="same file")
    assert vamas_file.read_bytes() == before


def test_select_takes_some_spectra(doublet, clear, data_dir, tmp_path):
    source = data_dir / "cheminfo-xps" / "assigned_excerpt_3samples.vms"
    target = tmp_path / "s2p.csv"
    assert doublet("convert", source, target, "--select", "S 2p").code == 0
    assert [s.meta.region for s in read(target)] == ["1: S 2p"] * 3
    clear(doublet("convert", source, tmp_path / "x.csv", "--select", "Xe 3d"), words="Xe 3d")


def test_a_truncated_file_is_converted_as_far_as_it_is_whole(doublet, clear, data_dir, tmp_path):
    source = data_dir / "cheminfo-xps" / "assigned_excerpt_3samples.vms"
    data = source.read_bytes()
    cut = tmp_path / "cut.vms"
    cut.write_bytes(data[: len(data) // 2])
    outcome = doublet("convert", cut, tmp_path / "out.csv")
    clear(outcome, code=1, words="cut.vms")
    kept = read(tmp_path / "out.csv")
    whole = read(source)
    assert 0 < len(kept) < len(whole)
    assert np.array_equal(kept[0].y, whole[0].y)


def test_several_files_of_one_sample_become_one_file(doublet, region_files, tmp_path):
    outcome = doublet("convert", *region_files, tmp_path / "cellA.vms")
    assert outcome.code == 0
    assert "differ only in the core level" in outcome.err
    merged = read(tmp_path / "cellA.vms")
    assert [s.meta.sample for s in merged] == ["cellA", "cellA"]
    assert [s.meta.region for s in merged] == ["S 2p", "P 2p"]
    for file, spectrum in zip(region_files, merged, strict=True):
        (before,) = read(file)
        assert np.array_equal(before.y, spectrum.y)


def test_samples_of_one_name_in_several_files_are_told_apart(doublet, vamas_file, tmp_path):
    for name in ("monday", "tuesday"):
        (tmp_path / f"{name}.vms").write_bytes(vamas_file.read_bytes())
    both = tmp_path / "monday.vms", tmp_path / "tuesday.vms"
    outcome = doublet("convert", *both, tmp_path / "both.csv")
    (sample,) = {s.meta.sample for s in read(vamas_file)}
    named = [s.meta.sample for s in read(tmp_path / "both.csv")]
    assert named == [f"{sample} (monday)", f"{sample} (tuesday)"]
    assert f"is called {sample} (monday)" in outcome.err


def test_the_output_is_none_of_several_inputs(doublet, clear, region_files):
    before = region_files[1].read_bytes()
    clear(doublet("convert", *region_files), words=".txt")
    csv = region_files[1].rename(region_files[1].with_suffix(".csv"))
    clear(doublet("convert", region_files[0], csv, csv), words="same file")
    assert csv.read_bytes() == before


def test_a_folder_becomes_one_file_and_what_vamas_cannot_hold_is_named(
    doublet, clear, vamas_file, tmp_path
):
    """An infrared spectrum beside an XPS one: the one is written, the other said."""
    folder = tmp_path / "measured"
    folder.mkdir()
    (folder / "xps.vms").write_bytes(vamas_file.read_bytes())
    lines = ["##TITLE=synthetic infrared", "##JCAMP-DX=4.24", "##DATA TYPE=INFRARED SPECTRUM"]
    lines += ["##XUNITS=1/CM", "##YUNITS=ABSORBANCE", "##FIRSTX=400", "##LASTX=402"]
    lines += ["##NPOINTS=3", "##XFACTOR=1", "##YFACTOR=1", "##XYDATA=(X++(Y..Y))"]
    (folder / "infrared.dx").write_text("\n".join([*lines, "400 1 2 3", "##END="]))
    outcome = doublet("convert", folder, tmp_path / "all.vms")
    clear(outcome, code=1, words="VAMAS has no unknown axis")
    assert len(read(tmp_path / "all.vms")) == len(read(vamas_file))
    assert doublet("convert", folder, tmp_path / "all.h5").code == 0
    assert len(read(tmp_path / "all.h5")) == len(read(vamas_file)) + 1
