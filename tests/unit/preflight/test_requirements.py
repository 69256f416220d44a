"""Requirements, held to what MWAA can install."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.local.mwaa.commands import CommandError
from infra.local.settings import LocalSettings
from infra.preflight import requirements
from infra.preflight.requirements import Resolved
from infra.preflight.result import Outcome
from infra.rehearsal.requirements_file import RequirementsFile
from infra.wheels.store import WheelStore
from tests.package_index import locked, make_wheel
from tests.unit.infra.checkout import make_checkout

CONSTRAINT = '--constraint "/usr/local/airflow/plugins/constraints.txt"\n'


def file(text: str) -> RequirementsFile:
    return RequirementsFile(path=Path("requirements.txt"), text=text)


def package(name: str, wheel_bytes: int | None) -> Resolved:
    return Resolved(name=name, version="1.0", wheel_bytes=wheel_bytes)


def test_the_locks_are_of_the_environments_airflow() -> None:
    assert requirements.version_of_the_locks("3.3.1").outcome is Outcome.PASS

    other = requirements.version_of_the_locks("3.0.6")

    assert other.outcome is Outcome.FAIL
    assert other.found == "the environment has 3.0.6, the constraints are of 3.3.1"


def test_plugins_zip_is_measured_as_it_will_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plugin.py").write_bytes(bytes(range(256)) * 40)
    members = {"plugin.py": tmp_path / "plugin.py"}

    assert requirements.plugins_size(members).outcome is Outcome.PASS

    monkeypatch.setattr(requirements, "ADVISED_BYTES", 300)
    assert requirements.plugins_size(members).outcome is Outcome.FAIL


def test_constraints_that_are_named_and_there_pass() -> None:
    named = requirements.constraints_named(file(CONSTRAINT), {"constraints.txt": Path("x")})

    assert named.outcome is Outcome.PASS


def test_constraints_that_plugins_zip_lacks_fail_with_their_line() -> None:
    named = requirements.constraints_named(file(CONSTRAINT), {"other.txt": Path("x")})

    assert named.outcome is Outcome.FAIL
    assert "requirements.txt:1: /usr/local/airflow/plugins/constraints.txt" in named.found


def test_a_file_without_constraints_is_warned_of() -> None:
    named = requirements.constraints_named(file("pandas==3.0.5\n"), {})

    assert named.outcome is Outcome.WARN
    assert named.mend.endswith(CONSTRAINT.strip())


def test_a_package_of_the_image_is_not_changed() -> None:
    assert requirements.image_untouched(file("pandas==3.0.5\n")).outcome is Outcome.PASS

    changed = requirements.image_untouched(file("flask==2.0\n"))

    assert changed.outcome is Outcome.FAIL
    assert "requirements.txt:1: flask==2.0: MWAA's image has flask 3.1.3" in changed.found


def test_what_uv_refuses_is_said_with_the_line_that_it_speaks_of() -> None:
    said = requirements.unresolved(
        file("one==1\ntwo==2\n"), CommandError("exit code 1", "no version of two==2")
    )

    assert said.outcome is Outcome.FAIL
    assert said.found == "requirements.txt:2: two==2\nno version of two==2"


def test_a_package_without_a_wheel_fails_only_where_there_is_no_internet() -> None:
    resolved = [package("fine", 10), package("compiled", None)]

    assert requirements.wheels(resolved[:1], private=True).outcome is Outcome.PASS
    public, private = (requirements.wheels(resolved, private=p) for p in (False, True))

    assert (public.outcome, private.outcome) == (Outcome.WARN, Outcome.FAIL)
    assert public.found == private.found == "source only: compiled==1.0"


def test_an_environment_without_internet_takes_packages_from_plugins_zip() -> None:
    index, offline = file("pandas\n"), file("--no-index\npandas\n")

    public = requirements.source_of_packages(index, private=False)
    assert (public.outcome, public.found) == (Outcome.PASS, "an index, over the NAT gateway")
    for each, private in ((index, True), (offline, False)):
        said = requirements.source_of_packages(each, private=private)
        assert said.outcome is Outcome.PASS
        assert said.found.startswith("plugins.zip alone")


def test_the_wheels_of_the_deploy_are_counted_and_measured(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "wheels", "one", "1.0")
    lock = {"requirements/locks/mwaa-requirements.txt": locked(wheel)}
    lock["requirements/requirements.txt"] = "one==1.0\n"
    checkout = make_checkout(tmp_path / "checkout", **lock)
    store = WheelStore(folder=wheel.parent, python=Path("/nowhere/python"))

    result, wheels = requirements.carried_wheels(checkout, store=store)

    assert (result.outcome, wheels) == (Outcome.PASS, {wheel.name: wheel})
    assert result.found.startswith("1, ")

    (checkout / "requirements" / "requirements.txt").write_text("two==1.0\n")
    result, wheels = requirements.carried_wheels(checkout, store=store)

    assert (result.outcome, wheels) == (Outcome.FAIL, {})
    assert "two==1.0" in result.found


def test_more_than_pip_can_install_in_nine_minutes_is_warned_of() -> None:
    assert requirements.installation_time([package("small", 10**6)]).outcome is Outcome.PASS

    large = requirements.installation_time([package("large", 2 * 10**9)])

    assert large.outcome is Outcome.WARN
    assert large.found == "2,000 MB, at worst about 1,001 s of 540"


def test_what_the_image_has_is_not_counted_as_added() -> None:
    lock = (
        '[[packages]]\nname = "flask"\nversion = "3.1.3"\n'
        '[[packages]]\nname = "both"\nversion = "1"\nsdist = {size = 9}\nwheels = [{size = 5}]\n'
        '[[packages]]\nname = "source"\nversion = "2"\nsdist = {size = 9}\n'
        '[[packages]]\nname = "own"\narchive = {path = "own-1-py3-none-any.whl"}\n'
    )

    assert list(requirements.added_packages(lock)) == [
        Resolved(name="both", version="1", wheel_bytes=5),
        Resolved(name="source", version="2", wheel_bytes=None),
        Resolved(name="own", version="?", wheel_bytes=0),
    ]


def test_nothing_is_resolved_that_contradicts_the_image(tmp_path: Path) -> None:
    for folder in ("plugins", "requirements"):
        (tmp_path / folder).mkdir()
    (tmp_path / "requirements" / "constraints.txt").touch()
    written = tmp_path / "requirements.txt"
    written.write_text("celery==1.0\n")

    results = list(
        requirements.check_requirements(
            written,
            repository=tmp_path,
            airflow_version="3.3.1",
            private=False,
            local=LocalSettings(home=tmp_path),
        )
    )

    assert results[-2].outcome is Outcome.FAIL
    assert results[-1].outcome is Outcome.NOT_CHECKED
