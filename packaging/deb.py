"""Make a Debian package of the frozen program: python packaging/deb.py dist/doublet [TARGET].

It runs in the environment that PyInstaller ran in.
The folder that `pyinstaller packaging/doublet.spec` made goes to /opt/doublet, its two commands to
/usr/bin, and the menu entry, icon, file type and manual page to their places. `dpkg-deb` writes it.
"""

from __future__ import annotations

import argparse
import gzip
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from doublet.app.cli.man import man_page

ROOT = Path(__file__).resolve().parents[1]
LINUX = ROOT / "resources" / "linux"
# What Qt opens and the frozen folder does not bring: it belongs to the system.
NEEDS = "libc6, libegl1, libgl1, libxkbcommon0, libxkbcommon-x11-0, libdbus-1-3, libfontconfig1"
DATA = {
    "usr/share/applications/doublet.desktop": LINUX / "doublet.desktop",
    "usr/share/mime/packages/doublet.xml": LINUX / "doublet.xml",
    "usr/share/icons/hicolor/scalable/apps/doublet.svg": ROOT / "resources/icons/doublet.svg",
    "usr/share/doc/doublet/copyright": ROOT / "LICENSE",
}


def control(version: str, size_kib: int, architecture: str) -> str:
    """Return what dpkg wants to know of the package."""
    return (
        f"Package: doublet\nVersion: {version}\nArchitecture: {architecture}\nSection: science\n"
        f"Priority: optional\nInstalled-Size: {size_kib}\nDepends: {NEEDS}\n"
        "Maintainer: The Doublet developers <doublet@localhost>\n"
        "Description: XPS and Raman spectral deconvolution\n"
        " Fits overlapping species with exact spin-orbit doublets and says how far each number\n"
        " can be trusted. Made for sulfide solid electrolytes.\n"
    )


def lay_out(frozen: Path, tree: Path) -> None:
    """Put the files where they will be installed."""
    shutil.copytree(frozen, tree / "opt" / "doublet", symlinks=True)
    binaries = tree / "usr" / "bin"
    binaries.mkdir(parents=True)
    for name in ("doublet", "doublet-gui"):
        (binaries / name).symlink_to(f"/opt/doublet/{name}")
    for place, source in DATA.items():
        (tree / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, tree / place)
    page = tree / "usr" / "share" / "man" / "man1" / "doublet.1.gz"
    page.parent.mkdir(parents=True)
    page.write_bytes(gzip.compress(man_page().encode(), mtime=0))


def build(frozen: Path, target: Path) -> Path:
    """Write the package into a folder and return its path."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    ask = ["dpkg", "--print-architecture"]
    architecture = subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()
    made = target / f"doublet_{version}_{architecture}.deb"
    with tempfile.TemporaryDirectory() as place:
        tree = Path(place)
        tree.chmod(0o755)
        lay_out(frozen, tree)
        size = sum(f.lstat().st_size for f in tree.rglob("*") if f.is_file()) // 1024
        (tree / "DEBIAN").mkdir()
        (tree / "DEBIAN" / "control").write_text(control(version, size, architecture))
        pack = ["dpkg-deb", "--root-owner-group", "-Zxz", "--build", str(tree), str(made)]
        subprocess.run(pack, check=True)
    return made


def main() -> int:
    """Read the command line and make the package."""
    parser = argparse.ArgumentParser(description="Make a Debian package of the frozen program.")
    parser.add_argument("frozen", type=Path, help="folder that PyInstaller made")
    parser.add_argument("target", type=Path, nargs="?", default=ROOT / "dist")
    chosen = parser.parse_args()
    if not (chosen.frozen / "doublet").is_file():
        print(f"{chosen.frozen}: no program called doublet is in this folder", file=sys.stderr)
        return 2
    chosen.target.mkdir(parents=True, exist_ok=True)
    print(build(chosen.frozen.resolve(), chosen.target.resolve()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
