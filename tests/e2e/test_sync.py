"""`lake sync`: a DAG file comes, breaks and goes without a deploy, as Airflow itself tells."""

from __future__ import annotations

import pytest

from .conftest import Lab, changed

pytestmark = pytest.mark.e2e

DAG = """\
from airflow.sdk import DAG

dag = DAG("synced", schedule=None)
"""


def dag_ids(lab: Lab) -> set[str]:
    return {dag["dag_id"] for dag in lab.airflow("GET", "/dags")["dags"]}


def test_a_dag_file_comes_breaks_and_goes(lab: Lab) -> None:
    file = lab.root / "dags" / "synced.py"

    lab.lake("sync", "dev")
    nothing = lab.lake("sync", "dev")
    assert "nothing to do" in nothing.stdout
    assert "market_quotes.py: market_quotes" in nothing.stdout
    assert "needs a deploy" not in nothing.stderr

    file.write_text(DAG)
    came = lab.lake("sync", "dev").stdout
    print(came)
    assert "1 added, 0 changed, 0 deleted" in came
    assert "synced.py: synced" in came
    assert "synced" in dag_ids(lab)

    file.write_text(DAG.replace("DAG(", "NoSuchName("))
    broken = lab.lake("sync", "dev", check=False)
    print(broken.stdout, broken.stderr)
    assert broken.returncode == 1
    assert "synced.py cannot be imported" in broken.stderr
    assert "NameError: name 'NoSuchName' is not defined" in broken.stderr

    file.unlink()
    went = lab.lake("sync", "dev").stdout
    print(went)
    assert "0 added, 0 changed, 1 deleted" in went
    assert "synced.py: gone" in went
    assert "synced" not in dag_ids(lab)
    errors = lab.airflow("GET", "/importErrors")["import_errors"]
    assert "synced.py" not in {error["filename"] for error in errors}


def test_a_changed_data_set_is_parsed_by_the_end_of_the_sync(lab: Lab) -> None:
    quotes = lab.root / "dags" / "datasets" / "market" / "quotes.yaml"
    with changed(quotes, "owner: market-data", "owner: somebody-else"):
        said = lab.lake("sync", "dev").stdout
        print(said)
        assert "~ datasets/market/quotes.yaml" in said
        assert "somebody-else" in lab.airflow("GET", "/dags/market_quotes")["owners"]

        wrong = lab.root / "dags" / "datasets" / "market" / "wrong.yaml"
        wrong.write_text("owned_by: me\n")
        refused = lab.lake("sync", "dev", check=False)
        wrong.unlink()
        assert refused.returncode == 1
        assert "nothing was changed" in refused.stderr
    lab.lake("sync", "dev")


def test_requirements_are_left_to_a_deploy(lab: Lab) -> None:
    requirements = lab.root / "requirements" / "requirements.txt"
    with changed(requirements, "awswrangler==", "# more\nawswrangler=="):
        said = lab.lake("sync", "dev", "--dry-run")
        assert "needs a deploy: requirements.txt differs" in said.stderr
        assert lab.lake("sync", "dev", "--strict", check=False).returncode == 1
