"""A piece of work as one value, and the file that keeps it."""
