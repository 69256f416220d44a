"""The folder of secrets."""

from __future__ import annotations

import stat
from pathlib import Path

from cryptography.fernet import Fernet

from infra.local.supervisor.secrets import SecretFolder, fernet_key, signing_key


def test_a_secret_stays_the_same(tmp_path: Path) -> None:
    first = SecretFolder(tmp_path / "state").get("control-key")
    assert SecretFolder(tmp_path / "state").get("control-key") == first
    assert len(first) >= 43


def test_each_secret_is_its_own(tmp_path: Path) -> None:
    folder = SecretFolder(tmp_path)
    assert folder.get("a") != folder.get("b")


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    SecretFolder(tmp_path / "state").get("control-key")
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "state" / "control-key").stat().st_mode) == 0o600


def test_the_fernet_key_is_one() -> None:
    key = Fernet(fernet_key())
    assert key.decrypt(key.encrypt(b"text")) == b"text"


def test_the_signing_key_is_long_enough_for_sha512() -> None:
    assert len(signing_key().encode()) >= 64
