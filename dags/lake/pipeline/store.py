"""The buckets, as the stages need them: the only module of the pipeline that talks to S3."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from io import RawIOBase
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from lake.pipeline.documents import Document, LandedFile

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

D = TypeVar("D", bound=Document)

THREADS = 8
"""Requests under way at once; S3 answers thousands a second, a small worker asks for fewer."""


class Store:
    """The landing and the curated bucket of one environment."""

    def __init__(self, *, landing_bucket: str, curated_bucket: str) -> None:
        self.landing_bucket = landing_bucket
        self.curated_bucket = curated_bucket

    @cached_property
    def _s3(self) -> S3Client:
        return boto3.client(
            "s3",
            config=Config(
                max_pool_connections=THREADS, retries={"mode": "standard", "max_attempts": 10}
            ),
        )

    def landed(self, prefix: str) -> Iterator[LandedFile]:
        """The current version of every object under a prefix of the landing bucket."""
        pages = self._s3.get_paginator("list_object_versions").paginate(
            Bucket=self.landing_bucket, Prefix=prefix
        )
        for page in pages:
            for version in page.get("Versions", []):
                if version["IsLatest"]:
                    yield LandedFile(
                        key=version["Key"],
                        version_id=version["VersionId"],
                        etag=version["ETag"],
                        size_bytes=version["Size"],
                    )

    def open_landed(self, file: LandedFile) -> RawIOBase:
        """The bytes of one version, as a stream: one request, however large the file."""
        answer = self._s3.get_object(
            Bucket=self.landing_bucket, Key=file.key, VersionId=file.version_id
        )
        return cast("RawIOBase", answer["Body"])

    def read(self, key: str, model: type[D]) -> D | None:
        """A document, or None where there is none."""
        try:
            body = self._s3.get_object(Bucket=self.curated_bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise
        return model.model_validate_json(body)

    def require(self, key: str, model: type[D]) -> D:
        """A document that an earlier stage wrote.

        Raises:
            FileNotFoundError: it is not there.
        """
        document = self.read(key, model)
        if document is None:
            raise FileNotFoundError(f"s3://{self.curated_bucket}/{key}")
        return document

    def read_many(self, keys: Iterable[str], model: type[D]) -> list[D | None]:
        """Documents in the order of their keys, None where there is none."""
        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(lambda key: self.read(key, model), keys))

    def write(self, key: str, document: Document) -> None:
        """Write a document; an object is replaced whole or not at all."""
        self._s3.put_object(
            Bucket=self.curated_bucket,
            Key=key,
            Body=document.model_dump_json().encode(),
            ContentType="application/json",
        )

    def upload(self, path: Path, key: str) -> None:
        """Upload a file to the curated bucket."""
        self._s3.upload_file(str(path), self.curated_bucket, key)

    def copy_many(self, keys: Iterable[tuple[str, str]]) -> None:
        """Copy objects of the curated bucket, each (from, to)."""

        def copy(pair: tuple[str, str]) -> None:
            source, target = pair
            self._s3.copy(
                {"Bucket": self.curated_bucket, "Key": source}, self.curated_bucket, target
            )

        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(copy, keys))

    def delete_many(self, keys: Iterable[str]) -> None:
        """Delete objects of the curated bucket; one that is not there is no error."""
        doomed = list(keys)
        for start in range(0, len(doomed), 1000):
            answer = self._s3.delete_objects(
                Bucket=self.curated_bucket,
                Delete={"Objects": [{"Key": key} for key in doomed[start : start + 1000]]},
            )
            if errors := answer.get("Errors"):
                raise RuntimeError(
                    f"{self.curated_bucket} kept objects that have to go: {errors[:3]}"
                )
