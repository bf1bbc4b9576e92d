"""The border between the program and the user: messages, exit codes, tracebacks.

Every failure becomes one or two sentences on standard error. A command counts what it
did and what failed in a `Tally`; the exit code follows from it: 0 everything done, 1
done in part, 2 nothing done. `guarded` is the one place where any exception is caught.
"""

from __future__ import annotations

import errno
import gc
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from threading import Event
from typing import Any

import click

from spectra_core.errors import PartialRead, PlugInWarning, SpectraError

DONE, IN_PART, NOTHING = 0, 1, 2
MAX_WORDS = 200  # of an unexpected exception's own text


@dataclass
class CallState:
    """What holds for one call of the program."""

    debug: bool = False


class Tally:
    """How many things were done, and how many failed; each failure is said at once."""

    def __init__(self) -> None:
        self.done = 0
        self.failed = 0

    def succeed(self, count: int = 1) -> None:
        """Count things that were done."""
        self.done += count

    def fail(self, problem: str | SpectraError) -> None:
        """Say one failure on standard error and count it."""
        self.failed += 1
        complain(str(problem))

    @property
    def exit_code(self) -> int:
        """0, 1 or 2 as the module's paragraph says."""
        if not self.failed:
            return DONE
        return IN_PART if self.done else NOTHING


def complain(text: str) -> None:
    """Print one message on standard error, with the program's name before it.

    Several mistakes of one file, a line each, stay a line each.
    """
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    click.echo("doublet: " + "\n  ".join(lines), err=True)


def note(text: str) -> None:
    """Print a remark on standard error."""
    click.echo(text, err=True)


def say_plug_in_warnings() -> None:
    """Print warnings of plug-ins as remarks; all other warnings stay as they are."""
    shown = warnings.showwarning

    def show(message: Any, category: Any, *rest: Any, **more: Any) -> None:
        if issubclass(category, PlugInWarning):
            note(str(message))
        else:
            shown(message, category, *rest, **more)

    warnings.showwarning = show


def guarded(run: Callable[[], object], state: CallState) -> int:
    """Run the program and return its exit code; no exception gets past.

    Parameters
    ----------
    run : callable
        Returns an exit code, or None for 0.
    state : CallState
        With `debug`, an exception is raised again so that Python prints its traceback.
    """
    try:
        with _terminated_like_ctrl_c():
            code = run()
        if sys.stdout is not None:
            sys.stdout.flush()
        return code if isinstance(code, int) else DONE
    except (click.Abort, KeyboardInterrupt):
        complain("stopped; nothing more was written.")
        return NOTHING
    except Exception as error:  # the border: the only place that catches all
        if nobody_listens(error):
            quieten()
            return DONE
        if state.debug and not isinstance(error, click.ClickException):
            raise
        return _report(error)


@contextmanager
def stopping() -> Iterator[Callable[[], bool]]:
    """Let Ctrl-C and a request to terminate ask for a stop, so that what is done is kept.

    Yields what tells whether a stop was asked for. A second request ends at once.
    """
    asked = Event()

    def ask(number: int, frame: object) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    with _handling(ask, "SIGINT", "SIGTERM", "SIGHUP"):
        yield asked.is_set


@contextmanager
def rare_collections() -> Iterator[None]:
    """Look for cycles of dead objects seldom: those of thousands of spectra live to the end."""
    before = gc.get_threshold()
    gc.set_threshold(_YOUNG, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


_YOUNG = 50_000  # new objects between two searches


def _terminated_like_ctrl_c() -> AbstractContextManager[None]:
    """Let a request to terminate end the program as Ctrl-C does."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    return _handling(interrupt, "SIGTERM", "SIGHUP")


@contextmanager
def _handling(handler: Callable[[int, Any], None], *names: str) -> Iterator[None]:
    """Handle signals meanwhile; those that are ignored, as under nohup, stay so."""
    before = {}
    if threading.current_thread() is threading.main_thread():
        for name in names:
            number = getattr(signal, name, None)  # some are unknown to Windows
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)


def _report(error: Exception) -> int:
    if isinstance(error, click.ClickException):
        return _report_usage(error)
    if isinstance(error, SpectraError):
        complain(str(error))
        return IN_PART if isinstance(error, PartialRead) and error.spectra else NOTHING
    if isinstance(error, OSError) and error.strerror:
        complain(f"{os_error_place(error)}{error.strerror}.")
        return NOTHING
    words = " ".join(f"{type(error).__name__}: {error}".split())[:MAX_WORDS]
    complain(
        f"a defect in Doublet stopped this command ({words})."
        " Run it as `doublet --debug ...` to see where, and please report that."
    )
    return NOTHING


def _report_usage(error: click.ClickException) -> int:
    message = error.format_message().strip()
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":
        note(message)
        return NOTHING
    message = message if message.endswith((".", "?", "!", ")")) else f"{message}."
    message = message[:1].lower() + message[1:]
    complain(f"{message} See {context.command_path} --help." if context else message)
    return NOTHING


def os_error_place(error: OSError) -> str:
    """Return the file an operating system error is about, with a colon; empty if unknown."""
    return f"{error.filename}: " if error.filename else ""


def nobody_listens(error: BaseException) -> bool:
    """Return whether an error says that standard output leads nowhere: a closed pipe or stream."""
    return isinstance(error, OSError) and error.errno in (errno.EPIPE, errno.EBADF)


def quieten() -> None:
    """Let nothing more be printed: the reader of the pipe has gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            os.dup2(nowhere, stream.fileno())
        except (OSError, ValueError, AttributeError):  # a stream without a file needs no care
            continue


def speak_utf8() -> None:
    """Let both streams carry every letter, whatever the console's code page is."""
    for stream in (sys.stdout, sys.stderr):
        encoding = (getattr(stream, "encoding", "") or "").lower().replace("-", "")
        if encoding != "utf8" and hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
