"""The supervisor's HTTP server on the loopback interface."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Annotated

from fastapi import FastAPI, Header, HTTPException

from infra.local.mwaa.api import add_error_answers, airflow_routes, mwaa_routes
from infra.local.mwaa.service import Service
from infra.local.supervisor.status import SupervisorStatus


def make_server(
    *,
    service: Service,
    control_key: str,
    status_token: str,
    status: Callable[[], SupervisorStatus],
) -> FastAPI:
    """The routes: `/mwaa`, `/credentials`, `/tokens` and `/status`."""
    app = FastAPI(title="mwaa-lake supervisor", docs_url=None, redoc_url=None, openapi_url=None)
    add_error_answers(app)
    app.include_router(mwaa_routes(service, control_key))
    app.include_router(airflow_routes(service))

    @app.get("/status")
    async def get_status(authorization: Annotated[str, Header()] = "") -> SupervisorStatus:
        if not hmac.compare_digest(authorization.encode(), f"Bearer {status_token}".encode()):
            raise HTTPException(403, "The status token is wrong")
        return status()

    return app
