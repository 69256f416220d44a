"""`lake sync`: what it refuses, changes, says, and leaves to a deploy."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.bundle import build_bundle
from infra.cli.steps import Failed
from infra.cli.sync import sync
from infra.cli.target import Target, find_target
from infra.environments import DEV
from infra.local.mwaa.model import ConfigurationError
from infra.local.settings import REPOSITORY, LocalSettings
from infra.sync.dag_sources import dag_sources
from infra.wheels.offline import OfflineRequirements
from tests.package_index import make_wheel

from .test_lake import lake

BUCKET, LANDING = "the-airflow-bucket", "the-landing-bucket"
MARKET = "dags/datasets/market/quotes.yaml"


@dataclass
class Mwaa:
    """The service and its Airflow, which parses what is in the bucket at once."""

    s3: Any
    environment: dict[str, Any]
    broken: dict[str, str] = field(default_factory=dict)
    """What files say that cannot be imported."""

    def get_environment(self, **_: str) -> dict[str, Any]:
        return {"Environment": self.environment}

    def invoke_rest_api(self, **call: Any) -> dict[str, Any]:
        return {"RestApiResponse": self._answer(call["Path"])}

    def _answer(self, path: str) -> dict[str, Any]:
        soon = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
        if path == "/importErrors":
            problems = [
                {"filename": name, "timestamp": soon, "stack_trace": text}
                for name, text in self.broken.items()
            ]
            return {"import_errors": problems, "total_entries": len(problems)}
        if path.startswith("/dagSources/"):
            return {"content": self._files()[f"{path.rpartition('/')[2]}.py"]}
        dags = [
            {
                "dag_id": name.removesuffix(".py"),
                "relative_fileloc": name,
                "last_parsed_time": soon,
                "last_parse_duration": 0.1,
                "has_import_errors": False,
            }
            for name in self._files()
            if name not in self.broken
        ]
        return {"dags": dags, "total_entries": len(dags)}

    def _files(self) -> dict[str, str]:
        listed = self.s3.list_objects_v2(Bucket=BUCKET, Prefix="dags/").get("Contents", [])
        keys = [entry["Key"] for entry in listed if entry["Key"].count("/") == 1]
        return {
            key.removeprefix("dags/"): self.s3.get_object(Bucket=BUCKET, Key=key)["Body"]
            .read()
            .decode()
            for key in keys
            if key.endswith(".py")
        }


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy that may be changed."""
    root = tmp_path / "checkout"
    for name in ("dags", "plugins", "requirements"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / name, root / name, ignore=ignored)
    return root


