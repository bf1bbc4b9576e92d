"""``python -m doublet``, and the entry points of the commands `doublet` and `doublet-gui`."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from .app.cli.main import main as command_line

    command_line()


def gui() -> None:
    """Run the desktop program."""
    from .app.cli.gui import run

    run()


if __name__ == "__main__":
    main()
