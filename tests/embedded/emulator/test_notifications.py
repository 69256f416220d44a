"""S3 tells a queue of each object that is made, and the queue keeps what it was told."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from threading import Timer
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from tests.embedded.running import ACCOUNT_ID, REGION, RunningEmulator
from tests.embedded.stacks import Stack

pytestmark = pytest.mark.embedded

BUCKET, QUEUE = "told-of", "told"
QUEUE_ARN = f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:{QUEUE}"
PREFIX = "market/quotes/"
MIB = 1024 * 1024


def policy(source: str = BUCKET) -> dict[str, Any]:
    """As the lake's queues have it."""
    return {
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": {"AWS": "*"},
                "Action": "sqs:*",
                "Resource": QUEUE_ARN,
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
            {
                "Effect": "Allow",
                "Principal": {"Service": "s3.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": QUEUE_ARN,
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": ACCOUNT_ID},
                    "ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{source}"},
                },
            },
        ]
    }


def resources(*, source: str = BUCKET) -> dict[str, Any]:
    told = {
        "Event": "s3:ObjectCreated:*",
        "Queue": QUEUE_ARN,
        "Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": PREFIX}]}},
    }
    return {
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": QUEUE}},
        "Policy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {"Queues": [{"Ref": "Queue"}], "PolicyDocument": policy(source)},
        },
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "DependsOn": ["Policy"],
            "Properties": {
                "BucketName": BUCKET,
                "VersioningConfiguration": {"Status": "Enabled"},
                "NotificationConfiguration": {"QueueConfigurations": [told]},
            },
        },
    }


@pytest.fixture
def emulator(own_emulator: RunningEmulator) -> Iterator[RunningEmulator]:
    """With a bucket that tells a queue of what is made below a prefix."""
    assert Stack(own_emulator, "told").deploy(resources()) == "CREATE_COMPLETE"
    assert take(own_emulator) == ["s3:TestEvent"]
    yield own_emulator


def take(emulator: RunningEmulator, *, delete: bool = True) -> list[str]:
    """What the queue has: event and key of each message."""
    sqs = emulator.client("sqs")
    url, said = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"], []
    while messages := sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=600 if delete else 0
    ).get("Messages"):
        for message in messages:
            said += _said(json.loads(message["Body"]))
            if delete:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        if not delete:
            break
    return said


def _said(body: dict[str, Any]) -> list[str]:
    if body.get("Event"):
        return [str(body["Event"])]
    return [f"{each['eventName']} {each['s3']['object']['key']}" for each in body["Records"]]


def put(s3: Any, key: str) -> None:
    s3.put_object(Bucket=BUCKET, Key=key, Body=b"1")


def copy(s3: Any, key: str) -> None:
    s3.put_object(Bucket=BUCKET, Key="elsewhere", Body=b"1")
    s3.copy_object(Bucket=BUCKET, Key=key, CopySource={"Bucket": BUCKET, "Key": "elsewhere"})


def upload_in_parts(mib: int) -> Callable[[Any, str], None]:
    def upload(s3: Any, key: str) -> None:
        made = s3.create_multipart_upload(Bucket=BUCKET, Key=key)
        where = {"Bucket": BUCKET, "Key": key, "UploadId": made["UploadId"]}
        parts = [
            {
                "PartNumber": number,
                "ETag": s3.upload_part(**where, PartNumber=number, Body=b"x" * size)["ETag"],
            }
            for number, size in ((1, mib * MIB), (2, 1))
        ]
        s3.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})

    return upload


