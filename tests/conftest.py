"""What all tests share: the folder of measured data, and no thread left behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Return the folder of measured spectra, or skip: it is not part of the project."""
    if not SHARED_DATA.is_dir():
        pytest.skip("needs ../shared/data, which is not part of the project")
    return SHARED_DATA


@pytest.fixture(autouse=True)
def no_leaked_threads() -> Iterator[None]:
    """Fail a test that leaves a thread of its own running, daemon or not."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + 2.0
    while (leaked := _started_since(before)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not leaked, f"threads still running: {', '.join(t.name for t in leaked)}"


def _started_since(before: set[threading.Thread]) -> list[threading.Thread]:
    """Return living threads of the test; those of pytest-xdist's channel are not its own."""
    return [
        thread
        for thread in threading.enumerate()
        if thread not in before and thread.is_alive() and not thread.name.startswith("execnet")
    ]
