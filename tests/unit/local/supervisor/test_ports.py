"""Ports that are taken."""

from __future__ import annotations

import socket

import pytest

from infra.local.supervisor.ports import PortTakenError, bind, require_free


def test_a_taken_port_is_named_with_the_setting_that_changes_it() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTakenError, match=rf"Port {port} .* the web, .* LAKE_WEB_PORT"):
            require_free(port, purpose="the web", setting="LAKE_WEB_PORT")


def test_a_free_port_is_bound_to_the_loopback_interface_only() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with bind(port, purpose="the web", setting="LAKE_WEB_PORT") as bound:
        assert bound.getsockname() == ("127.0.0.1", port)
