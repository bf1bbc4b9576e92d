"""The manual page says what the help pages say, command by command, and roff takes it."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from doublet.app.cli.main import COMMANDS
from doublet.app.cli.man import man_page
from spectra_core import __version__

# Headings, and the option for help, which the manual page has once.
OF_EVERY_HELP_PAGE = {"Options", "Commands", "h", "help", "Show", "this", "message", "and", "exit"}
OF_EVERY_HELP_PAGE |= {"Reading", "what", "a", "file", "does", "not", "say"}


def read_roff(text: str) -> str:
    """Return what the page prints, without formatting."""
    lines = [line for line in text.splitlines() if not re.match(r"\.(PP|TP|nf|fi|ad)\b", line)]
    text = "\n".join(re.sub(r"^\.(B|SH|SS) ", r"\1 ", line) for line in lines)
    signs = {r"\-": "-", r"\(aq": "'", r"\(ga": "`", r"\(ha": "^", r"\(ti": "~", r"\&": ""}
    return re.sub(r"\\(\((aq|ga|ha|ti)|[-&e])", lambda m: signs.get(m[0], "\\"), text)


def sections() -> dict[str, str]:
    """Return the sections of the page: of a command under its path."""
    parts = re.split(r'^S[HS] "?([^"\n]+)"?$', read_roff(man_page()), flags=re.MULTILINE)
    return {title.lower(): body for title, body in zip(parts[1::2], parts[2::2], strict=True)}


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def commands_below(doublet, *path: str) -> list[tuple[str, ...]]:
    """Return a command and those that its own help lists below it."""
    listed = doublet(*path, "--help").out.partition("\nCommands:\n")[2].partition("\n\n")[0]
    names = re.findall(r"^  (\S+)", listed, re.MULTILINE)
    return [path, *(found for name in names for found in commands_below(doublet, *path, name))]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_s_section_has_its_help_its_options_and_its_examples(doublet, name):
    page = sections()
    for path in commands_below(doublet, name):
        said = page[f"doublet {' '.join(path)}"]
        help_page = doublet(*path, "--help").out
        for option in set(re.findall(r"--[a-z][a-z-]+", help_page)) - {"--help"}:
            assert option in said, (path, option)
        for line in re.findall(r"^ +(doublet .*)$", help_page, re.MULTILINE):
            assert line in said, (path, line)
        usage, _, rest = help_page.partition("\n\n")
        assert squeezed(usage.removeprefix("Usage:")) in squeezed(said)
        missing = set(words(rest.replace("-\n", "-"))) - set(words(said)) - summaries(help_page)
        assert missing <= OF_EVERY_HELP_PAGE, (path, missing)


def squeezed(text: str) -> str:
    return "".join(text.split())


def summaries(help_page: str) -> set[str]:
    """Return the words of a help page's list of commands; they have sections of their own."""
    return set(words(help_page.partition("\nCommands:\n")[2].partition("\n\n")[0]))


def test_the_page_lists_all_commands_and_the_version():
    page = sections()
    for name, (_, line) in COMMANDS.items():
        assert f"B {name}\n{line}\n" in page["commands"]
    assert f'"Doublet {__version__}"' in man_page()
    assert "-h, --help" in page["options"]
    assert "Exit codes:\n  0  everything was done\n" in page["notes"]


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is not installed")
def test_groff_sets_the_page_without_a_warning():
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-Kutf8", "-ww", "-rLL=200n", "-P-c"],
        input=man_page().encode(),
        capture_output=True,
    )
    assert done.returncode == 0 and done.stderr == b""
    shown = re.sub(".\b", "", done.stdout.decode())
    assert "doublet fit *.vms --recipe s2p.toml --json - | jq .ratios" in shown
