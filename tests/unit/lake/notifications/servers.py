"""Servers that really receive: mail over SMTP, plain or with TLS, and posts to a webhook."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.embedded.running import free_port

USER, PASSWORD = "lake", "let me in"


@dataclass
class MailServer:
    """What arrived, each with its envelope's recipients."""

    port: int
    mails: list[tuple[EmailMessage, list[str]]] = field(default_factory=list)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: ARG002  # aiosmtpd's names
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append((mail, list(envelope.rcpt_tos)))
        return "250 OK"


@contextmanager
def mail_server(
    *, starttls: ssl.SSLContext | None = None, tls: ssl.SSLContext | None = None
) -> Iterator[MailServer]:
    """An SMTP server on a port of its own; with TLS it wants a login, and nothing before TLS."""
    received = MailServer(port=free_port())

    def authenticate(*given: Any) -> AuthResult:
        login = given[-1]
        right = LoginPassword(USER.encode(), PASSWORD.encode())
        return AuthResult(success=login == right)

    secure = bool(starttls or tls)
    controller = Controller(
        received,
        hostname="127.0.0.1",
        port=received.port,
        ssl_context=tls,
        tls_context=starttls,
        require_starttls=bool(starttls),
        auth_required=secure,
        auth_require_tls=bool(starttls),
        authenticator=authenticate if secure else None,
    )
    controller.start()
    try:
        yield received
    finally:
        controller.stop(no_assert=True)


@dataclass
class Webhook:
    """What was posted: path and body; `status` is the answer."""

    url: str = ""
    posts: list[tuple[str, bytes]] = field(default_factory=list)
    status: int = 200


@contextmanager
def webhook() -> Iterator[Webhook]:
    """A receiver as Slack's: `ok`, or a status with a word for what is wrong."""
    received = Webhook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.posts.append((self.path, body))
            answer = b"ok" if received.status == 200 else b"channel_is_archived"
            self.send_response(received.status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    received.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield received
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def certificate(folder: Path) -> Path:
    """A certificate of 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def server_context(certificate_file: Path) -> ssl.SSLContext:
    """TLS as a server that has this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_file)
    return context


def smtp_connection(monkeypatch: pytest.MonkeyPatch, port: int, **changes: Any) -> None:
    """Airflow's connection `lake_smtp`; without a change, to a server without TLS and login."""
    connection = {
        "conn_type": "smtp",
        "host": "127.0.0.1",
        "port": port,
        "extra": {"disable_ssl": True, "disable_tls": True},
    }
    monkeypatch.setenv("AIRFLOW_CONN_LAKE_SMTP", json.dumps(connection | changes))


def slack_connection(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Airflow's connection `lake_slack`, to a webhook."""
    connection = {
        "conn_type": "slackwebhook",
        "host": f"{url}/services",
        "password": "T0/B0/secret",
    }
    monkeypatch.setenv("AIRFLOW_CONN_LAKE_SLACK", json.dumps(connection))
