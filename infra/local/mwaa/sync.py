"""The DAGs of an environment, kept equal to the Airflow bucket."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from infra.local.mwaa.credentials import AWS_ERRORS, ExecutionRole, is_lost_session
from infra.local.mwaa.model import ConfigurationError
from infra.local.supervisor.durable import write_durably

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class DagSync:
    """Copies `s3://bucket/prefix` to `folder`: new, changed and deleted files of every type."""

    role: ExecutionRole
    bucket: str
    prefix: str
    """With its slash at the end."""
    folder: Path
    index: Path
    """Remembers each file's ETag, so that a restart changes no file's time."""

    async def run(self, every_seconds: float) -> None:
        """Sync for ever; an error is logged once and tried again."""
        last_error = ""
        while True:
            await asyncio.sleep(every_seconds)
            try:
                changed = await self.sync_once()
            except (*AWS_ERRORS, ConfigurationError, OSError) as error:
                if is_lost_session(error):
                    self.role.forget()
                if str(error) != last_error:
                    log.warning("DAGs of %s: %s; trying again", self.bucket, error)
                last_error = str(error)
            else:
                if changed:
                    log.info("DAGs of %s: %d files changed", self.bucket, changed)
                last_error = ""

    async def sync_once(self) -> int:
        """Make the folder equal to the prefix; how many files changed."""
        s3 = await self.role.s3()
        return await asyncio.to_thread(self._sync, s3)

    def _sync(self, s3: S3Client) -> int:
        known = self._load()
        wanted = self._list(s3)
        changed = [
            name
            for name, etag in wanted.items()
            if known.get(name) != etag or not (self.folder / name).is_file()
        ]
        present = {
            path.relative_to(self.folder).as_posix(): path
            for path in self.folder.rglob("*")
            if path.is_file() and path.parent.name != "__pycache__"
        }
        deleted = present.keys() - wanted.keys()
        for name in deleted:
            present[name].unlink()
        for name in changed:
            self._download(s3, name)
        if changed or deleted:
            self._remove_folders_without(wanted)
            write_durably(self.index, json.dumps(wanted).encode())
        return len(changed) + len(deleted)

    def _load(self) -> dict[str, str]:
        try:
            index: dict[str, str] = json.loads(self.index.read_text())
        except FileNotFoundError:
            return {}
        return index

    def _list(self, s3: S3Client) -> dict[str, str]:
        """ETag by name, relative to the prefix."""
        wanted = {}
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix)
        for page in pages:
            for entry in page.get("Contents", []):
                name = entry["Key"].removeprefix(self.prefix)
                if name.endswith("/") or not name:
                    continue
                if ".." in PurePosixPath(name).parts or name.startswith("/"):
                    log.warning("DAGs of %s: %s is left out: not a relative path", *self._at(name))
                    continue
                wanted[name] = entry["ETag"]
        return wanted

    def _at(self, name: str) -> tuple[str, str]:
        return self.bucket, self.prefix + name

    def _download(self, s3: S3Client, name: str) -> None:
        bucket, key = self._at(name)
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.index.parent, prefix="sync-") as folder:
            partial = Path(folder) / "object"
            s3.download_file(bucket, key, str(partial))
            partial.replace(target)

    def _remove_folders_without(self, names: Iterable[str]) -> None:
        """Remove the folders in which none of the files `names` is, with what Python cached."""
        used = {parent for name in names for parent in (self.folder / name).parents}
        for folder in [path for path in self.folder.rglob("*") if path.is_dir()]:
            if folder not in used and folder.name != "__pycache__":
                shutil.rmtree(folder, ignore_errors=True)
