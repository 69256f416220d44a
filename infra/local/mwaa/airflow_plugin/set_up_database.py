"""Bring Airflow's metadata database up to date, with the admin user and their password.

This file runs in Airflow's own virtual environment, alone. The password is in
`MWAA_ADMIN_PASSWORD`, which only this process is given. Safe to run again.
"""

from __future__ import annotations

import os

from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from airflow.utils.db import initdb

ADMIN = "admin"


def main() -> None:
    """Create or migrate the tables, then create the user or set their password."""
    initdb()
    password = os.environ["MWAA_ADMIN_PASSWORD"]
    with get_application_builder() as builder:
        manager = builder.sm
        user = manager.find_user(ADMIN)
        if user:
            manager.reset_password(user.id, password)
            return
        role = manager.find_role("Admin")
        if not manager.add_user(ADMIN, "Admin", "User", "admin@localhost", role, password):
            raise SystemExit("the admin user could not be created")


if __name__ == "__main__":
    main()
