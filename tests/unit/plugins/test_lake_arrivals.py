"""The trigger of landed files, run by Airflow's own shared streams against a queue of moto's."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import Any

import boto3
import pytest
import structlog
from airflow.triggers.shared_stream import SharedStreamManager
from lake_arrivals import ArrivalQueue, FileArrivalTrigger, keys_of

from tests.moto_server import moto_server

QUEUE = "lake-dev-arrivals-market_quotes"
TEST_EVENT = json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "landing"})
SECONDS = 60


def notification(*keys: str) -> str:
    return json.dumps({"Records": [{"s3": {"object": {"key": key}}} for key in keys]})


def test_keys_are_decoded_as_s3_encodes_them() -> None:
    assert keys_of(notification("market/quotes/a+file%C3%A9.TXT")) == ["market/quotes/a fileé.TXT"]


def test_s3s_test_of_a_queue_names_no_key() -> None:
    assert keys_of(TEST_EVENT) == []


@pytest.mark.parametrize("body", ["hello", "[]", "{}", '{"Records": [{"s3": {}}]}', "null", "7"])
def test_what_is_no_notification_is_refused_with_what_it_says(body: str) -> None:
    with pytest.raises(ValueError, match="no notification of S3"):
        keys_of(body)


class AsyncClient:
    """What aiobotocore gives, made of boto3: only MWAA's image has aiobotocore."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        pass

    def __getattr__(self, operation: str) -> Any:
        return partial(asyncio.to_thread, getattr(self._client, operation))


class Queue:
    """A queue of moto's."""

    def __init__(self, sqs: Any, url: str) -> None:
        self.sqs, self.url = sqs, url

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self.sqs.send_message(QueueUrl=self.url, MessageBody=body)

    @property
    def left(self) -> int:
        """Messages that are not deleted, given out or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)
        return sum(int(found["Attributes"][name]) for name in names)


@pytest.fixture
def sqs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with moto_server() as endpoint:
        for name, value in {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():
            monkeypatch.setenv(name, value)
        client = boto3.client("sqs")

        async def connect(_: ArrivalQueue) -> AsyncClient:
            return AsyncClient(client)

        monkeypatch.setattr("lake_arrivals.ArrivalQueue._connect", connect)
        monkeypatch.setattr("lake_arrivals.WAIT_SECONDS", 1)
        yield client


@pytest.fixture
def queue(sqs: Any) -> Queue:
    url = sqs.create_queue(QueueName=QUEUE, Attributes={"VisibilityTimeout": "1"})["QueueUrl"]
    return Queue(sqs, url)


type Persist = Callable[[Any], bool]
"""Airflow's database: whether it took an event."""


async def watch(until: Callable[[list[Any]], bool], *, persist: Persist) -> list[Any]:
    """The events that the triggerer gets, which it confirms where its database took them."""
    manager = SharedStreamManager(log=structlog.get_logger(), ack_timeout=SECONDS)
    trigger = FileArrivalTrigger(queue=QUEUE)
    key = trigger.shared_stream_key()
    events: list[Any] = []

    async def consume() -> None:
        stream = manager.subscribe(trigger_id=1, trigger=trigger, key=key)
        async for event in trigger.filter_shared_stream(stream):
            seq = manager.bind_pending_event(trigger_id=1, key=key)
            events.append(event.payload)
            if persist(event.payload) and seq is not None:
                manager.confirm_persisted([seq])

    watching = asyncio.create_task(consume())
    try:
        async with asyncio.timeout(SECONDS):
            while not until(events):
                assert not watching.done(), watching.exception()
                await asyncio.sleep(0.05)
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        await manager.stop_all()
    return events


def taken(_: Any) -> bool:
    return True


def lost(_: Any) -> bool:
    return False


def test_an_event_names_the_files_and_its_messages_are_deleted_once_airflow_has_it(
    queue: Queue,
) -> None:
    queue.send(notification("market/quotes/a.TXT"))

    events = asyncio.run(watch(lambda events: bool(events) and not queue.left, persist=taken))

    assert events == [{"files": 1, "keys": ["market/quotes/a.TXT"]}]


def test_an_event_that_airflow_did_not_get_comes_again(queue: Queue) -> None:
    """As after a kill of the triggerer between the queue and the database."""
    queue.send(notification("market/quotes/a.TXT"))
    first = asyncio.run(watch(bool, persist=lost))
    assert queue.left == 1

    second = asyncio.run(watch(lambda events: bool(events) and not queue.left, persist=taken))

    assert second == first


def test_files_that_land_together_are_one_event_and_the_others_follow(
    queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lake_arrivals.MESSAGES_AN_EVENT", 20)
    names = {"VisibilityTimeout": "60"}
    queue.sqs.set_queue_attributes(QueueUrl=queue.url, Attributes=names)
    for start in range(0, 30, 10):
        entries = [
            {"Id": str(n), "MessageBody": notification(f"market/quotes/{start + n}")}
            for n in range(10)
        ]
        queue.sqs.send_message_batch(QueueUrl=queue.url, Entries=entries)

    events = asyncio.run(watch(lambda _: not queue.left, persist=taken))

    assert [event["files"] for event in events] == [20, 10]
    assert [len(event["keys"]) for event in events] == [10, 10]


def test_a_test_of_s3s_is_deleted_and_starts_nothing(queue: Queue) -> None:
    queue.send(TEST_EVENT)

    assert asyncio.run(watch(lambda _: not queue.left, persist=taken)) == []


def test_what_is_not_s3s_stays_for_a_person_and_the_others_go_on(
    queue: Queue, caplog: pytest.LogCaptureFixture
) -> None:
    queue.send("poison", notification("market/quotes/a.TXT"))

    with caplog.at_level(logging.WARNING, logger="lake_arrivals"):
        events = asyncio.run(watch(lambda events: bool(events) and queue.left == 1, persist=taken))

    assert events == [{"files": 1, "keys": ["market/quotes/a.TXT"]}]
    assert "no notification of S3: 'poison'" in caplog.text


def test_a_queue_that_is_made_later_is_found_and_asked_for_less_and_less(
    sqs: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("lake_arrivals.FIRST_PAUSE_SECONDS", 0.1)

    def make_after_two_failures() -> None:
        while sum(record.name == "lake_arrivals" for record in caplog.records) < 2:
            time.sleep(0.01)
        url = sqs.create_queue(QueueName=QUEUE)["QueueUrl"]
        Queue(sqs, url).send(notification("market/quotes/a.TXT"))

    async def first() -> Any:
        stream: Any = ArrivalQueue(queue=QUEUE, aws_conn_id="aws_default").open_stream()
        async with asyncio.timeout(SECONDS):
            keys, _ = await anext(stream)
        await stream.aclose()
        return keys

    making = Thread(target=make_after_two_failures, daemon=True)
    making.start()
    with caplog.at_level(logging.WARNING, logger="lake_arrivals"):
        assert asyncio.run(first()) == ["market/quotes/a.TXT"]
    making.join()

    failures = [record for record in caplog.records if record.name == "lake_arrivals"]
    assert QUEUE in failures[0].getMessage()
    assert "does not exist" in failures[0].getMessage()
    pauses = [record.args[2] for record in failures if isinstance(record.args, tuple)]
    assert len(pauses) >= 2
    assert pauses == [0.1 * 2**n for n in range(len(pauses))]


def test_an_older_triggerer_says_what_it_takes() -> None:
    async def ask() -> None:
        await anext(FileArrivalTrigger(queue=QUEUE).run())

    with pytest.raises(RuntimeError, match=r"is read by Airflow 3\.3 and later"):
        asyncio.run(ask())
