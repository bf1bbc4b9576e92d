"""The command line: one module per command group; no science here, and no Qt."""
