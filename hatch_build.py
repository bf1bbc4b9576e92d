"""The wheel's manual page, where `dev.py build` has made one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ManualPage(BuildHookInterface[Any]):
    """Puts `doublet.1` where `man` looks for it, beside the program's own folder."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the page to a wheel; a checkout without one is installed without it."""
        page = Path(self.root, "doublet.1")
        if self.target_name == "wheel" and page.is_file():
            build_data["shared_data"][str(page)] = "share/man/man1/doublet.1"
