"""The command `doublet`: a table of commands, each imported when it is used.

`doublet --version`, `--help` and shell completion import no number crunching, so that they
answer at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, NoReturn

import click

from spectra_core import __version__
from spectra_core.errors import did_you_mean

from .border import CallState, guarded, say_plug_in_warnings, speak_utf8

# command -> (module, line for the list of commands)
COMMANDS = {
    "inspect": ("inspect", "What is in the files: one row per spectrum."),
    "fit": ("fit", "Fit spectra with a recipe, or with the CasaXPS fit they carry."),
    "series": ("series", "Fit the levels of a profile or series together: trends, depth, figures."),
    "map": ("map", "Fit a Raman map pixel by pixel: intensities, positions, ratios as images."),
    "ratios": ("ratios", "Merge the ratio tables of results files into one table."),
    "quantify": ("quantify", "Atomic fractions of results files, or of spectra without a fit."),
    "report": ("report", "Write the report of a saved project: HTML, PDF, Word, workbook."),
    "recipe": ("recipe", "Make a recipe from a CasaXPS fit, or print the recipe schema."),
    "simulate": ("simulate", "Make synthetic spectra with known truth from a recipe."),
    "convert": ("convert", "Write spectra in another file format (.vms, .csv, .h5)."),
    "library": ("library", "Peak positions: candidates, sources, conflicts; check the library."),
    "setup-cache": ("setup_cache", "Compile the fit kernels ahead, for the first fit."),
    "mcp": ("mcp", "Serve inspect, fit, review, report to an assistant: one folder, no other."),
    "gui": ("gui", "Open the desktop program."),
    "demo": ("demo", "Simulate and fit the bundled example: an argyrodite cathode, S 2p."),
}

EPILOG = """\b
Examples:
  doublet inspect data/                        what was measured
  doublet recipe sample.vms --from casaxps -o s2p.toml
  doublet fit sample.vms --recipe s2p.toml -o results
  doublet fit *.vms --recipe s2p.toml --json - | jq .ratios
  doublet demo                                 a first fit, without any data

\b
Exit codes:
  0  everything was done
  1  done in part: each failure is one line on standard error, and everything else
     was written and is valid
  2  nothing was done: the input or the command was wrong

Errors say what is wrong, where, the value found, and what to do. `doublet --debug COMMAND`
shows Python's traceback instead; that is for reporting a defect of Doublet itself.
"""


class CommandGroup(click.Group):
    """The group of all commands, and the border around each call."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of a day's work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command and return the command."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f".{COMMANDS[cmd_name][0]}", __package__)
        command: click.Command = module.command
        command.short_help = COMMANDS[cmd_name][1]
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing one of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, row[1]) for name, row in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or name the nearest one."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            hint = did_you_mean(name, COMMANDS)
            raise click.UsageError(f'There is no command "{name}". {hint}', ctx)
        return super().resolve_command(ctx, args)

    def main(  # type: ignore[override] # standalone or not is decided here
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> NoReturn:
        """Run the program and end it with its exit code."""
        speak_utf8()
        say_plug_in_warnings()
        state = CallState()
        extra["standalone_mode"] = False
        name = prog_name or "doublet"
        run = super().main
        sys.exit(guarded(lambda: run(args, name, obj=state, **extra), state))


def _set_debug(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    ctx.ensure_object(CallState).debug |= value


@click.group(
    "doublet",
    cls=CommandGroup,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="doublet", message="%(prog)s %(version)s")
@click.option(
    "--debug",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_set_debug,
    help="Show Python's traceback of an error.",
)
def main() -> None:
    """Doublet separates overlapping lines in photoelectron and Raman spectra.

    It reads spectra (VAMAS, and columns of text, csv or xlsx; the content decides the format,
    not the name), fits them with a recipe in which spin-orbit doublets and other ties are
    exact, and writes every parameter with its standard error, the curves and a figure.
    """


if __name__ == "__main__":
    main()
