"""What the DAGs of the models are called."""

from __future__ import annotations


def dag_id(domain: str, target: str) -> str:
    """`<domain>_models`; with the target's name where it is not Athena."""
    return f"{domain}_models" if target == "athena" else f"{domain}_models_{target}"


def maintenance_dag_id(domain: str) -> str:
    """`<domain>_models_maintenance`: on Athena alone; Redshift keeps its tables up itself."""
    return f"{dag_id(domain, 'athena')}_maintenance"
