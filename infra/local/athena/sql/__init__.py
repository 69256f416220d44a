"""Athena's SQL, analysed with its own types and names, and written as DuckDB's.

Nothing passes through: each operator, function and clause is translated by a rule that knows the
types of its operands, or the query is refused by name.
"""
