"""A right is said by a verb or two."""

from __future__ import annotations

import pytest

from infra.docs.architecture.rights import OTHER, Right, verb_of


def right(*actions: str, pattern: str = "arn:aws:s3:::landing", part: str = "") -> Right:
    return Right(
        holder="role", principal="", actions=actions, target="bucket", pattern=pattern, part=part
    )


def test_actions_are_said_by_their_verbs_in_one_order() -> None:
    allowed = right("s3:DeleteObject", "s3:PutObject", "s3:GetObject", "s3:ListBucket", part="*")

    assert allowed.verbs == ("reads", "writes", "deletes")


@pytest.mark.parametrize(
    ("part", "said"),
    [("*", "writes"), ("_archive/*", "writes _archive/"), ("dags/a/job.py", "writes job.py")],
)
def test_a_right_on_a_part_says_which(part: str, said: str) -> None:
    assert right("s3:PutObject", part=part).verbs == (said,)


def test_what_glue_wants_of_a_database_beside_its_table_is_no_right_of_its_own() -> None:
    assert right("glue:DeleteTable", pattern="arn:aws:glue:r:a:database/lake").verbs == ()
    table = right("glue:DeleteTable", pattern="arn:aws:glue:r:a:table/lake/t_*", part="t_*")
    assert table.verbs == ("drops t_*",)


def test_an_action_that_nobody_thought_of_is_said_all_the_same() -> None:
    assert verb_of("quantum:Entangle") == OTHER