@pytest.mark.parametrize(
    ("make", "event"),
    [
        (put, "ObjectCreated:Put"),
        (copy, "ObjectCreated:Copy"),
        (upload_in_parts(5), "ObjectCreated:CompleteMultipartUpload"),
        (upload_in_parts(20), "ObjectCreated:CompleteMultipartUpload"),
    ],
    ids=["put", "copy", "parts in memory", "parts in files"],
)
def test_the_queue_has_the_event_when_the_object_is_acknowledged_and_keeps_it_over_a_kill(
    emulator: RunningEmulator, make: Callable[[Any, str], None], event: str
) -> None:
    make(emulator.client("s3"), f"{PREFIX}a file.TXT")

    emulator.kill_and_start()

    assert take(emulator) == [f"{event} {PREFIX}a+file.TXT"]


def test_what_is_deleted_stays_deleted_over_a_kill(emulator: RunningEmulator) -> None:
    put(emulator.client("s3"), f"{PREFIX}a")
    assert len(take(emulator)) == 1

    emulator.kill_and_start()

    assert take(emulator) == []


def test_only_what_is_made_below_the_prefix_is_told(emulator: RunningEmulator) -> None:
    s3 = emulator.client("s3")
    put(s3, "_archive/market/quotes/a")
    put(s3, "market/a")
    put(s3, f"{PREFIX}a")
    s3.delete_object(Bucket=BUCKET, Key=f"{PREFIX}a")

    assert take(emulator) == [f"ObjectCreated:Put {PREFIX}a"]


def test_a_long_poll_ends_as_soon_as_a_file_is_there(emulator: RunningEmulator) -> None:
    sqs = emulator.client("sqs")
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    landing = Timer(1, put, (emulator.client("s3"), f"{PREFIX}a"))
    started = time.monotonic()
    landing.start()

    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]

    assert _said(json.loads(message["Body"])) == [f"ObjectCreated:Put {PREFIX}a"]
    assert 1 <= time.monotonic() - started < 5
    landing.join()


def test_each_of_many_files_is_told(emulator: RunningEmulator) -> None:
    s3 = emulator.client("s3")
    keys = [f"{PREFIX}{number}" for number in range(30)]
    for key in keys:
        put(s3, key)
    s3.upload_file(__file__, BUCKET, f"{PREFIX}last", Config=TransferConfig(multipart_threshold=1))

    told = {said.partition(" ")[2] for said in take(emulator)}

    assert told == {*keys, f"{PREFIX}last"}


def test_a_bucket_that_the_queue_does_not_admit_is_refused_with_the_queue(
    own_emulator: RunningEmulator,
) -> None:
    stack = Stack(own_emulator, "refused")

    assert stack.deploy(resources(source="another")) == "ROLLBACK_COMPLETE"

    events = stack.api.describe_stack_events(StackName="refused")["StackEvents"]
    reasons = [event.get("ResourceStatusReason", "") for event in events]
    assert any("Unable to validate" in reason and QUEUE_ARN in reason for reason in reasons)


def test_a_role_reads_the_queues_that_it_may_and_no_other(emulator: RunningEmulator) -> None:
    iam = emulator.client("iam")
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"},
        "Action": "sts:AssumeRole",
    }
    role = iam.create_role(
        RoleName="reader", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]})
    )["Role"]["Arn"]
    may = {
        "Effect": "Allow",
        "Action": ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"],
        "Resource": QUEUE_ARN,
    }
    iam.put_role_policy(
        RoleName="reader", PolicyName="p", PolicyDocument=json.dumps({"Statement": [may]})
    )
    emulator.client("sqs").create_queue(QueueName="other")
    sqs = emulator.client("sqs", emulator.assume(role))

    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    put(emulator.client("s3"), f"{PREFIX}a")
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    entry = {"Id": "0", "ReceiptHandle": message["ReceiptHandle"]}
    assert sqs.delete_message_batch(QueueUrl=url, Entries=[entry])["Successful"] == [{"Id": "0"}]
    with pytest.raises(ClientError, match="AccessDenied"):
        sqs.send_message(QueueUrl=url, MessageBody="mine")
    with pytest.raises(ClientError, match="AccessDenied"):
        sqs.get_queue_url(QueueName="other")
