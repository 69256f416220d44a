"""docs/architecture.md shows what the app makes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.docs.architecture.dag import steps_of
from infra.docs.architecture.encryption import encryption
from infra.docs.architecture.environment import Environment, synthesize
from infra.docs.architecture.flowchart import Arrow, Flowchart
from infra.docs.architecture.kinds import KINDS
from infra.docs.architecture.page import DATA_SET, PAGE, filled
from infra.docs.architecture.pictures import Pictures
from infra.docs.architecture.rights import VERBS, rights_of_roles
from infra.docs.architecture.roles import admissions, rights, roles
from infra.docs.architecture.tables import differences, source
from infra.environments import DEV, ENVIRONMENTS, PROD
from infra.local.settings import REPOSITORY
from infra.settings import NetworkSettings, NewVpc

MOST_NODES, MOST_ARROWS = 25, 40
"""What can be read on a screen."""

ROLE = "airflow/Airflow/ExecutionRole/Resource"
LANDING = "storage/Storage/Landing/Resource"
TOPIC = "storage/Notifications/Topic/Resource"


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> list[Environment]:
    return [
        synthesize(settings, tmp_path_factory.mktemp(name))
        for name, settings in ENVIRONMENTS.items()
    ]


@pytest.fixture(scope="module")
def pictures(environments: list[Environment]) -> Pictures:
    return Pictures(environments)


@pytest.fixture(scope="module")
def page(environments: list[Environment]) -> str:
    return filled(environments, steps_of(DATA_SET))


def all_of(pictures: Pictures) -> Iterator[Flowchart]:
    yield pictures.overview
    yield pictures.order
    yield from (pictures.stack(name) for name in pictures.names)


def labels(chart: Flowchart, source: str) -> dict[str, str]:
    return {arrow.target: arrow.label for arrow in chart.arrows if arrow.source == source}


def lines(chart: Flowchart, id: str) -> tuple[str, ...]:
    [node] = [node for node in chart.all_nodes if node.id == id]
    return node.lines


def test_the_page_in_the_repository_is_the_one_that_is_generated(page: str) -> None:
    assert PAGE.read_text(encoding="utf-8") == page, "run `make docs`"


def test_no_placeholder_no_account_and_no_digest_is_left(page: str) -> None:
    without_mermaid = re.sub(r"```mermaid.*?```", "", page, flags=re.DOTALL)
    labels = " ".join(re.findall(r'"([^"]*)"', page))
    assert "{{ " not in page
    assert "111122223333" not in page
    assert not re.search(r"[0-9A-F]{8}", without_mermaid + labels)


def test_every_link_leads_to_a_file_of_the_repository(page: str) -> None:
    links = set(re.findall(r"\]\((?!https?:)([^)#]+)", page))
    assert len(links) > 20
    assert [link for link in links if not (PAGE.parent / link).exists()] == []


def test_every_picture_can_be_read(pictures: Pictures) -> None:
    for chart in all_of(pictures):
        assert 0 < len(chart.all_nodes) <= MOST_NODES
        assert len(chart.arrows) <= MOST_ARROWS


def test_every_arrow_has_its_ends_in_the_picture(pictures: Pictures) -> None:
    for chart in all_of(pictures):
        nodes = {node.id for node in chart.all_nodes}
        assert {end for each in chart.arrows for end in (each.source, each.target)} <= nodes


def test_a_file_is_told_of_by_the_bucket_and_received_by_the_role(pictures: Pictures) -> None:
    chart = pictures.overview
    [queues] = labels(chart, LANDING)
    assert lines(chart, queues) == ("5 queues", "arrivals-*")
    assert labels(chart, LANDING) == {queues: "tells of files"}
    assert labels(chart, ROLE)[queues] == "receives"


def test_the_rights_of_the_execution_role_are_arrows(pictures: Pictures) -> None:
    may = labels(pictures.overview, ROLE)
    assert may[LANDING] == "reads, deletes, writes _archive/"
    assert may["storage/Storage/Curated/Resource"] == "reads, writes, deletes"
    assert may["storage/Catalog/WorkGroup"] == "queries"
    assert may["storage/Catalog/Database"] == "reads, writes, drops temporary_*"
    assert may[TOPIC] == "publishes"
    assert may["airflow/Airflow/Bucket/Resource"] == "reads"


def test_alarms_are_one_and_tell_the_topic(pictures: Pictures) -> None:
    chart = pictures.stack("operations")
    [alarms] = [each.source for each in chart.arrows if each.target == TOPIC]
    assert re.fullmatch(r"\d+ alarms", lines(chart, alarms)[0])


def test_what_one_environment_has_alone_says_so(pictures: Pictures) -> None:
    storage, network = pictures.stack("storage"), pictures.stack("network")
    assert lines(storage, "storage/Storage/AccessLogs/Resource") == (
        "bucket (prod only)",
        "access-logs",
    )
    gateway = "network/Network/Vpc/publicSubnet1/NATGateway"
    assert lines(network, gateway) == ("NAT gateways: 1 in dev, 2 in prod",)


def test_what_the_key_encrypts_has_a_thick_border(pictures: Pictures) -> None:
    encrypted = {node.id for node in pictures.overview.all_nodes if node.encrypted}
    assert LANDING in encrypted
    assert "airflow/Airflow/Resource" in encrypted
    assert "storage/Catalog/Database" not in encrypted


def test_a_stack_comes_after_what_it_needs(pictures: Pictures) -> None:
    assert Arrow(source="airflow", target="operations") in pictures.order.arrows
    assert Arrow(source="storage", target="network", label="prod only") in pictures.order.arrows


def test_every_service_that_a_role_has_rights_of_has_a_verb(
    environments: list[Environment],
) -> None:
    known = {pattern.partition(":")[0].rstrip("*") for pattern, _ in VERBS}
    asked = {
        action.partition(":")[0]
        for each in environments
        for right in rights_of_roles(each)
        for action in right.actions
        if right.target
    }
    assert {service for service in asked if not service.startswith(tuple(known))} == set()


def test_every_bucket_queue_and_role_is_of_a_kind_that_is_drawn(
    environments: list[Environment],
) -> None:
    types = {each.type for one in environments for each in one.resources.values()}
    assert {"AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::IAM::Role"} <= types & {*KINDS}


def test_a_part_is_linked_to_the_module_of_its_class(
    environments: list[Environment], page: str
) -> None:
    dev = environments[0]
    landing = dev.constructs[dev.construct_of(LANDING) or ""]
    assert source(landing) == "infra/buckets.py"
    assert (REPOSITORY / source(landing)).exists()
    assert "| [`LakeBucket`](../infra/buckets.py) |" in page
    assert "- [`Redshift`](../infra/redshift.py): " in page


def test_settings_that_are_the_same_are_not_in_the_table(
    environments: list[Environment],
) -> None:
    rows = differences(environments).splitlines()
    assert f"| `keep_data` | {'yes' if DEV.keep_data else 'no'} | yes |" in rows
    assert PROD.airflow.version == DEV.airflow.version
    assert not [row for row in rows if row.startswith("| `airflow.version`")]
    assert not [row for row in rows if row.startswith("| `name`")]


def test_what_holds_data_has_its_key_its_tls_and_its_end(environments: list[Environment]) -> None:
    rows = encryption(environments).splitlines()
    assert (
        "| bucket `curated`, `landing`, `query-results` | storage | the environment's key "
        "| TLS, by its policy | deleted in dev, kept in prod |"
    ) in rows
    assert (
        "| bucket `access-logs` (prod only) | storage | S3's own key | TLS, by its policy | kept |"
    ) in rows
    assert [row for row in rows if row.startswith("| queue `arrivals-*`")]


def test_a_role_has_who_assumes_it_and_what_it_may(environments: list[Environment]) -> None:
    assert (
        "| `ExecutionRole` | airflow | airflow-env.amazonaws.com, airflow.amazonaws.com | — "
        "| dev and prod |"
    ) in roles(environments).splitlines()
    assert (
        "| bucket `landing/_archive/*` | s3: `AbortMultipartUpload`, `PutObject` |"
        in rights(environments).splitlines()
    )


def test_a_policy_of_a_queue_admits_the_service_that_fills_it(
    environments: list[Environment],
) -> None:
    assert "| queue `arrivals-*` | s3.amazonaws.com | sqs: `SendMessage` |" in admissions(
        environments
    )


def test_another_network_is_drawn_without_what_it_has_not(tmp_path: Path) -> None:
    private = NetworkSettings(vpc=NewVpc(flow_logs=False), routing="private")
    alone = Pictures([synthesize(DEV.model_copy(update={"network": private}), tmp_path)])
    nouns = {node.lines[0] for node in alone.stack("network").all_nodes}
    assert "NAT gateway" not in nouns
    assert any(noun.endswith("VPC endpoints") for noun in nouns)
