"""The SQL of the embedded Redshift: databases in files of DuckDB, sessions that run statements."""

from infra.local.athena.clients import Credentials
from infra.local.redshift.engine.database import Database
from infra.local.redshift.engine.errors import QueryCancelled, RedshiftError
from infra.local.redshift.engine.outcome import Outcome, OutcomeColumn, Value
from infra.local.redshift.engine.session import CopyCredentials, Session

__all__ = [
    "CopyCredentials",
    "Credentials",
    "Database",
    "Outcome",
    "OutcomeColumn",
    "QueryCancelled",
    "RedshiftError",
    "Session",
    "Value",
]
