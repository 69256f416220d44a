"""Repairs S3's files after a kill: each object is a file and a sidecar, written in this order.

    <account>/<bucket>/<key>                        the current content
    <account>/<bucket>/<key>.meta.json              its metadata and its history
    .versions/<account>/<bucket>/<version>/<key>    what a newer version displaced, written first

A kill between the two leaves content that its sidecar does not describe. Such a write was never
acknowledged; it is undone where the displaced content is kept, and completed where it is not.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_log = logging.getLogger(__name__)

_SIDECAR = ".meta.json"
_VERSIONS = ".versions"


def repair(root: Path) -> int:
    """Make every object under `root` agree with its sidecar; the number of repairs comes back."""
    repairs = 0
    for bucket in root.glob("[0-9]*/*"):
        for content in _contents(bucket):
            sidecar = content.with_name(content.name + _SIDECAR)
            if not sidecar.exists():
                content.unlink()
            elif content.stat().st_mtime_ns <= sidecar.stat().st_mtime_ns or _agrees(
                content, json.loads(sidecar.read_text())
            ):
                continue
            else:
                displaced = root / _VERSIONS / bucket.relative_to(root)
                _settle(content, sidecar, displaced, content.relative_to(bucket))
            repairs += 1
            _log.warning("S3: a write to %s was interrupted and is settled", content)
    return repairs


def _contents(bucket: Path) -> Iterator[Path]:
    for path in sorted(bucket.rglob("*")):
        if not path.is_file() or path.name.endswith(_SIDECAR):
            continue
        if path.name.endswith(".tmp"):
            path.unlink()
        else:
            yield path


def _agrees(content: Path, metadata: dict[str, Any]) -> bool:
    if content.stat().st_size != metadata.get("size"):
        return False
    etag = str(metadata.get("etag", "")).strip('"')
    return "-" in etag or etag == _md5(content)  # the ETag of an upload in parts is no hash


def _md5(content: Path) -> str:
    with content.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def _settle(content: Path, sidecar: Path, displaced: Path, key: Path) -> None:
    metadata = json.loads(sidecar.read_text())
    kept = displaced / str(metadata.get("version_id") or "null") / key
    if kept.is_file():  # undo the write
        shutil.copyfile(kept, content)
        os.utime(sidecar)
        return
    digest = _md5(content)
    history = metadata.get("versions", [])
    exposed = [version for version in history if str(version["etag"]).strip('"') == digest]
    if exposed:  # the current version was being deleted: complete it
        index = history.index(exposed[-1])
        metadata |= {**exposed[-1], "versions": history[: index + 1]}
    else:  # complete the overwrite
        metadata |= {"size": content.stat().st_size, "etag": f'"{digest}"', "checksums": {}}
    replacement = sidecar.with_name(sidecar.name + ".tmp")
    replacement.write_text(json.dumps(metadata))
    replacement.replace(sidecar)
