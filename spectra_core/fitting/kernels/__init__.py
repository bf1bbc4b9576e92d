"""The compiled engine: shapes, regions and the whole solver as machine code."""
