"""The Python examples of the documentation run as they are printed, and say what is printed."""

import os
import re
from pathlib import Path

import pytest

import spectra_core as sc

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "python.md"
# Face names under the room they come from: pages write sc.name.
FACE = {name: room for room, names in sc._FACE.items() for name in names.split()}


def blocks_of(page: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def run_blocks(page: Path, folder: Path) -> dict[str, object]:
    namespace: dict[str, object] = {}
    before = Path.cwd()
    os.chdir(folder)
    try:
        for block in blocks_of(page):
            exec(compile(block, str(page), "exec"), namespace)
    finally:
        os.chdir(before)
    return namespace


@pytest.fixture(scope="module")
def guide(tmp_path_factory):
    """Return the namespace that the guide leaves behind, and the folder it wrote to."""
    folder = tmp_path_factory.mktemp("guide")
    return run_blocks(GUIDE, folder), folder


def test_the_first_script_is_fifteen_lines_with_one_import():
    lines = [line for line in blocks_of(GUIDE)[0].splitlines() if line.strip()]
    assert len(lines) <= 15
    assert [line for line in lines if "import" in line] == ["import spectra_core as sc"]


def test_the_first_script_finds_the_truth_of_its_file_and_writes_picture_and_report(guide):
    namespace, folder = guide
    result, ratio = namespace["result"], namespace["ratio"]
    # As simulated: PS4 161.3 eV and 4200 counts eV/s, Li2S 160.0 eV and 1300 counts eV/s.
    for path, truth in (
        ("S 2p/PS4/center", 161.3),
        ("S 2p/Li2S/center", 160.0),
        ("S 2p/PS4/area", 4200.0),
        ("S 2p/Li2S/area", 1300.0),
    ):
        assert abs(result.value(path) - truth) < 4 * result.stderr(path)
    assert ratio.total_interval[0] < 1300 / 4200 < ratio.total_interval[1]
    assert (folder / "fit.png").read_bytes().startswith(b"\x89PNG")
    report = (folder / "report.html").read_text(encoding="utf-8")
    assert "Li2S / PS4" in report.replace("<sub>2</sub>", "2").replace("<sub>4</sub>", "4")
    assert "SYNTHETIC DATA" in report


def test_the_table_in_the_guide_is_what_the_script_prints(guide):
    printed = str(guide[0]["result"]).splitlines()
    assert max(map(len, printed)) <= 80 and len(printed) <= 24
    shown = re.search(r"```\n(FitResult.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)[1]

    def words(lines):  # numbers may differ in the last place elsewhere
        return [re.sub(r"[\d.]+", "0", line).split() for line in lines]

    assert words(shown.splitlines()) == words(printed)


def test_the_mistakes_of_the_guide_are_answered(tmp_path, capsys):
    run_blocks(GUIDE, tmp_path)
    said = capsys.readouterr().out.splitlines()[-4:]
    for sentence, remedy in zip(
        said, ("read(", "fit(spectra[0], model)", '"starts"', "(value, min, max)"), strict=True
    ):
        assert remedy in sentence


def test_the_python_of_the_page_on_reports_runs(tmp_path):
    run_blocks(ROOT / "docs" / "reports.md", tmp_path)
    assert (tmp_path / "report.html").exists()


def test_the_python_of_the_page_on_results_finds_the_schema(tmp_path, capsys):
    run_blocks(ROOT / "docs" / "results.md", tmp_path)
    assert "doublet-results/1" in capsys.readouterr().out


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda p: p.name)
def test_pages_use_the_face_where_it_has_the_name(page):
    for block in blocks_of(page):
        for names in re.findall(r"from spectra_core\.\S+ import ([\w, ]+)", block):
            taken = {name.strip() for name in names.split(",")} & set(FACE)
            assert not taken, f"write sc.{', sc.'.join(sorted(taken))}"
