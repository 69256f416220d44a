"""How files become rows of a table's columns: one module a format."""
