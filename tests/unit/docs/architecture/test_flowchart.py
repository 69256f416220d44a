"""A flowchart says what it was given, in words that Mermaid takes."""

from __future__ import annotations

import pytest

from infra.docs.architecture.flowchart import (
    Arrow,
    Flowchart,
    Group,
    Node,
    Shape,
    identifier,
    quoted,
)

BUCKET = Node(id="storage/Landing", lines=("bucket", "landing"), shape="cylinder", encrypted=True)
QUEUE = Node(id="end", lines=("queue",), shape="stadium")


def test_groups_nodes_and_arrows_are_a_fenced_block() -> None:
    chart = Flowchart(
        groups=[Group(id="stack", title="storage stack", nodes=(BUCKET,))],
        nodes=[QUEUE],
        arrows=[
            Arrow(source=BUCKET.id, target=QUEUE.id, label="tells"),
            Arrow(source=QUEUE.id, target=BUCKET.id, dotted=True),
        ],
    )

    assert str(chart).splitlines() == [
        "```mermaid",
        "flowchart LR",
        '  subgraph n_stack["storage stack"]',
        '    n_storage_Landing[("bucket<br/>landing")]',
        "  end",
        '  n_end(["queue"])',
        '  n_storage_Landing -->|"tells"| n_end',
        "  n_end -.-> n_storage_Landing",
        "  classDef encrypted stroke-width:3px",
        "  class n_storage_Landing encrypted",
        "```",
    ]
    assert chart.all_nodes == (QUEUE, BUCKET)


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        ("box", 'n_a["a"]'),
        ("several", 'n_a[["a"]]'),
        ("hexagon", 'n_a{{"a"}}'),
        ("round", 'n_a("a")'),
    ],
)
def test_a_shape_is_a_pair_of_brackets(shape: Shape, text: str) -> None:
    assert text in str(Flowchart(nodes=[Node(id="a", lines=("a",), shape=shape)], arrows=[]))


def test_nothing_is_styled_where_nothing_is_encrypted() -> None:
    assert "class" not in str(Flowchart(nodes=[QUEUE], arrows=[]))


def test_a_text_cannot_end_its_quotes_or_be_a_tag() -> None:
    assert quoted('the "first" <b> #1') == '"the #quot;first#quot; #lt;b> #35;1"'


def test_an_identifier_is_never_a_word_of_mermaid() -> None:
    assert identifier("end") == "n_end"
    assert identifier("a/b-c::d") == "n_a_b_c_d"
