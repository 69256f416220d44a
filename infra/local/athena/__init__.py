"""The embedded Athena: its query operations, answered by DuckDB over Glue and S3."""

from infra.local.athena.clients import Credentials
from infra.local.athena.engine import Engine

__all__ = ["Credentials", "Engine"]
