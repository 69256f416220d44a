"""The process: what it needs, when it refuses, when it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from infra.local.settings import REPOSITORY, LocalSettings
from tests.embedded.fake_mwaa import FakeMwaa
from tests.embedded.running import RunningEmulator, free_port

pytestmark = pytest.mark.embedded


def listening_addresses(pid: int) -> set[str]:
    """Local address and port, in the kernel's hexadecimal, of each listening socket."""
    inodes = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        target = str(descriptor.readlink())
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    listening = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        for row in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            columns = row.split()
            if columns[9] in inodes and columns[3] in ("0A", "07"):  # listening, or unconnected
                listening.add(columns[1])
    return listening


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/_ministack/health").status_code == 200
    except httpx.TransportError:
        return False


def has_ended(pid: int) -> bool:
    """Whether a process is gone, or a zombie whose exit code nobody has asked for yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def until(condition: Callable[[], bool], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_it_listens_on_one_port_of_the_loopback_address_only(emulator: RunningEmulator) -> None:
    assert emulator.process is not None
    assert listening_addresses(emulator.process.pid) == {f"0100007F:{emulator.port:04X}"}


def test_a_taken_port_is_named_with_the_setting_that_changes_it(emulator: RunningEmulator) -> None:
    second = emulator.spawn()
    _, message = second.communicate(timeout=20)
    assert second.returncode == 1
    assert f"port {emulator.port} of 127.0.0.1 is taken" in message.decode()
    assert "LAKE_AWS_PORT" in message.decode()


@pytest.mark.parametrize(
    ("name", "value"),
    [("LAKE_ACCOUNT_ID", "12"), ("LAKE_CONTROL_KEY", "short"), ("LAKE_SUPERVISOR_URL", "x")],
)
def test_a_malformed_setting_is_named(emulator: RunningEmulator, name: str, value: str) -> None:
    refused = emulator.spawn(LAKE_AWS_PORT=str(free_port()), **{name: value})
    _, message = refused.communicate(timeout=20)
    assert refused.returncode == 1
    assert message.decode().startswith(f"The embedded AWS cannot start: {name} must be")


def test_sigterm_ends_it_within_two_seconds(own_emulator: RunningEmulator) -> None:
    own_emulator.client("s3").list_buckets()
    asked = time.monotonic()
    own_emulator.end(signal.SIGTERM)
    assert time.monotonic() - asked < 2
    assert own_emulator.process is not None
    assert own_emulator.process.returncode == 0
    own_emulator.start()


def test_sigterm_ends_it_while_an_environment_is_waited_for(
    own_emulator: RunningEmulator, own_mwaa: FakeMwaa
) -> None:
    own_mwaa.create_seconds = 60
    properties = {"Name": "slow"}
    resources = {"Slow": {"Type": "AWS::MWAA::Environment", "Properties": properties}}
    own_emulator.client("cloudformation").create_stack(
        StackName="slow", TemplateBody=json.dumps({"Resources": resources})
    )
    asked = time.monotonic()
    own_emulator.end(signal.SIGTERM)
    assert time.monotonic() - asked < 2
    own_mwaa.create_seconds = 0.1
    own_mwaa.environments.clear()
    own_emulator.start()


def test_it_says_when_it_answers(emulator: RunningEmulator) -> None:
    until(lambda: f"The embedded AWS answers at {emulator.endpoint_url}" in emulator.log)


def test_it_ends_when_its_parent_is_killed(own_emulator: RunningEmulator) -> None:
    port = free_port()
    variables = own_emulator.variables() | {
        "LAKE_AWS_PORT": str(port),
        "LAKE_STATE_DIR": str(own_emulator.folder / "child"),
    }
    program = (
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen([{str(LocalSettings().emulator_python)!r},"
        " '-m', 'infra.local.emulator'])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=REPOSITORY,
        env=variables,
        stdout=subprocess.PIPE,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    try:
        until(lambda: answers(port))
    finally:
        parent.kill()
        parent.wait()
    until(lambda: has_ended(child))
    assert not answers(port)


@pytest.mark.parametrize("path", ["/_ministack/reset", "/_ministack/config", "/_localstack/init"])
def test_commands_of_the_emulator_are_not_served(emulator: RunningEmulator, path: str) -> None:
    assert httpx.post(emulator.endpoint_url + path, json={}).status_code == 403


def test_a_web_page_of_another_origin_is_refused(emulator: RunningEmulator) -> None:
    answer = httpx.get(emulator.endpoint_url, headers={"Origin": "https://example.com"})
    assert answer.status_code == 403