@pytest.fixture
def s3(checkout: Path, tmp_path: Path) -> Iterator[Any]:
    """The buckets, as a deploy of the checkout leaves them."""
    with mock_aws():
        client = boto3.client(
            "s3", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        for bucket in (BUCKET, LANDING):
            client.create_bucket(Bucket=bucket)
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        bundle = build_bundle(repository=checkout, destination=tmp_path / "deployed")
        for path in bundle.dags.rglob("*"):
            if path.is_file():
                key = f"dags/{path.relative_to(bundle.dags).as_posix()}"
                client.put_object(Bucket=BUCKET, Key=key, Body=path.read_bytes())
        yield client


@pytest.fixture
def mwaa(s3: Any, tmp_path: Path) -> Mwaa:
    environment: dict[str, Any] = {
        "Status": "AVAILABLE",
        "SourceBucketArn": f"arn:aws:s3:::{BUCKET}",
        "DagS3Path": "dags/",
        "AirflowConfigurationOptions": {"lake.landing_bucket": LANDING},
    }
    parts = {"Plugins": "plugins.zip", "Requirements": "requirements.txt"}
    for part, name in (parts | {"StartupScript": "startup.sh"}).items():
        body = (tmp_path / "deployed" / name).read_bytes()
        put = s3.put_object(Bucket=BUCKET, Key=f"parts/{name}", Body=body)
        environment |= {f"{part}S3Path": f"parts/{name}"}
        environment |= {f"{part}S3ObjectVersion": put["VersionId"]}
    return Mwaa(s3, environment)


@pytest.fixture(autouse=True)
def on_arrival(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What S3 tells nobody of; moto has no queues to tell."""
    untold: list[str] = []
    monkeypatch.setattr("infra.cli.sync.arrivals", lambda *_, **__: untold)
    return untold


@pytest.fixture
def run(mwaa: Mwaa, checkout: Path) -> Callable[..., None]:
    services = {"s3": mwaa.s3, "mwaa": mwaa}
    target = Target(client=services.__getitem__, sync_seconds=0.0, deploy_command="lake up")

    def run(**changes: Any) -> None:
        wanted: dict[str, Any] = {"dry_run": False, "strict": False, "timeout_seconds": 5.0}
        sync(target, settings=DEV, repository=checkout, **(wanted | changes))

    return run


def change(path: Path) -> None:
    path.write_text(path.read_text().replace("owner: market-data", "owner: somebody-else"))


def latest(s3: Any) -> dict[str, str]:
    versions = s3.list_object_versions(Bucket=BUCKET)["Versions"]
    return {one["Key"]: one["VersionId"] for one in versions if one["IsLatest"]}


def test_after_a_deploy_there_is_nothing_to_do_and_each_dag_file_is_looked_at(
    run: Callable[..., None], s3: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = latest(s3)
    run()

    said = capsys.readouterr().out
    assert "nothing to do" in said
    for name in dag_sources(tmp_path / "deployed" / "dags"):
        assert f"{name}: {name.removesuffix('.py')}" in said
    assert latest(s3) == before


def test_a_changed_data_set_is_uploaded_and_its_dag_file_waited_for(
    run: Callable[..., None], s3: Any, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = latest(s3)
    change(checkout / MARKET)
    run()

    said = capsys.readouterr().out
    assert "~ datasets/market/quotes.yaml" in said
    assert "0 added, 1 changed, 0 deleted" in said
    assert "market_quotes.py: market_quotes" in said
    assert "web_events.py" not in said
    after = latest(s3)
    assert {key for key in after if after[key] != before[key]} == {MARKET}


def test_a_data_set_comes_and_goes_with_its_dag_file(
    run: Callable[..., None], s3: Any, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = checkout / "dags" / "datasets" / "market" / "other.yaml"
    text = (checkout / MARKET).read_text().replace("market/quotes/", "other/")
    other.write_text(text)
    run()
    assert "2 added, 0 changed, 0 deleted" in capsys.readouterr().out
    assert {"dags/market_other.py", "dags/datasets/market/other.yaml"} <= latest(s3).keys()

    other.unlink()
    run()
    said = capsys.readouterr().out
    assert "0 added, 0 changed, 2 deleted" in said
    assert "market_other.py: gone" in said


def test_a_dry_run_says_the_same_and_changes_nothing(
    run: Callable[..., None], s3: Any, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = latest(s3)
    change(checkout / MARKET)
    run(dry_run=True)

    assert "0 added, 1 changed, 0 deleted (not done: --dry-run)" in capsys.readouterr().out
    assert latest(s3) == before


def test_a_file_that_cannot_be_imported_is_shown_and_ends_with_a_failure(
    run: Callable[..., None], mwaa: Mwaa, checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout / "dags" / "mine.py").write_text("# an airflow dag\nno")
    mwaa.broken["mine.py"] = "NameError: name 'no' is not defined"

    with pytest.raises(Failed, match="1 DAG files cannot be imported"):
        run()
    assert "NameError: name 'no' is not defined" in capsys.readouterr().err

    with pytest.raises(Failed, match="1 DAG files cannot be imported"):  # as it still is
        run()


def test_a_file_that_airflow_does_not_show_is_named_when_the_time_is_over(
    run: Callable[..., None], mwaa: Mwaa, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.sync.parsing.POLL_SECONDS", 0.01)
    monkeypatch.setattr(mwaa, "_files", lambda: {})
    change(checkout / MARKET)

    with pytest.raises(Failed, match=r"not parsed market_quotes\.py, music_models\.py within 0 s"):
        run(timeout_seconds=0.1)


@pytest.mark.parametrize(
    "wrong",
    [
        (MARKET, "owner:", "owned_by:"),
        ("dags/models/music/songplays.sql", "music_event_logs", "music_nothing"),
    ],
)
def test_what_synth_refuses_is_refused_before_any_upload(
    run: Callable[..., None], s3: Any, checkout: Path, wrong: tuple[str, str, str]
) -> None:
    before = latest(s3)
    path, old, new = wrong
    text = (checkout / path).read_text()
    assert old in text
    (checkout / path).write_text(text.replace(old, new))

    with pytest.raises(Failed, match="nothing was changed") as failed:
        run()
    assert new.rstrip(":") in str(failed.value)
    assert latest(s3) == before


@pytest.mark.parametrize(
    "part", ["plugins/more.py", "requirements/requirements.txt", "requirements/startup.sh"]
)
def test_parts_with_a_version_are_left_to_a_deploy_and_said(
    run: Callable[..., None], s3: Any, checkout: Path, part: str, capsys: Any
) -> None:
    before = latest(s3)
    with (checkout / part).open("a") as file:
        file.write("# more\n")
    run()

    name = "plugins.zip" if part.startswith("plugins/") else Path(part).name
    said = capsys.readouterr().err
    assert f"needs a deploy: {name} differs from what the environment runs" in said
    assert latest(s3) == before


def test_plugins_that_differ_in_content_and_not_in_size_are_noticed(
    run: Callable[..., None], checkout: Path, mwaa: Mwaa, capsys: pytest.CaptureFixture[str]
) -> None:
    plugins = checkout / "plugins"
    make_wheel(plugins, "one", "1.0", text="a")  # which the archive does not compress
    run()
    assert "needs a deploy: plugins.zip" in capsys.readouterr().err

    bundle = build_bundle(repository=checkout, destination=checkout / "with-wheel")
    body = bundle.plugins.read_bytes()
    put = mwaa.s3.put_object(Bucket=BUCKET, Key="parts/plugins.zip", Body=body)
    mwaa.environment["PluginsS3ObjectVersion"] = put["VersionId"]
    run()
    assert "needs a deploy" not in capsys.readouterr().err

    make_wheel(plugins, "one", "1.0", text="b")
    run()
    assert "needs a deploy: plugins.zip differs" in capsys.readouterr().err


def test_without_internet_the_wheels_of_the_lock_are_compared_too(
    run: Callable[..., None],
    checkout: Path,
    s3: Any,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wheel = make_wheel(checkout / "wheels", "one", "1.0")
    offline = OfflineRequirements(text="--no-index\none\n", wheels=(wheel,))
    monkeypatch.setattr("infra.cli.sync.requirements_for", lambda *_: offline)
    run()

    said = capsys.readouterr().err
    assert "needs a deploy: plugins.zip differs from what the environment runs" in said
    assert "needs a deploy: requirements.txt differs from what the environment runs" in said

    def refuse(*_: object) -> None:
        raise ConfigurationError("one==1.0: there is no wheel")

    before = latest(s3)
    change(checkout / MARKET)
    monkeypatch.setattr("infra.cli.sync.requirements_for", refuse)
    with pytest.raises(Failed, match=r"nothing was changed: one==1\.0: there is no wheel"):
        run()
    assert latest(s3) == before


def test_with_strict_nothing_is_changed_where_something_needs_a_deploy(
    run: Callable[..., None], s3: Any, checkout: Path, on_arrival: list[str]
) -> None:
    before = latest(s3)
    change(checkout / MARKET)
    on_arrival.append("market/quotes: its queue is missing")

    with pytest.raises(Failed, match="nothing was changed: run `lake up`"):
        run(strict=True)
    assert latest(s3) == before


def test_another_writer_is_noticed(
    run: Callable[..., None], s3: Any, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(checkout / MARKET)
    put = s3.put_object

    def put_and_be_overwritten(**arguments: Any) -> Any:
        put(**arguments)
        return put(**{**arguments, "Body": b"of somebody else"})

    monkeypatch.setattr(s3, "put_object", put_and_be_overwritten)
    with pytest.raises(Failed, match=r"written meanwhile: datasets/market/quotes\.yaml"):
        run()

    monkeypatch.setattr(s3, "put_object", put)
    run()


def test_an_environment_that_a_deploy_changes_is_left_alone(
    run: Callable[..., None], mwaa: Mwaa
) -> None:
    mwaa.environment["Status"] = "UPDATING"
    with pytest.raises(Failed, match="lake-dev is UPDATING"):
        run()
    run(dry_run=True)


def test_without_an_embedded_aws_it_says_what_to_start(tmp_path: Path) -> None:
    said = lake("sync", "dev", home=tmp_path)

    assert said.returncode == 1
    assert "http://127.0.0.1:1025" in said.stderr
    assert "`lake up`" in said.stderr


class TestOnAws:
    @pytest.fixture(autouse=True)
    def credentials(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        with mock_aws():
            yield

    def target(self, **changes: Any) -> Target:
        settings = DEV.model_copy(update=changes)
        return find_target(settings, on_aws=True, local=LocalSettings)

    def test_the_region_is_that_of_the_settings_or_of_the_shell(self) -> None:
        assert self.target().client("s3").meta.region_name == "eu-west-1"
        assert self.target(region="us-west-2").client("s3").meta.region_name == "us-west-2"

    def test_credentials_of_another_account_are_refused(self) -> None:
        self.target(account="123456789012")
        with pytest.raises(Failed, match="account 123456789012, and the environment dev is in"):
            self.target(account="111122223333")

    def test_without_a_region_it_says_where_to_set_one(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("AWS_DEFAULT_REGION")
        with pytest.raises(Failed, match="no region: set AWS_REGION"):
            self.target()
