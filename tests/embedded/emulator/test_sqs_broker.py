"""SQS as the queue of Celery's workers, as MWAA and its image have it.

The transport is Kombu's, which MWAA's was made from, with the options that MWAA's image sets.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError
from kombu import Connection, Consumer, Message, Queue  # type: ignore[import-untyped]

from tests.embedded.running import REGION, ROOT, RunningEmulator

pytestmark = pytest.mark.embedded

QUEUE = "airflow-celery-lake-dev"
COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
TIMEOUT_SECONDS = 5


@pytest.fixture(scope="module")
def queue_url(emulator: RunningEmulator) -> str:
    """The queue, created as the image does: once it is said to be missing."""
    sqs = emulator.client("sqs")
    with pytest.raises(ClientError) as missing:
        sqs.get_queue_url(QueueName=QUEUE)
    # The image creates its queue on this very text.
    assert missing.value.response["Error"]["Message"] == "The specified queue does not exist."
    url: str = sqs.create_queue(QueueName=QUEUE)["QueueUrl"]
    return url


def connect(emulator: RunningEmulator, queue_url: str) -> Any:
    address = urlsplit(emulator.endpoint_url).netloc
    return Connection(
        f"sqs://{ROOT.access_key_id}:{ROOT.secret_access_key}@{address}",
        transport_options={
            "predefined_queues": {QUEUE: {"url": queue_url}},
            "is_secure": False,
            "region": REGION,
            "visibility_timeout": 43_200,
            "wait_time_seconds": 1,
        },
    )


def send(emulator: RunningEmulator, queue_url: str, *bodies: str) -> None:
    with connect(emulator, queue_url) as connection:
        producer = connection.Producer(serializer="json")
        for body in bodies:
            producer.publish(body, routing_key=QUEUE)


def take(emulator: RunningEmulator, queue_url: str, *, count: int, done: bool) -> list[str]:
    """What a worker gets, until it has `count` messages or none comes; then it is done or ends."""
    taken: list[str] = []

    def on_message(body: str, message: Message) -> None:
        taken.append(body)
        if done:
            message.ack()

    with connect(emulator, queue_url) as connection, suppress(TimeoutError):
        channel = connection.channel()
        with Consumer(channel, queues=[Queue(QUEUE)], callbacks=[on_message]):
            while len(taken) < count:
                connection.drain_events(timeout=TIMEOUT_SECONDS)
        channel.close()
    return taken


def counts(emulator: RunningEmulator, queue_url: str) -> dict[str, str]:
    answer = emulator.client("sqs").get_queue_attributes(QueueUrl=queue_url, AttributeNames=COUNTS)
    found: dict[str, str] = answer["Attributes"]
    return found


def test_each_task_is_taken_once_and_leaves_the_queue(
    emulator: RunningEmulator, queue_url: str
) -> None:
    send(emulator, queue_url, "one", "two", "three")
    assert sorted(take(emulator, queue_url, count=3, done=True)) == ["one", "three", "two"]
    assert counts(emulator, queue_url) == dict.fromkeys(COUNTS, "0")


def test_a_task_that_a_worker_hands_back_is_taken_by_the_next(
    emulator: RunningEmulator, queue_url: str
) -> None:
    send(emulator, queue_url, "again")
    assert take(emulator, queue_url, count=1, done=False) == ["again"]
    assert take(emulator, queue_url, count=1, done=True) == ["again"]
    assert counts(emulator, queue_url) == dict.fromkeys(COUNTS, "0")
