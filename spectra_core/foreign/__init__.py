"""Other programs' fits, read: CasaXPS comments and shapes, exported curves."""
