"""S3: what ministack answers otherwise than S3 does."""

from __future__ import annotations

import logging
import re
from dataclasses import replace

from infra.local.emulator.seam import contents, notifications, objects, uploads
from infra.local.emulator.seam.authorization import failure
from infra.local.emulator.seam.services import (
    Handler,
    Request,
    Response,
    account_id,
    region,
    wrap_service,
)

_log = logging.getLogger(__name__)

_ENCRYPTION = "x-amz-server-side-encryption"
_KMS_KEY = "x-amz-server-side-encryption-aws-kms-key-id"
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_INVALID_RANGE = (
    b"<Error><Code>InvalidRange</Code>"
    b"<Message>The requested range is not satisfiable</Message></Error>"
)


def install() -> None:
    """Mend the service."""
    contents.keep_contents_in_files()
    uploads.keep_parts_in_files()
    notifications.tell_before_answering()
    objects.watch_disk()
    objects.keep_versions_on_disk()
    objects.keep_no_files_of_deleted_buckets()
    wrap_service("s3", _refuse_what_the_disk_refused)
    wrap_service("s3", _default_to_the_managed_key)
    wrap_service("s3", _serve_ranges_of_versions)
    wrap_service("s3", _send_large_bodies_in_pieces)


def _refuse_what_the_disk_refused(handler: Handler) -> Handler:
    """A write that is not on disk is not acknowledged."""

    async def handle(request: Request) -> Response:
        refusals = objects.collect_refusals()
        answer = await handler(request)
        if not refusals:
            return answer
        message = f"the embedded AWS could not save the change: {refusals[0].strerror}"
        _log.error("S3 %s %s: %s", request.method, request.path, message)
        return failure("s3", request, code="InternalError", message=message, status=500)

    return handle


def _default_to_the_managed_key(handler: Handler) -> Handler:
    """SSE-KMS without a key means the key `aws/s3` of AWS; ministack refuses it."""

    async def handle(request: Request) -> Response:
        if request.headers.get(_ENCRYPTION) == "aws:kms" and not request.headers.get(_KMS_KEY):
            key = f"arn:aws:kms:{region()}:{account_id()}:alias/aws/s3"
            request = replace(request, headers={**request.headers, _KMS_KEY: key})
        return await handler(request)

    return handle


def _serve_ranges_of_versions(handler: Handler) -> Handler:
    """A range of an object's version; ministack sends the whole of it."""

    async def handle(request: Request) -> Response:
        answer = await handler(request)
        wanted = request.headers.get("range")
        whole = request.method == "GET" and answer.status == 200  # noqa: PLR2004 - not partial
        if wanted and whole and "versionId" in request.query:
            return _part(answer, wanted)
        return answer

    return handle


def _send_large_bodies_in_pieces(handler: Handler) -> Handler:
    """What is large is sent as it is read from its file."""

    async def handle(request: Request) -> Response:
        answer = await handler(request)
        if not contents.is_large(answer.body):
            return answer
        headers = {"Content-Length": str(len(answer.body)), **answer.headers}
        return Response(answer.status, headers, contents.streamed(answer.body))

    return handle


def _part(answer: Response, wanted: str) -> Response:
    """The part of a whole object that a `Range` header asks for (RFC 9110, section 14)."""
    size = len(answer.body)
    match = _RANGE.fullmatch(wanted.strip())
    if match is None or match.groups() == ("", ""):
        return answer  # several ranges, or none: S3 sends the whole
    first, last = match.groups()
    start = int(first) if first else max(size - int(last), 0)
    end = min(int(last), size - 1) if first and last else size - 1
    if start > end:
        headers = {"Content-Type": "application/xml", "Content-Range": f"bytes */{size}"}
        return Response(416, headers, _INVALID_RANGE)
    part = answer.body[start : end + 1]
    # A checksum of the whole would not fit its part.
    headers = {
        name: value
        for name, value in answer.headers.items()
        if not name.lower().startswith("x-amz-checksum-")
    }
    headers["Content-Length"] = str(len(part))
    headers["Content-Range"] = f"bytes {start}-{end}/{size}"
    return Response(206, headers, part)
