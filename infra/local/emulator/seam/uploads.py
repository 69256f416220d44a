"""Uploads in parts: each part in a file until the upload is completed, then joined in a file.

As it is, ministack keeps the parts in memory and joins them there. Parts of an upload that is not
completed do not survive a restart, as in ministack.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from defusedxml import ElementTree  # type: ignore[import-untyped] # has no stubs

from infra.local.emulator.seam.contents import PIECE_BYTES, FileContent

_s3: Any = import_module("ministack.services.s3")

JOINED_IN_MEMORY_BYTES = 16 << 20
"""Uploads up to this size ministack completes itself."""

type Answer = tuple[int, dict[str, str], bytes]
type Query = Mapping[str, list[str]]
type Part = dict[str, Any]


def keep_parts_in_files() -> None:
    """Let S3 take uploads of any size."""
    folder = Path(f"{_s3.DATA_DIR}-uploads")
    shutil.rmtree(folder, ignore_errors=True)  # of a process that ended
    upload_part, copy_part = _s3._upload_part, _s3._upload_part_copy
    complete, abort = _s3._complete_multipart_upload, _s3._abort_multipart_upload

    def place(query: Query) -> Path:
        return folder / _argument(query, "uploadId")

    def take_part(
        bucket: str, key: str, body: bytes, query: Query, headers: Mapping[str, str]
    ) -> Answer:
        answer: Answer = upload_part(bucket, key, body, query, headers)
        return _spilled(answer, query, place(query))

    def take_copy(bucket: str, key: str, query: Query, headers: Mapping[str, str]) -> Answer:
        answer: Answer = copy_part(bucket, key, query, headers)
        return _spilled(answer, query, place(query))

    def finish(
        bucket: str,
        key: str,
        body: bytes,
        query: Query,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        upload = _s3._multipart_uploads.get(_argument(query, "uploadId"))
        parts = upload["parts"].values() if upload else []
        answer: Answer
        if sum(part["size"] for part in parts) <= JOINED_IN_MEMORY_BYTES:
            answer = complete(bucket, key, body, query, headers)
        else:
            answer = _complete(bucket, key, body, query, headers or {}, place(query))
        if answer[0] == 200:  # noqa: PLR2004 - OK
            shutil.rmtree(place(query), ignore_errors=True)
        return answer

    def give_up(bucket: str, key: str, query: Query) -> Answer:
        answer: Answer = abort(bucket, key, query)
        if answer[0] == 204:  # noqa: PLR2004 - no content
            shutil.rmtree(place(query), ignore_errors=True)
        return answer

    _s3._upload_part, _s3._upload_part_copy = take_part, take_copy
    _s3._complete_multipart_upload, _s3._abort_multipart_upload = finish, give_up


def _argument(query: Query, name: str) -> str:
    return (query.get(name) or [""])[0]


def _spilled(answer: Answer, query: Query, folder: Path) -> Answer:
    """Put the part that was just taken into a file."""
    if answer[0] != 200:  # noqa: PLR2004 - OK
        return answer
    number = int(_argument(query, "partNumber"))
    part = _s3._multipart_uploads[_argument(query, "uploadId")]["parts"][number]
    if len(part["body"]) > PIECE_BYTES:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder / f"{number}"
        _s3._atomic_write(str(file), part["body"])
        part["body"] = FileContent.of(file)
    return answer


def _complete(  # noqa: PLR0917 - ministack's signature
    bucket_name: str,
    key: str,
    body: bytes,
    query: Query,
    headers: Mapping[str, str],
    folder: Path,
) -> Answer:
    """CompleteMultipartUpload, as ministack answers it, with the parts joined in a file."""
    upload_id = _argument(query, "uploadId")
    upload, bucket = _s3._multipart_uploads[upload_id], _s3._ensure_bucket(bucket_name)
    if bucket is None or (upload["bucket"], upload["key"]) != (bucket_name, key):
        return _refused("NoSuchUpload", "The specified multipart upload does not exist.", 404)
    refusal = _s3._check_sse_c_part(headers, upload) or _s3._check_put_preconditions(
        headers, bucket["objects"].get(key)
    )
    if refusal is not None:
        refused: Answer = refusal
        return refused
    named = _named_parts(body)
    parts = [upload["parts"].get(number) for number, _ in named]
    if any(
        part is None or (etag and etag != part["etag"].strip('"'))
        for part, (_, etag) in zip(parts, named, strict=True)
    ):
        message = "One or more of the specified parts could not be found."
        return _refused("InvalidPart", message, 400)
    algorithm = upload.get("checksum_algorithm")
    checksums = [(part.get("checksums") or {}).get(algorithm) for part in parts]
    composite = _s3._composite_checksum(algorithm, checksums)
    digests = b"".join(bytes.fromhex(part["etag"].strip('"')) for part in parts)
    etag = f'"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(parts)}"'
    record = {
        "body": _joined(parts, folder / "joined"),
        "content_type": upload["content_type"],
        "content_encoding": upload.get("content_encoding"),
        "etag": etag,
        "last_modified": _s3.now_iso(),
        "size": sum(part["size"] for part in parts),
        "metadata": upload["metadata"],
        "preserved_headers": upload.get("preserved_headers", {}),
        "storage_class": upload.get("storage_class") or "STANDARD",
        "parts": [
            {"PartNumber": number, "Size": part["size"]}
            for (number, _), part in zip(named, parts, strict=True)
        ],
        "checksums": {algorithm: composite} if composite else {},
        "checksum_type": "COMPOSITE" if composite else None,
    }
    answer = _stored(bucket_name, key, bucket, record, headers)
    del _s3._multipart_uploads[upload_id]
    _s3._completed_multipart_uploads[upload_id] = {"key": key, "response": answer}
    return answer


def _refused(code: str, message: str, status: int) -> Answer:
    answer: Answer = _s3._error(code, message, status)
    return answer


def _named_parts(body: bytes) -> list[tuple[int, str]]:
    """Number and ETag of each part that a request to complete names, in order."""
    found = []
    for element in ElementTree.fromstring(body).iter():
        if element.tag.rpartition("}")[2] == "Part":
            texts = {child.tag.rpartition("}")[2]: child.text or "" for child in element}
            found.append((int(texts["PartNumber"]), texts.get("ETag", "").strip('"')))
    return sorted(found)


def _joined(parts: Sequence[Part], to: Path) -> bytes | FileContent:
    with to.open("wb") as file:
        to.chmod(0o600)
        for part in parts:
            content = part["body"]
            if isinstance(content, FileContent):
                with content.path.open("rb") as source:
                    shutil.copyfileobj(source, file, PIECE_BYTES)
                content.path.unlink()  # so that the upload does not take its space twice
            else:
                file.write(content)
    return FileContent.of(to)


def _stored(
    bucket_name: str,
    key: str,
    bucket: dict[str, Any],
    record: dict[str, Any],
    headers: Mapping[str, str],
) -> Answer:
    """Make the record the object; the answer."""
    prior = bucket["objects"].get(key)
    bucket["objects"][key] = record
    answer_headers = {"Content-Type": "application/xml", **_s3._stored_sse_headers(record)}
    version = _s3._record_object_version(bucket_name, key, prior, record, record["body"])
    if version:
        answer_headers["x-amz-version-id"] = version
    _s3._fire_s3_event_async(
        bucket_name,
        key,
        "s3:ObjectCreated:CompleteMultipartUpload",
        size=record["size"],
        etag=record["etag"],
        version_id=version,
    )
    _s3._persist_object(bucket_name, key, record)
    root = _s3.Element("CompleteMultipartUploadResult", xmlns=_s3.S3_NS)
    texts = {
        "Location": f"http://{headers.get('host', '')}/{bucket_name}/{key}",
        "Bucket": bucket_name,
        "Key": key,
        "ETag": record["etag"],
        **{f"Checksum{name}": value for name, value in record["checksums"].items()},
    }
    for name, text in texts.items():
        _s3.SubElement(root, name).text = text
    body: bytes = _s3._xml_body(root)
    return 200, answer_headers, body
