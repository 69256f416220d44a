"""A supervisor that answers the `mwaa` API as DESIGN has it, without an Airflow."""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ENVIRONMENT_PATH = re.compile(r"/mwaa/environments/([^/?]+)")


@dataclass
class FakeMwaa:
    """The environments of a supervisor, each busy for a while after every change."""

    create_seconds: float = 0.3
    create_error: str | None = None
    update_error: str | None = None
    environments: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                pass

            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length) or b"null")
                headers = {name.lower(): value for name, value in self.headers.items()}
                with fake.lock:
                    fake.requests.append((self.command, self.path, headers, body))
                    status, answer = fake.respond(self.command, self.path, headers, body)
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_PUT = do_PATCH = do_DELETE = do_POST = answer

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def sent(self, method: str) -> list[Any]:
        """The bodies that were sent with a method."""
        return [body for sent, _, _, body in self.requests if sent == method]

    def respond(
        self, method: str, path: str, headers: dict[str, str], body: Any
    ) -> tuple[int, dict[str, Any]]:
        if headers.get("x-lake-control-key") != "the-key-of-these-tests":
            return 403, {"__type": "AccessDeniedException", "message": "wrong key"}
        match = ENVIRONMENT_PATH.fullmatch(path)
        if match is None:
            return 200, {"Path": path, "Environments": sorted(self.environments)}
        name = match[1]
        self._settle(name)
        if method == "PUT":
            return self._create(name, headers, body)
        if name not in self.environments:
            return 404, {"__type": "ResourceNotFoundException", "message": f"no {name}"}
        environment = self.environments[name]
        if method == "PATCH":
            environment |= body
            self._begin(environment, "UPDATING", self.update_error, after="AVAILABLE")
        if method == "DELETE":
            self._begin(environment, "DELETING", None, after="DELETED")
        return 200, {"Environment": {k: v for k, v in environment.items() if k[0] != "_"}}

    def _create(self, name: str, headers: dict[str, str], body: Any) -> tuple[int, dict[str, Any]]:
        if name in self.environments:
            return 400, {"__type": "ValidationException", "message": f"{name} already exists"}
        account, region = headers["x-lake-account"], headers["x-lake-region"]
        arn = f"arn:aws:airflow:{region}:{account}:environment/{name}"
        environment = {**body, "Name": name, "Arn": arn, "WebserverUrl": "127.0.0.1:8080"}
        self.environments[name] = environment
        after = "CREATE_FAILED" if self.create_error else "AVAILABLE"
        if body.get("EndpointManagement") == "CUSTOMER":
            after = "PENDING"
            for part in ("Database", "Webserver"):
                service = f"com.amazonaws.vpce.{region}.vpce-svc-{part.lower()}-{name}"
                environment[f"{part}VpcEndpointService"] = service
        self._begin(environment, "CREATING", self.create_error, after=after)
        return 200, {"Arn": arn}

    def _begin(
        self, environment: dict[str, Any], status: str, error: str | None, *, after: str
    ) -> None:
        environment["Status"] = status
        environment["_until"] = time.monotonic() + self.create_seconds
        environment["_after"] = after
        environment["_update"] = {"Status": "SUCCESS"}
        if error:
            failure = {"ErrorCode": "INCORRECT_CONFIGURATION", "ErrorMessage": error}
            environment["_update"] = {"Status": "FAILED", "Error": failure}

    def _settle(self, name: str) -> None:
        environment = self.environments.get(name)
        if environment is None or time.monotonic() < environment["_until"]:
            return
        if environment["_after"] == "DELETED":
            del self.environments[name]
        else:
            environment["Status"] = environment["_after"]
            environment["LastUpdate"] = environment["_update"]
