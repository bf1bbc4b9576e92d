"""The program contacts no network: nothing of it can, and a whole fit opens no connection."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted(
    path for room in ("app", "doublet", "spectra_core") for path in (ROOT / room).rglob("*.py")
)
REACHING = {
    "aiohttp",
    "asyncio",
    "dask",
    "distributed",
    "ftplib",
    "http",
    "httpx",
    "imaplib",
    "poplib",
    "requests",
    "smtplib",
    "socket",
    "socketserver",
    "ssl",
    "tornado",
    "urllib",
    "urllib3",
    "webbrowser",
    "websockets",
    "xmlrpc",
    "zmq",
    "PySide6.QtNetwork",
    "PySide6.QtWebEngineCore",
    "PySide6.QtWebSockets",
}
# cluster: what --cluster asks for; lock: the name of this machine, no connection
MAY = {
    "spectra_core/runs/cluster.py": {"dask", "distributed"},
    "spectra_core/project/lock.py": {"socket"},
}

# Sockets of the families AF_INET and AF_INET6 end the program as soon as they are made.
WATCHED = """
import socket, sys
def watch(event, arguments):
    if event == "socket.__new__" and arguments[1] in (socket.AF_INET, socket.AF_INET6):
        raise SystemExit("a network socket was made")
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "urllib.Request"):
        raise SystemExit(f"{event}: {arguments}")
sys.addaudithook(watch)
from doublet.__main__ import main
main()
"""


def imported(path: Path) -> set[str]:
    """Return the modules a file names in its imports, with each of their first parts."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = ast.unparse(node.func).rpartition(".")[2]
            names |= (
                {str(node.args[0].value)} if called in ("import_module", "__import__") else set()
            )
    return {".".join(name.split(".")[:n]) for name in names for n in (1, 2)}


def test_no_module_imports_what_reaches_a_network():
    found = {path.relative_to(ROOT).as_posix(): imported(path) & REACHING for path in FILES}
    assert {name: modules for name, modules in found.items() if modules} == MAY


def watched(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WATCHED, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_a_fit_with_all_its_files_makes_no_network_socket(tmp_path):
    recipe = str(ROOT / "resources" / "examples" / "lpscl_cathode_s2p.toml")
    made = watched("simulate", recipe, "-o", "made.vms", folder=tmp_path)
    assert made.returncode == 0, made.stderr
    formats = "json,csv,svg,html,pdf,docx,xlsx,bib,ris,review,nexus,vamas"
    fitted = watched(
        "fit", "made.vms", "--recipe", recipe, "--formats", formats, "-o", "out", folder=tmp_path
    )
    assert fitted.returncode == 0, fitted.stderr
    assert (tmp_path / "out" / "report.html").stat().st_size > 0


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6"])
def test_the_watch_sees_a_socket(tmp_path, family):
    code = WATCHED.partition("from doublet")[0] + f"socket.socket(socket.{family})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "a network socket was made" in done.stderr
