"""Redshift's statements, each a function of the statement at work."""
