"""Statements of Athena as Redshift's: the same answer, or a refusal that names what is lacking.

Nothing passes through: each function and each type is in a table here, or it is refused.
"""

from lake.targets.redshift_sql.statement import for_redshift, statements_for_redshift
from lake.targets.redshift_sql.unsupported import UnsupportedByRedshift

__all__ = ["UnsupportedByRedshift", "for_redshift", "statements_for_redshift"]
