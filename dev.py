"""Set up, run and check Doublet: the one script a developer needs.

It uses the standard library only, because it runs before anything is installed. `setup` makes
a virtual environment in `.venv`, installs the versions that requirements.lock names, then this
folder as an editable package. A stamp in `.venv` is written last: without it the environment is
half-made and is built again, with it a second run does nothing. All other commands run `setup`
first and pass on the exit code of what they run.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
STAMP = VENV / "doublet-setup.txt"
INPUTS = ("requirements.lock", "pyproject.toml", "dev.py")

OLDEST, NEWEST = (3, 11), (3, 14)

# What Qt loads even without a screen: shared library -> Debian package.
QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
}
# What Qt loads besides for a window on a screen (X11): looked for on a machine that has one.
SCREEN_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")

CHECKS = {
    "ruff check": ("ruff", "check", "."),
    "ruff format": ("ruff", "format", "--check", "."),
    "mypy": ("mypy",),
    "import rules": ("lint-imports", "--no-logo"),
    "codespell": ("codespell",),
}

QUIET_THREADS = {"QT_QPA_PLATFORM": "offscreen", "OMP_NUM_THREADS": "1"}


def say(text: str) -> None:
    """Print at once, so that the lines keep their order in a log."""
    print(text, flush=True)


def tool(name: str) -> str:
    """Return the path of a program of the virtual environment."""
    return str(BIN / (f"{name}.exe" if os.name == "nt" else name))


def run(command: Sequence[str], **environment: str) -> int:
    """Run a command in the caller's folder and return its exit code."""
    return subprocess.run(list(command), env={**os.environ, **environment}).returncode


# ---------------------------------------------------------------- Python


def other_python() -> str | None:
    """Return the path of a suitable Python on PATH, the newest first."""
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        # a version manager's shim may be on PATH without its Python
        if found and subprocess.run([found, "--version"], capture_output=True).returncode == 0:
            return found
    return None


def need_suitable_python() -> None:
    """Go on, hand over to a suitable Python, or say what is missing and stop."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return
    running = ".".join(map(str, sys.version_info[:3]))
    found = other_python()
    if found is None:
        sys.exit(
            f"Doublet needs Python 3.{OLDEST[1]} to 3.{NEWEST[1]}; this is {running}, and PATH "
            "has no other. Install one of them and run this script with it."
        )
    say(f"Python {running} does not suit; going on with {found}")
    sys.exit(run([found, str(ROOT / "dev.py"), *sys.argv[1:]]))


# ---------------------------------------------------------------- system libraries


def apt_install(packages: Sequence[str], why: str) -> bool:
    """Install Debian packages where this may be done, else name the exact command."""
    options = ["-y", "--no-install-recommends", *packages]
    may = hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None
    if may:
        say(f"installing {' '.join(packages)} ({why})")
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        install = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0", "install", *options]
        if run(["apt-get", "-qq", "update"], **quiet) == 0 and run(install, **quiet) == 0:
            return True
    say(f"missing: {why}. On Debian or Ubuntu: sudo apt-get install {' '.join(options)}")
    return False


def loads(library: str) -> bool:
    """Return whether the system's loader finds a shared library."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def has_font() -> bool:
    """Return whether any outline font is installed."""
    folders = [Path(folder).expanduser() for folder in FONT_FOLDERS]
    return any(
        next(folder.rglob(pattern), None) for folder in folders for pattern in ("*.ttf", "*.otf")
    )


def check_qt_libraries() -> None:
    """Install or name the system libraries that Qt needs; never a reason to stop."""
    if not sys.platform.startswith("linux"):
        return
    wanted = dict(QT_LIBRARIES)
    if os.environ.get("DISPLAY") or shutil.which("Xvfb"):
        wanted |= SCREEN_LIBRARIES
    missing = [package for library, package in wanted.items() if not loads(library)]
    if not has_font():
        missing.append("fonts-dejavu-core")
    if missing:
        apt_install(missing, "system libraries that Qt needs")


# ---------------------------------------------------------------- setup


def identity() -> str:
    """Return what a virtual environment cannot change: its Python and its place."""
    return f"{sys.version_info.major}.{sys.version_info.minor} {VENV}"


