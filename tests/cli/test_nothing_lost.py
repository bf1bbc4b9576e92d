"""One bad thing never stops the rest: files, fits, ratios, reports, disks, pipes."""

import json
import os
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from spectra_core.errors import FitError
from spectra_core.readers import READERS, Reader
from spectra_core.uncertainty.ratios import Ratio

ROOT = Path(__file__).resolve().parents[2]


def raising(error):
    def broken(*arguments, **options):
        raise error

    return broken


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "more memory"),
        (zlib.error("incorrect header check"), "incorrect header"),
        (OSError(), "OSError"),
        (RecursionError(), "nested too deeply"),
        (ValueError("Exceeds the limit (4300 digits)"), "4300 digits"),
        (KeyError("block"), "block"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_file_that_breaks_its_reader_is_named_and_the_others_are_fitted(
    doublet, clear, vamas_file, column_file, recipe_file, tmp_path, monkeypatch, error, words
):
    read = Reader.read

    def broken(self, path, options):
        if path.name == column_file.name:
            raise error
        return read(self, path, options)

    monkeypatch.setattr(Reader, "read", broken)
    out = tmp_path / "out"
    arguments = ("fit", column_file, vamas_file, "--recipe", recipe_file, "--formats", "json")
    outcome = doublet(*arguments, "-o", out)
    clear(outcome, code=1, words=words)
    assert column_file.name in outcome.err
    assert len(json.loads((out / "results.json").read_text(encoding="utf-8"))["fits"]) == 1
    clear(doublet("inspect", column_file, vamas_file), code=1, words=column_file.name)


def test_a_format_that_breaks_while_it_is_asked_is_that_files_fault(
    doublet, clear, vamas_file, monkeypatch
):
    monkeypatch.setattr(Reader, "matches", raising(MemoryError()))
    clear(doublet("inspect", vamas_file), words=vamas_file.name)
    assert len(READERS) > 5


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
@pytest.mark.parametrize("command", ["inspect", "fit"])
def test_a_pipe_is_no_file(doublet, clear, recipe_file, tmp_path, command):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    options = ("--recipe", recipe_file) if command == "fit" else ()
    clear(doublet(command, pipe, *options), words="is a pipe")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no endless device")
def test_an_endless_device_is_no_file(doublet, clear):
    clear(doublet("inspect", "/dev/zero"), words="is a device")


def test_a_fit_that_breaks_is_a_sentence_and_the_others_are_there(
    doublet, clear, vamas_file, recipe_file, tmp_path, monkeypatch
):
    import spectra_core.runs.execute as execute

    fit, calls = execute.fit, []

    def breaking(*arguments, **options):
        calls.append(1)
        if len(calls) == 1:
            raise RecursionError
        return fit(*arguments, **options)

    monkeypatch.setattr(execute, "fit", breaking)
    other = tmp_path / "other.vms"
    other.write_bytes(vamas_file.read_bytes())
    outcome = doublet("fit", vamas_file, other, "--recipe", recipe_file, "--json", "-")
    clear(outcome, code=1, words="nested too deeply")
    document = json.loads(outcome.out)
    assert len(document["fits"]) == len(document["failures"]) == 1


@pytest.mark.parametrize("error", [FitError("a refit did not converge."), ZeroDivisionError("x")])
def test_an_error_after_the_fit_does_not_lose_the_fit(
    doublet, vamas_file, recipe_file, tmp_path, monkeypatch, error
):
    import spectra_core.runs.execute as execute

    for name in ("ratio_budgets", "area_ratio", "lint"):
        monkeypatch.setattr(execute, name, raising(error))
    outcome = doublet("fit", vamas_file, "--recipe", recipe_file, "--json", "-")
    assert outcome.code == 0
    document = json.loads(outcome.out)
    (entry,), ratios = document["fits"], document["ratios"]
    assert entry["status"] == "converged"
    assert ratios and all(ratio["value"] is None for ratio in ratios)
    assert all("not determined" in ratio["note"] for ratio in ratios)
    assert "lint_failed" in [warning["code"] for warning in entry["warnings"]]


def test_a_ratio_without_any_error_is_not_determined(doublet, vamas_file, recipe_file, monkeypatch):
    """Where the budget cannot be made and the covariance has no error either, 0 is no result."""
    import spectra_core.runs.execute as execute

    def bare(result, numerator, denominator, *, name):
        note = "an area is fixed, so the ratio has no error."
        return Ratio(name, 0.0, None, None, 0.95, "A / B", note)

    monkeypatch.setattr(execute, "ratio_budgets", raising(FitError("a refit did not converge.")))
    monkeypatch.setattr(execute, "area_ratio", bare)
    document = json.loads(doublet("fit", vamas_file, "--recipe", recipe_file, "--json", "-").out)
    for ratio in document["ratios"]:
        assert ratio["value"] is None and ratio["note"].startswith("not determined: an area is")
        assert "a refit did not converge" in ratio["note"]


def test_a_template_that_divides_by_zero_costs_one_report(
    doublet, clear, vamas_file, recipe_file, tmp_path
):
    template = tmp_path / "template"
    template.mkdir()
    (template / "report.html").write_text("{{ 1/0 }}")
    out = tmp_path / "out"
    arguments = ("fit", vamas_file, "--recipe", recipe_file, "--template", template)
    outcome = doublet(*arguments, "--formats", "json,html,xlsx", "-o", out)
    clear(outcome, code=1, words="division by zero")
    (said,) = [line for line in outcome.err.splitlines() if "written to" in line]
    assert "results.json" in said and "report.xlsx" in said and "report.html" not in said
    assert (out / "report.xlsx").exists() and not (out / "report.html").exists()


FULL = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
limit = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
from doublet.app.cli.main import main
main()
"""


def on_a_full_disk(limit, *arguments):
    """Run the program where no file may grow beyond so many bytes."""
    return subprocess.run(
        [sys.executable, "-c", FULL, str(limit), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


@pytest.mark.skipif(os.name == "nt", reason="there is no limit on the size of files there")
def test_on_a_full_disk_every_format_says_so(doublet, vamas_file, recipe_file, tmp_path):
    out = tmp_path / "out"
    done = on_a_full_disk(
        *(
            60_000,
            "fit",
            vamas_file,
            "--recipe",
            recipe_file,
            "-o",
            out,
            "--formats",
            "csv,nexus,pdf",
        )
    )
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr and "defect" not in done.stderr
    assert "results.nxs: cannot be written" in done.stderr
    assert not list(out.glob("*.nxs")) and not list(out.glob("*.pdf"))
    assert not [path for path in out.iterdir() if path.name.startswith(".")]
    for suffix in ("h5", "nxs"):
        done = on_a_full_disk(2_000, "convert", vamas_file, tmp_path / f"out.{suffix}")
        assert done.returncode == 2, done.stderr
        assert "cannot be written" in done.stderr and "Traceback" not in done.stderr
        assert not (tmp_path / f"out.{suffix}").exists()


@pytest.mark.skipif(os.name == "nt", reason="a shell is needed")
@pytest.mark.parametrize("reader", [">&-", "| head -c 1 > /dev/null"], ids=["closed", "gone"])
def test_where_nobody_reads_the_table_everything_is_written(
    vamas_file, recipe_file, tmp_path, reader
):
    out = tmp_path / "out"
    command = (
        f"'{sys.executable}' -m doublet fit '{vamas_file}' --recipe '{recipe_file}'"
        f" --formats json,csv -o '{out}' {reader}"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], env=environment, capture_output=True
    )
    assert done.returncode == 0
    assert "defect" not in done.stderr.decode() and "Traceback" not in done.stderr.decode()
    json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert list(out.glob("*_curves.csv")) and not (out / "results.journal").exists()
