"""The buckets, as the stages need them: the only module of the pipeline that talks to S3."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from lake.pipeline.documents import Document, LandedFile
from lake.pipeline.stream import ObjectStream

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

D = TypeVar("D", bound=Document)

THREADS = 32
"""Requests under way at once: they wait, and S3 answers thousands a second."""
DELETE_AT_ONCE = 1000
"""S3's limit for one DeleteObjects (https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html)."""
LARGEST_COPY_BYTES = 5 * 1024**3
"""A larger object is copied in parts (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html)."""
LOST = {"PreconditionFailed", "NoSuchKey", "ConditionalRequestConflict"}
"""S3's answers where an object is not, or no longer, what a condition says."""


def connect() -> S3Client:
    """A client for many requests at once, each tried again where S3 is busy."""
    return boto3.client(
        "s3",
        config=Config(
            max_pool_connections=THREADS, retries={"mode": "standard", "max_attempts": 10}
        ),
    )


class Store:
    """The landing and the curated bucket of one environment."""

    def __init__(self, *, landing_bucket: str, curated_bucket: str, s3: S3Client) -> None:
        self.landing_bucket = landing_bucket
        self.curated_bucket = curated_bucket
        self.s3 = s3

    # Documents and objects of the curated bucket.

    def read(self, key: str, model: type[D]) -> D | None:
        """A document, or None where there is none."""
        return self.read_tagged(key, model)[0]

    def read_tagged(self, key: str, model: type[D]) -> tuple[D | None, str | None]:
        """A document and its ETag, to replace just this one; None and None where there is none."""
        try:
            answer = self.s3.get_object(Bucket=self.curated_bucket, Key=key)
        except ClientError as error:
            if _code(error) == "NoSuchKey":
                return None, None
            raise
        return model.model_validate_json(answer["Body"].read()), answer["ETag"]

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
        return self.each(lambda key: self.read(key, model), keys)

    def write(self, key: str, document: Document) -> None:
        """Write a document; an object is replaced whole or not at all."""
        self._put(key, document)

    def write_many(self, documents: Mapping[str, Document]) -> None:
        """Write documents by their keys."""
        self.each(lambda item: self._put(*item), documents.items())

    def replace(self, key: str, document: Document, *, etag: str | None) -> bool:
        """Write a document where there is the one of this ETag, or with None where there is none.

        Returns False, and writes nothing, where there is another by now
        (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html). A False may
        also be the answer to a repetition of a request that succeeded: read what is there.
        """
        condition = {"IfNoneMatch": "*"} if etag is None else {"IfMatch": etag}
        try:
            self._put(key, document, **condition)
        except ClientError as error:
            if _code(error) in LOST:
                return False
            raise
        return True

    def _put(self, key: str, document: Document, **condition: Any) -> None:
        self.s3.put_object(
            Bucket=self.curated_bucket,
            Key=key,
            Body=document.model_dump_json().encode(),
            ContentType="application/json",
            **condition,
        )

    def upload_many(self, files: Mapping[str, Path]) -> None:
        """Upload files to the curated bucket, by their keys."""
        self.each(
            lambda item: self.s3.upload_file(str(item[1]), self.curated_bucket, item[0]),
            files.items(),
        )

    def put_bytes(self, key: str, body: bytes) -> None:
        """Write an object of the curated bucket."""
        self.s3.put_object(Bucket=self.curated_bucket, Key=key, Body=body)

    def get_bytes(self, key: str) -> bytes:
        """An object of the curated bucket, whole: for small ones."""
        return self.s3.get_object(Bucket=self.curated_bucket, Key=key)["Body"].read()

    def sizes(self, prefix: str) -> dict[str, int]:
        """The objects below a prefix of the curated bucket: bytes by key."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.curated_bucket, Prefix=prefix
        )
        return {item["Key"]: item["Size"] for page in pages for item in page.get("Contents", [])}

    # The landing bucket.

    def landed(self, prefix: str, *, key_of: Callable[[str], str] = str) -> Iterator[LandedFile]:
        """The current version of every object under a prefix of the landing bucket.

        `key_of` gives the key that an object landed under.
        """
        pages = self.s3.get_paginator("list_object_versions").paginate(
            Bucket=self.landing_bucket, Prefix=prefix
        )
        for page in pages:
            for version in page.get("Versions", []):
                if version["IsLatest"]:
                    yield LandedFile(
                        key=key_of(version["Key"]),
                        object_key=version["Key"],
                        version_id=version["VersionId"],
                        etag=version["ETag"],
                        size_bytes=version["Size"],
                        landed_at=version["LastModified"],
                    )

    def open_landed(self, file: LandedFile, *, first_byte: int = 0) -> ObjectStream:
        """The bytes of one version from `first_byte` to its end, as a stream."""

        def get(position: int) -> Any:
            # A range of an empty object is none (InvalidRange).
            ranged: dict[str, Any] = {"Range": f"bytes={position}-"} if position else {}
            answer = self.s3.get_object(
                Bucket=self.landing_bucket,
                Key=file.object_key,
                VersionId=file.version_id,
                **ranged,
            )
            return answer["Body"]

        return ObjectStream(get, first_byte=first_byte, size_bytes=file.size_bytes)

    def head(self, file: LandedFile, size_bytes: int) -> bytes:
        """The first bytes of one version; all of them where it has no more."""
        head, filled = bytearray(size_bytes), 0
        with self.open_landed(file) as stream:
            while count := stream.readinto(memoryview(head)[filled:]):
                filled += count
        return bytes(head[:filled])

    def read_landed(self, key: str) -> bytes | None:
        """An object of the landing bucket, whole, or None where there is none."""
        try:
            return self.s3.get_object(Bucket=self.landing_bucket, Key=key)["Body"].read()
        except ClientError as error:
            if _code(error) == "NoSuchKey":
                return None
            raise

    def find_landed(self, key: str, version_id: str = "") -> LandedFile | None:
        """A version of an object of the landing bucket, the current one by default; or None."""
        version = {"VersionId": version_id} if version_id else {}
        try:
            found = self.s3.head_object(Bucket=self.landing_bucket, Key=key, **version)  # type: ignore[arg-type]  # one optional argument
        except ClientError as error:
            if _code(error) in {"404", "NoSuchVersion", "400"}:
                return None
            raise
        return LandedFile(
            key=key,
            object_key=key,
            version_id=found["VersionId"],
            etag=found["ETag"],
            size_bytes=found["ContentLength"],
            landed_at=found["LastModified"],
        )

    def delete_order(self, key: str) -> None:
        """Delete an object of the landing bucket that has this key for ever."""
        self.s3.delete_object(Bucket=self.landing_bucket, Key=key)

    def copy_landed(self, file: LandedFile, key: str) -> bool:
        """Copy an object, as long as it is what was read, to another key of the landing bucket.

        Returns False where it is not: it was replaced, or taken away already.
        """
        source: Any = {"Bucket": self.landing_bucket, "Key": file.object_key}
        try:
            if file.size_bytes > LARGEST_COPY_BYTES:
                same = {"CopySourceIfMatch": file.etag}
                self.s3.copy(source, self.landing_bucket, key, ExtraArgs=same)
            else:
                self.s3.copy_object(
                    Bucket=self.landing_bucket,
                    Key=key,
                    CopySource=source,
                    CopySourceIfMatch=file.etag,
                )
        except ClientError as error:
            if _code(error) in LOST | {"404"}:
                return False
            raise
        return True

    def delete_landed(self, files: Iterable[LandedFile]) -> list[str]:
        """Delete the objects that are still what was read: a newer upload under a key survives.

        S3 compares the ETag as it deletes
        (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html). Returns
        the keys that were kept, each because its object was replaced, or deleted, meanwhile.

        Raises:
            RuntimeError: S3 refused some for another reason.
        """
        doomed, kept = list(files), []
        for start in range(0, len(doomed), DELETE_AT_ONCE):
            chunk = doomed[start : start + DELETE_AT_ONCE]
            answer = self.s3.delete_objects(
                Bucket=self.landing_bucket,
                Delete={"Objects": [{"Key": f.object_key, "ETag": f.etag} for f in chunk]},
            )
            for error in answer.get("Errors", []):
                if error["Code"] not in LOST:
                    raise RuntimeError(f"{self.landing_bucket} kept what was processed: {error}")
                kept.append(error["Key"])
        return kept

    def each[A, B](self, do: Callable[[A], B], items: Iterable[A]) -> list[B]:
        """`do` of every item, `THREADS` at once, in their order."""
        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(do, items))


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])
