"""What a run gave, for programs and people: JSON, csv, tables, figures, colours."""
