"""The trigger that runs a data set's DAG when a file lands: it reads the queue that S3 writes to.

It is a plugin, because the triggerer imports triggers from there and not from the DAG folder
(https://airflow.apache.org/docs/apache-airflow/stable/administration-and-deployment/dag-bundles.html).
A message is deleted only once Airflow's database has the event that was made of it: a triggerer
that dies before that finds the message in the queue again.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import unquote_plus

from airflow.triggers.base import BaseEventTrigger, TriggerEvent
from airflow.triggers.shared_stream import AdvanceItem, SharedStreamProducer

log = logging.getLogger(__name__)

WAIT_SECONDS = 20
"""The longest that SQS lets a call wait for a message."""
MESSAGES_A_CALL = 10
"""The most that SQS gives or deletes in one call."""
MESSAGES_AN_EVENT = 1000
"""Files that land together become one event."""
KEYS_SHOWN = 10
"""An event is kept in Airflow's database; the run itself looks at what has landed."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 300.0
"""After a call that failed: doubled each time."""

Message = dict[str, Any]


def keys_of(body: str) -> list[str]:
    """The keys that a notification of S3 names; none for `s3:TestEvent`.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html

    Raises:
        ValueError: the message is not one of S3's.
    """
    try:
        said = json.loads(body)
        if said.get("Event") == "s3:TestEvent":
            return []
        return [unquote_plus(record["s3"]["object"]["key"]) for record in said["Records"]]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"no notification of S3: {body[:200]!r}") from error


class ArrivalQueue(SharedStreamProducer):
    """The queue of one data set, read with long polls."""

    def __init__(self, *, queue: str, aws_conn_id: str) -> None:
        self._queue = queue
        self._aws_conn_id = aws_conn_id
        self._client: Any = None
        self._url = ""

    async def open_stream(self) -> AsyncIterator[tuple[list[str], list[Message]]]:
        """Yield keys of objects that were made, with the messages that say so, without an end.

        What fails is tried again, ever less often: the queue may be made, and the role changed,
        after the DAG file came.
        """
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                async with await self._connect() as self._client:
                    answer = await self._client.get_queue_url(QueueName=self._queue)
                    self._url = answer["QueueUrl"]
                    while True:
                        messages = await self._receive()
                        pause = FIRST_PAUSE_SECONDS
                        keys, read = self._read(messages)
                        if read:
                            yield keys, read
            except Exception as error:
                # Of SQS, of the connection or of the credentials: the next one may do.
                log.warning("queue %s: %s; trying again in %.0f s", self._queue, error, pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    async def advance(self, batch: Sequence[AdvanceItem]) -> None:
        """Delete the messages whose events are in Airflow's database; the others come again."""
        done = [
            message for item in batch if item.outcome.is_clean for message in item.broker_payload
        ]
        for start in range(0, len(done), MESSAGES_A_CALL):
            entries = [
                {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
                for number, message in enumerate(done[start : start + MESSAGES_A_CALL])
            ]
            await self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)

    async def _connect(self) -> Any:
        # The plugin is imported by every component; the provider only where there is a queue.
        from airflow.providers.amazon.aws.hooks.sqs import SqsHook  # noqa: PLC0415

        hook: Any = SqsHook(aws_conn_id=self._aws_conn_id)
        return await hook.get_async_conn()

    async def _receive(self) -> list[Message]:
        """The messages that are there, or that come while the call waits."""
        messages: list[Message] = []
        while len(messages) < MESSAGES_AN_EVENT:
            answer = await self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=MESSAGES_A_CALL,
                WaitTimeSeconds=0 if messages else WAIT_SECONDS,
            )
            more = answer.get("Messages", [])
            messages += more
            if not more:
                break
        return messages

    def _read(self, messages: Sequence[Message]) -> tuple[list[str], list[Message]]:
        """The keys that messages name; one that is not S3's stays, until SQS sets it aside."""
        keys: list[str] = []
        read: list[Message] = []
        for message in messages:
            try:
                keys += keys_of(message["Body"])
            except ValueError as error:
                log.warning("queue %s: message %s is %s", self._queue, message["MessageId"], error)
            else:
                read.append(message)
        return keys, read


class FileArrivalTrigger(BaseEventTrigger):
    """Fires when objects are made under the prefix that S3 tells the queue `queue` about."""

    def __init__(self, *, queue: str, aws_conn_id: str = "aws_default") -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow's
        self.queue = queue
        self.aws_conn_id = aws_conn_id

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """As Airflow's database keeps it."""
        kwargs = {"queue": self.queue, "aws_conn_id": self.aws_conn_id}
        return f"lake_arrivals.{type(self).__qualname__}", kwargs

    def shared_stream_key(self) -> tuple[str, ...]:
        """One stream a queue: what makes Airflow say when an event is in its database."""
        return ("lake_arrivals", self.queue, self.aws_conn_id)

    @classmethod
    def create_shared_stream_producer(cls, kwargs: dict[str, Any]) -> ArrivalQueue:
        """The reader of the queue."""
        return ArrivalQueue(queue=kwargs["queue"], aws_conn_id=kwargs["aws_conn_id"])

    async def filter_shared_stream(
        self, shared_stream: AsyncIterator[list[str]]
    ) -> AsyncIterator[TriggerEvent]:
        """One event for all files that landed together; none for a test of S3's."""
        async for keys in shared_stream:
            if keys:
                payload = {"files": len(keys), "keys": keys[:KEYS_SHOWN]}
                yield TriggerEvent(payload)  # type: ignore[no-untyped-call]  # likewise

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Never asked for: a triggerer that shares streams reads the queue as one.

        Raises:
            RuntimeError: the triggerer is older than Airflow 3.3.
        """
        raise RuntimeError(f"{self.queue} is read by Airflow 3.3 and later")
        yield  # what makes it an iterator
