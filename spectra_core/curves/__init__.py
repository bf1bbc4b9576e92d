"""What is drawn: line shapes and backgrounds, each a row of a table."""
