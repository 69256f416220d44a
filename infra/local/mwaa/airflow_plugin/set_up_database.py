"""Bring Airflow's metadata database up to date, with a user for each of MWAA's roles.

This file runs in Airflow's own virtual environment, alone. The password is in
`MWAA_USERS_PASSWORD`, which only this process is given. Safe to run again.
"""

from __future__ import annotations

import os

from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from airflow.utils.db import initdb

ROLES = ("Admin", "Op", "User", "Viewer", "Public")
"""Airflow's default roles, to which MWAA maps callers; a user is its role in lower case."""


def main() -> None:
    """Create or migrate the tables, then create the users or set their password."""
    initdb()
    password = os.environ["MWAA_USERS_PASSWORD"]
    with get_application_builder() as builder:
        manager = builder.sm
        for role in ROLES:
            name = role.lower()
            user = manager.find_user(name)
            if user:
                manager.reset_password(user.id, password)
            elif not manager.add_user(
                name, role, "User", f"{name}@localhost", manager.find_role(role), password
            ):
                raise SystemExit(f"the user {name} could not be created")


if __name__ == "__main__":
    main()
