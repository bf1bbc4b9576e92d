"""Models changed and read by hand: edits, values, copies, constraints in words, drags."""
