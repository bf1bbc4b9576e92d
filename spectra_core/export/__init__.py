"""Everything a run can be written as: one table of formats."""
