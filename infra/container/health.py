"""A container's health check: `python health.py COMPONENT`; exit code 0 means healthy.

It imports nothing of Airflow, which takes seconds of a processor each time.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import urllib.request
from pathlib import Path
from urllib.parse import quote

DEPLOYED = Path("/usr/local/airflow/environment/environment.json")
"""The environment that the components run; without it they have nothing to do."""
PAGES = {
    "api-server": "http://127.0.0.1:8080/api/v2/version",
    "scheduler": "http://127.0.0.1:8974/health",
    "flower": "http://127.0.0.1:5555/healthcheck",
    "aws": "http://127.0.0.1:4566/_ministack/health",
    "mwaa": "http://127.0.0.1:4567/health",
}
MONITOR = "http://api-server:8080/api/v2/monitor/health"
"""The API server knows the heartbeats of those that have no port of their own."""
IDLE_WITHOUT_ENVIRONMENT = {"api-server", "scheduler", "dag-processor", "triggerer", "worker"}
TIMEOUT_SECONDS = 5.0


def problem(component: str) -> str:
    """Why the component is not healthy; empty where it is."""
    if component in IDLE_WITHOUT_ENVIRONMENT and not DEPLOYED.exists():
        return ""
    match component:
        case "worker":
            return _worker_problem()
        case "dag-processor" | "triggerer":
            status = json.loads(_get(MONITOR))[component.replace("-", "_")]["status"]
            return "" if status == "healthy" else f"its heartbeat is {status}"
        case _:
            _get(PAGES[component])
            return ""


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310  # http
        body: bytes = answer.read()
    return body


def _worker_problem() -> str:
    # Imported here, because only the worker's check needs it.
    from celery import Celery  # type: ignore[import-untyped]  # noqa: PLC0415

    broker = f"redis://:{quote(os.environ['REDIS_PASSWORD'], safe='')}@redis:6379/0"
    name = f"celery@{socket.gethostname()}"
    answers = Celery(broker=broker).control.ping(destination=[name], timeout=TIMEOUT_SECONDS)
    return "" if answers else f"{name} does not answer"


if __name__ == "__main__":
    sys.exit(problem(sys.argv[1]) or None)
