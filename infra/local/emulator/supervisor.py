"""The HTTP client of the supervisor, which keeps the MWAA environments."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field

_TIMEOUT_SECONDS = 60


class SupervisorUnavailable(Exception):
    """The supervisor does not answer; the text says where it was asked."""


@dataclass(frozen=True, kw_only=True)
class Supervisor:
    """Asks the supervisor, blocking; it may be used from many threads."""

    url: str
    control_key: str = field(repr=False)

    def request(
        self, method: str, path: str, *, body: bytes = b"", headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        """Send one request; the status and the body of the answer come back, errors too.

        Raises:
            SupervisorUnavailable: nothing answers.
        """
        request = urllib.request.Request(  # noqa: S310 - the settings allow http:// only
            self.url + path,
            method=method,
            data=body or None,
            headers={
                "Content-Type": "application/json",
                "X-Lake-Control-Key": self.control_key,
                **headers,
            },
        )
        # A proxy of the user's environment has no business between two local processes.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError as error:
            raise SupervisorUnavailable(
                f"the supervisor at {self.url}, which runs MWAA, does not answer: {error}"
            ) from error
