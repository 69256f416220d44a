"""A work group and its namespace, as the Data API needs them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Warehouse:
    """Where statements run."""

    account_id: str
    region: str
    workgroup: str
    workgroup_arn: str
    namespace_id: str
    namespace_arn: str
    database: str
    """The one database of the namespace."""
    admin_secret_arn: str | None
    """Of the administrator's managed password."""
    default_role_arn: str | None
    timeout_seconds: float | None
    """How long a statement may take."""
    role_arns: tuple[str, ...]
    """The roles that COPY and UNLOAD may be told to take."""
