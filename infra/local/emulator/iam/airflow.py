"""MWAA: environments by name, and Airflow's roles for whoever enters an environment.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonmanagedworkflowsforapacheairflow.html
"""

from __future__ import annotations

from infra.local.emulator.iam.call import Call

ROLES = ("Admin", "Op", "User", "Viewer", "Public")
"""Airflow's roles, the most powerful first."""

_ENTERING = ("CreateWebLoginToken", "InvokeRestApi")


def resources(call: Call) -> tuple[str, ...]:
    """Every resource that `call` must be allowed on."""
    kind, _, name = call.path.strip("/").partition("/")
    if kind == "tags":
        return (name,)
    name = name.rpartition("/")[2]
    return (call.arn(f"environment/{name}"),) if name else ("*",)


def roles(call: Call) -> tuple[tuple[str, str], ...]:
    """The roles that `call` may enter an environment with, and their ARNs; empty if it does not.

    The caller gets the first on which it is allowed.
    """
    if call.operation not in _ENTERING:
        return ()
    name = call.path.rpartition("/")[2]
    return tuple((role, call.arn(f"role/{name}/{role}")) for role in ROLES)
