"""Doublet's programs: the command line and, in work, the desktop window; no science here."""
