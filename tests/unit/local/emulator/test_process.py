from __future__ import annotations

import socket

from infra.local.emulator.process import port_is_taken


def test_a_port_is_taken_while_something_listens_on_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert port_is_taken(port)
    assert not port_is_taken(port)