def stamp_text() -> str:
    """Return the stamp of an environment that agrees with this folder."""
    digest = hashlib.sha256()
    for name in INPUTS:
        digest.update((ROOT / name).read_bytes())
    return f"{identity()}\n{digest.hexdigest()}\n"


def stamped() -> str:
    """Return the stamp of the last setup that came to its end, or nothing."""
    try:
        return STAMP.read_text(encoding="utf-8")
    except OSError:
        return ""


def make_venv() -> None:
    """Make an empty virtual environment, in place of whatever is there."""
    say(f"making the virtual environment {VENV}")
    package = f"python3.{sys.version_info.minor}-venv"
    if importlib.util.find_spec("ensurepip") is None and not apt_install([package], "venv"):
        sys.exit("Without it no virtual environment can be made.")
    if run([sys.executable, "-m", "venv", "--clear", str(VENV)]) != 0:
        sys.exit(f"The virtual environment {VENV} could not be made (see above).")


def install() -> None:
    """Install the locked versions, then this folder as an editable package."""
    say("installing the locked versions (a few minutes the first time)")
    # python -m pip: a pip script's first line cannot hold a long path or one with spaces
    pip = [tool("python"), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    for what in (
        ["--requirement", str(ROOT / "requirements.lock")],
        ["--no-deps", "--no-build-isolation", "--editable", str(ROOT)],
    ):
        if run([*pip, *what]) != 0:
            sys.exit("The installation failed (see above). Run the same command again.")


def setup(*, always_check_qt: bool = False) -> None:
    """Bring `.venv` up to date; do nothing when it is."""
    wanted, found = stamp_text(), stamped()
    if found == wanted:
        if always_check_qt:
            check_qt_libraries()
        return
    if not found.startswith(identity() + "\n"):
        make_venv()
    STAMP.unlink(missing_ok=True)  # from here on an interruption leaves it half-made
    install()
    check_qt_libraries()
    STAMP.write_text(wanted, encoding="utf-8")
    say("setup: done")


# ---------------------------------------------------------------- commands


def cmd_setup(rest: list[str]) -> int:
    """Make or update .venv at the locked versions."""
    setup(always_check_qt=True)
    say(f"setup: {VENV} is ready")
    return 0


def cmd_demo(rest: list[str]) -> int:
    """Run the bundled example (options go to `doublet demo`)."""
    setup()
    return run([tool("doublet"), "demo", *rest])


def cmd_test(rest: list[str]) -> int:
    """Run the whole test suite without a screen (options go to pytest)."""
    setup()
    spread = any(arg.startswith(("-n", "--numprocesses", "--pdb", "no:xdist")) for arg in rest)
    options = rest if spread else ["-n", "2", *rest]
    os.chdir(ROOT)
    return run([tool("python"), "-m", "pytest", *options], **QUIET_THREADS)


def cmd_check(rest: list[str]) -> int:
    """Run lint, format, types, import rules and spelling; name what failed."""
    setup()
    failed = [name for name, command in CHECKS.items() if not passes(name, command)]
    say(f"check: failed: {', '.join(failed)}" if failed else "check: everything passed")
    return 1 if failed else 0


def passes(name: str, command: Sequence[str]) -> bool:
    """Run one check, print its line, and its output when it failed."""
    start = time.perf_counter()
    done = subprocess.run(
        [tool(command[0]), *command[1:]],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    good = done.returncode == 0
    say(f"{'ok    ' if good else 'FAILED'} {name} ({time.perf_counter() - start:.1f} s)")
    if not good:
        say(done.stdout.rstrip())
    return good


def cmd_bench(rest: list[str]) -> int:
    """Measure speed side by side (names as filter, --json FILE)."""
    setup()
    return run([tool("python"), str(ROOT / "benchmarks" / "run.py"), *rest], OMP_NUM_THREADS="1")


def cmd_screenshots(rest: list[str]) -> int:
    """Render the desktop program's main states into build/screenshots, or a given folder."""
    parser = argparse.ArgumentParser(prog="dev.py screenshots", description=cmd_screenshots.__doc__)
    parser.add_argument("folder", nargs="?", default=str(ROOT / "build" / "screenshots"))
    chosen = parser.parse_args(rest)
    setup()
    script = [tool("python"), str(ROOT / "tests" / "gui" / "screenshots.py"), chosen.folder]
    failed = run(script, **QUIET_THREADS) or run([*script, "tour"], **QUIET_THREADS)
    # Once more as on a large screen of high density: 2560 x 1440 points at two pixels each.
    return failed or run([*script, "hidpi-"], QT_SCALE_FACTOR="2", **QUIET_THREADS)


def stale(folder: Path) -> bool:
    """Return whether pictures of the window are missing or older than what they show."""
    taken = [path.stat().st_mtime for path in folder.glob("*.png")]
    sources = (
        path
        for room in ("app", "spectra_core", "tests/gui")
        for path in (ROOT / room).rglob("*.py")
    )
    return not taken or min(taken) < max(path.stat().st_mtime for path in sources)


def cmd_docs(rest: list[str]) -> int:
    """Build the site into build/site/html; pictures are taken again when the program changed."""
    parser = argparse.ArgumentParser(prog="dev.py docs", description=cmd_docs.__doc__)
    parser.add_argument("--pictures", type=Path, help="folder of pictures to take as they are")
    chosen = parser.parse_args(rest)
    setup()
    pictures = chosen.pictures or ROOT / "build" / "screenshots"
    if chosen.pictures is None and stale(pictures) and cmd_screenshots([str(pictures)]) != 0:
        return 1
    build = (tool("python"), str(ROOT / "website" / "build.py"), str(ROOT / "build" / "site"))
    failed = run([*build, str(pictures)], PYTHONPATH=str(ROOT), **QUIET_THREADS)
    say("docs: failed (see above)" if failed else "docs: build/site/html/index.html")
    return failed


def cmd_fuzz(rest: list[str]) -> int:
    """Read damaged files of every format under limits of time and memory (--cases N)."""
    setup()
    return run([tool("python"), str(ROOT / "tests" / "fuzz" / "harness.py"), *rest])


def cmd_build(rest: list[str]) -> int:
    """Build wheel and source archive into dist/ and check them (--keep: what is there stays)."""
    parser = argparse.ArgumentParser(prog="dev.py build", description=cmd_build.__doc__)
    parser.add_argument("--keep", action="store_true", help="keep what is in dist/")
    chosen = parser.parse_args(rest)
    setup()
    dist = ROOT / "dist"
    if not chosen.keep:
        shutil.rmtree(dist, ignore_errors=True)
    os.chdir(ROOT)
    page = [tool("python"), "-m", "doublet.app.cli.man", "doublet.1"]  # goes into the wheel
    if run(page, PYTHONPATH=str(ROOT)) != 0:
        return 1
    # hatchling is in the environment at its locked version: nothing is downloaded
    build = ("python", "-m", "build", "--no-isolation", "--outdir", "dist", ".")
    if not passes("build", build):
        return 1
    made = sorted(map(str, dist.glob("doublet-*")))
    wheels = [name for name in made if name.endswith(".whl")]
    checks = {
        "twine": ("twine", "check", "--strict", *made),
        "wheel contents": ("check-wheel-contents", "--config", "pyproject.toml", *wheels),
        # the project has no address of its own yet, and an invented one helps nobody
        "pyroma": ("pyroma", "--min", "10", "--skip-tests", "AuthorEmail", "."),
    }
    failed = [name for name, command in checks.items() if not passes(name, command)]
    for name in made:
        say(f"{name}: {Path(name).stat().st_size / 1e6:.2f} MB")
    say(f"build: failed: {', '.join(failed)}" if failed else "build: everything passed")
    return 1 if failed else 0


COMMANDS = {
    "setup": cmd_setup,
    "demo": cmd_demo,
    "test": cmd_test,
    "check": cmd_check,
    "bench": cmd_bench,
    "fuzz": cmd_fuzz,
    "screenshots": cmd_screenshots,
    "docs": cmd_docs,
    "build": cmd_build,
}


def main() -> int:
    """Read the command line and run one command."""
    width = max(map(len, COMMANDS))
    table = "\n".join(f"  {name:{width}}  {run.__doc__}" for name, run in COMMANDS.items())
    parser = argparse.ArgumentParser(
        description="Set up, run and check Doublet.",
        epilog=f"commands:\n{table}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS, metavar="command")
    parser.add_argument("rest", nargs=argparse.REMAINDER, help="passed on", metavar="...")
    arguments = parser.parse_args()
    need_suitable_python()
    try:
        return COMMANDS[arguments.command](arguments.rest)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
