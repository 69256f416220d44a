from __future__ import annotations

from lake.pipeline.conflicts import refusals


def refused(
    accepted: str,
    *,
    same: tuple[str, ...] = (),
    held: tuple[str, ...] = (),
    replaced: str | None = None,
) -> dict[str, str]:
    """Refusals of files with names of one letter."""
    return refusals(
        accepted=list(accepted),
        replaced=list(accepted if replaced is None else replaced),
        same=[tuple(group) for group in same],
        held=[(pair[0], pair[1]) for pair in held],
        keys="day",
    )


def test_a_file_is_refused_for_keys_that_another_file_gave_the_table() -> None:
    assert refused("a", held=("az",)) == {"a": "its keys (day) are in the table from z"}


def test_a_file_replaces_its_own_rows_and_those_of_others_of_its_run() -> None:
    assert (
        refused(
            "ab",
            held=(
                "aa",
                "ab",
                "ba",
            ),
        )
        == {}
    )


def test_rows_that_are_added_to_a_file_conflict_with_those_that_it_has() -> None:
    assert set(refused("a", held=("aa",), replaced="")) == {"a"}


def test_the_rows_of_a_refused_file_stay_and_others_come_upon_them() -> None:
    assert set(
        refused(
            "abc",
            held=(
                "az",
                "ba",
                "cb",
            ),
        )
    ) == {"a", "b", "c"}


def test_of_files_with_the_same_keys_the_first_that_is_not_refused_goes_on() -> None:
    assert set(refused("abc", same=("abc",))) == {"b", "c"}
    assert set(refused("bc", same=("abc",))) == {"c"}
    assert set(refused("abc", same=("abc",), held=("az",))) == {"a", "c"}


def test_a_file_with_the_same_keys_twice_is_refused() -> None:
    assert refused("ab", same=("aab",)) == {"a": "it has several rows of the same keys (day)"}
