"""The program as a whole: help, version, usage errors, what is imported when."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from doublet.app.cli import border
from doublet.app.cli.main import COMMANDS, main
from doublet.app.cli.options import AXIS_WORDS, Y_UNIT_WORDS
from spectra_core import __version__

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("numpy", "scipy", "pydantic", "lmfit", "matplotlib", "h5py", "xarray", "PySide6")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "doublet", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def imported_by(*arguments: str) -> set[str]:
    """Return the top-level modules that one call of the program has loaded."""
    code = (
        "import sys\nfrom doublet.app.cli.main import main\n"
        f"try:\n    main({list(arguments)!r})\nexcept SystemExit: pass\n"
        "sys.stderr.write('MODULES ' + ' '.join({m.partition('.')[0] for m in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, encoding="utf-8"
    )
    return set(done.stderr.partition("MODULES ")[2].split())


@pytest.mark.parametrize("argument", ["--version", "--help"])
def test_version_and_help_import_nothing_heavy(argument):
    assert not imported_by(argument) & set(HEAVY)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_every_command_imports_nothing_heavy(command):
    assert not imported_by(command, "--help") & set(HEAVY)


def test_inspect_imports_no_fitting_and_no_plotting(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("1 2\n2 3\n3 4\n")
    loaded = imported_by("inspect", str(path))
    assert "numpy" in loaded
    assert not loaded & {"scipy", "lmfit", "matplotlib", "pydantic"}


def test_shell_completion_answers_without_numpy():
    done = run(_DOUBLET_COMPLETE="bash_complete", COMP_WORDS="doublet in", COMP_CWORD="1")
    assert "inspect" in done.stdout


def test_version_is_said():
    assert run("--version").stdout == f"doublet {__version__}\n"


def test_help_says_what_it_is_with_examples_and_exit_codes(doublet):
    text = doublet("--help").out
    for words in ("photoelectron", "Examples:", "Exit codes:", "--debug", *COMMANDS):
        assert words in text


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_examples_in_its_help(doublet, command):
    outcome = doublet(command, "--help")
    assert outcome.code == 0
    assert f"doublet {command} " in outcome.out.partition("Examples:")[2] + " "
    assert COMMANDS[command][1].endswith(".")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("insect",), 'Did you mean "inspect"?'),
        (("inspect", "--jsn", "x"), "--json"),
        (("inspect",), "missing argument"),
        (("inspect", "x", "--axis", "binding energy"), "--axis"),
        (("--vrsion",), "--version"),
    ],
)
def test_a_wrong_command_is_one_sentence_with_a_suggestion(doublet, clear, arguments, words):
    outcome = doublet(*arguments)
    clear(outcome, words=words)
    assert len(outcome.err.splitlines()) == 1


def test_no_command_at_all_prints_the_help_and_is_wrong(doublet):
    outcome = doublet()
    assert outcome.code == 2
    assert "Commands:" in outcome.err


def test_the_words_of_the_options_are_those_of_the_readers():
    from spectra_core.readers.options import AXES, Y_UNITS

    assert tuple(AXES) == AXIS_WORDS
    assert Y_UNITS == Y_UNIT_WORDS


def test_a_defect_is_named_as_one_without_a_traceback(capsys):
    def broken() -> None:
        raise KeyError("x")

    assert border.guarded(broken, border.CallState()) == 2
    message = capsys.readouterr().err
    assert message.startswith("doublet: a defect in Doublet")
    assert "KeyError" in message and "--debug" in message and "Traceback" not in message


def test_debug_lets_the_exception_through():
    def broken() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        border.guarded(broken, border.CallState(debug=True))


def test_debug_before_a_command_shows_the_traceback_of_an_error():
    done = run("--debug", "inspect", "no_such_folder/x.vms")
    assert done.returncode != 0
    done = run("--debug", "convert", "x.vms", "y.doc")
    assert "Traceback" in done.stderr and "WriteError" in done.stderr


def test_an_interrupt_is_quiet():
    def stopped() -> None:
        raise click.Abort

    assert border.guarded(stopped, border.CallState()) == 2


def test_a_reader_of_the_pipe_that_goes_away_is_quiet(tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(300):
        (folder / f"{number}.txt").write_text("1 2\n2 3\n3 4\n")
    with subprocess.Popen(
        [sys.executable, "-m", "doublet", "inspect", str(folder), "--json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""


def test_names_in_any_script_reach_a_console_of_any_code_page(tmp_path):
    path = tmp_path / "größe_硫.txt"
    path.write_text("1 2\n2 3\n3 4\n", encoding="utf-8")
    done = run("inspect", str(path), PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert "größe_硫.txt" in done.stdout


def test_the_group_is_the_entry_point():
    assert isinstance(main, click.Group)
