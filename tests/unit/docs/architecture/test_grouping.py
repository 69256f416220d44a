"""What nothing tells apart is one node."""

from __future__ import annotations

from infra.docs.architecture.environment import Resource
from infra.docs.architecture.grouping import grouped
from infra.docs.architecture.relations import Relation

ALARM, BUCKET, QUEUE = "AWS::CloudWatch::Alarm", "AWS::S3::Bucket", "AWS::SQS::Queue"


def resources(**types: str) -> dict[str, Resource]:
    return {
        path: Resource(
            path=f"storage/{path}",
            type=type,
            name=path,
            properties={},
            references={},
            arns=(),
            kept=False,
        )
        for path, type in types.items()
    }


def relation(source: str, target: str, verb: str = "tells") -> Relation:
    return Relation(source=source, target=target, verbs=(verb,))


def test_resources_with_the_same_relations_are_one() -> None:
    made = resources(bucket=BUCKET, one=QUEUE, other=QUEUE)
    told = [relation("bucket", "one"), relation("bucket", "other")]

    assert grouped(made, told) == (("bucket",), ("one", "other"))


def test_another_relation_tells_apart_whoever_relates_to_it_too() -> None:
    made = resources(one=ALARM, other=ALARM, here=QUEUE, there=QUEUE, bucket=BUCKET)
    told = [relation("one", "here"), relation("other", "there"), relation("bucket", "here")]

    assert grouped(made, told) == (("bucket",), ("here",), ("one",), ("other",), ("there",))


def test_another_verb_tells_apart() -> None:
    made = resources(bucket=BUCKET, one=QUEUE, other=QUEUE)
    told = [relation("bucket", "one"), relation("bucket", "other", "fills")]

    assert grouped(made, told) == (("bucket",), ("one",), ("other",))


def test_buckets_are_never_one() -> None:
    assert grouped(resources(one=BUCKET, other=BUCKET), []) == (("one",), ("other",))


def test_a_relation_to_what_is_not_drawn_tells_nothing() -> None:
    made = resources(one=QUEUE, other=QUEUE)

    assert grouped(made, [relation("one", "elsewhere")]) == (("one", "other"),)
