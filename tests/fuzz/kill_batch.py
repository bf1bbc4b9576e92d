"""Kill a batch at random moments, go on with it, and compare with one that was left alone.

Run it with ``python tests/fuzz/kill_batch.py [--kills 100] [--spectra 300] [--seed 0]``: so
many kills by SIGTERM and as many by SIGKILL, each at a random moment of `doublet fit`,
then ``--resume``. Every file must equal that of the undisturbed run byte for byte. What
was written at a SIGTERM must be valid. `tests/cli/test_resume.py` does a few of them.
"""

from __future__ import annotations

import argparse
import filecmp
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # also where this file is run by itself

from benchmarks.s2p_map import RECIPE, spectra  # noqa: E402


@dataclass(frozen=True)
class Work:
    """A batch to be disturbed: its folder, its command, and what it gives undisturbed."""

    folder: Path
    command: tuple[str, ...]
    undisturbed: Path
    seconds: float

    def target(self) -> Path:
        """Return where the disturbed run writes."""
        return self.folder / "disturbed"


def prepare(folder: Path, n_spectra: int, *, formats: str = "json,csv", jobs: int = 1) -> Work:
    """Make synthetic spectra and a recipe, and run the batch once without disturbing it."""
    data = folder / "synthetic"
    data.mkdir()
    for number, spectrum in enumerate(spectra(n_spectra)):
        rows = "".join(f"{a:.2f},{b:.0f}\n" for a, b in zip(spectrum.x, spectrum.y, strict=True))
        (data / f"s{number:04d}.csv").write_text(f"binding energy (eV),counts\n{rows}")
    (folder / "s2p.toml").write_text(RECIPE)
    files = (str(data), "--recipe", str(folder / "s2p.toml"), "--formats", formats)
    command = (sys.executable, "-m", "doublet", "fit", *files, "--jobs", str(jobs))
    undisturbed = folder / "undisturbed"
    begun(command, undisturbed).communicate()  # compiles kernels where there are none yet
    process = begun(command, folder / "timed")
    start = time.monotonic()
    process.communicate()
    return Work(folder, command, undisturbed, time.monotonic() - start)


def begun(command: tuple[str, ...], target: Path) -> subprocess.Popen[str]:
    """Start the batch and return when its first fits are under way."""
    process = subprocess.Popen(
        [*command, "-o", str(target)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not (target / "results.journal").exists() and process.poll() is None:
        time.sleep(0.002)
    return process


def _run(command: tuple[str, ...], target: Path, *more: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*command, "-o", str(target), *more], env=environment, capture_output=True, text=True
    )


def disturb(work: Work, number: int, rng: random.Random) -> str:
    """Kill the batch once by a signal and go on with it.

    Returns
    -------
    fault : str
        What was not as it should be; empty if all was.
    """
    target = work.target()
    shutil.rmtree(target, ignore_errors=True)
    process = begun(work.command, target)
    time.sleep(rng.uniform(0.0, 1.1 * work.seconds))
    process.send_signal(number)
    said = process.communicate()[1]
    if number == signal.SIGTERM and (fault := _is_unsound(process.returncode, said, target)):
        return fault
    again = _run(work.command, target, "--resume")
    if again.returncode != 0 or "Traceback" in again.stderr:
        return f"--resume ended with {again.returncode}: {again.stderr[-500:]}"
    return _difference(work.undisturbed, target)


def _is_unsound(code: int, said: str, target: Path) -> str:
    """Return what is wrong with how a run ended that was asked to."""
    results = target / "results.json"
    at_its_end = code == -signal.SIGTERM and results.exists()  # everything was written already
    if "Traceback" in said or not (code in (0, 1, 2) or at_its_end):
        return f"SIGTERM ended it with {code}: {said[-500:]}"
    if results.exists():
        document = json.loads(results.read_text(encoding="utf-8"))
        if code == 1 and not document["interrupted"]:
            return "it was stopped and does not say so"
    return ""


def _difference(one: Path, other: Path) -> str:
    compared = filecmp.dircmp(one, other)
    if compared.left_only or compared.right_only:
        return f"only one has {compared.left_only + compared.right_only}"
    _, different, unread = filecmp.cmpfiles(one, other, compared.common_files, shallow=False)
    return f"these differ: {different + unread}" if different or unread else ""


def main() -> None:
    """Kill a batch as often as asked, and say how often it did not come back whole."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=100, help="of each signal")
    parser.add_argument("--spectra", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    arguments = parser.parse_args()
    rng, faults = random.Random(arguments.seed), []
    with tempfile.TemporaryDirectory(prefix="doublet-kills-") as folder:
        work = prepare(Path(folder), arguments.spectra, jobs=arguments.jobs)
        for number in (signal.SIGTERM, signal.SIGKILL):
            for k in range(arguments.kills):
                fault = disturb(work, number, rng)
                if fault:
                    faults.append(f"{number.name} {k}: {fault}")
                    print(faults[-1], flush=True)
                elif not (k + 1) % 10:
                    print(f"{k + 1} of {arguments.kills} by {number.name}", flush=True)
    total = 2 * arguments.kills
    print(f"{total - len(faults)} of {total} disturbed runs equal the undisturbed one")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
