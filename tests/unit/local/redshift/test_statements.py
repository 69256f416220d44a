"""Tables, their rows, and transactions."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infra.local.redshift.engine import Database, RedshiftError, Session

from .conftest import credentials, open_database

if TYPE_CHECKING:
    from .conftest import Rows

T = "CREATE TABLE t (id INT NOT NULL, name VARCHAR(5) DEFAULT 'x', day DATE)"
FILL = "INSERT INTO t VALUES (1, 'a', '2018-11-01'), (2, 'b', '2018-11-02')"


def refused(session: Session, sql: str) -> RedshiftError:
    with pytest.raises(RedshiftError) as failure:
        session.run(sql)
    return failure.value


class TestInsert:
    def test_a_default_stands_in_for_what_is_not_said(self, rows: Rows) -> None:
        rows(T, "INSERT INTO t (id) VALUES (1)", "INSERT INTO t VALUES (2, DEFAULT, NULL)")

        assert rows("SELECT * FROM t ORDER BY id") == [(1, "x", None), (2, "x", None)]

    def test_a_query_gives_the_rows(self, rows: Rows) -> None:
        rows(T, "INSERT INTO t (id, day) SELECT 1, '2018-11-01'")

        assert rows("SELECT * FROM t") == [(1, "x", "2018-11-01")]

    def test_an_identity_column_numbers_rows(self, rows: Rows) -> None:
        rows(
            "CREATE TABLE i (n BIGINT IDENTITY(10, 5), x INT)", "INSERT INTO i (x) VALUES (1), (2)"
        )

        assert rows("SELECT n FROM i ORDER BY 1") == [(10,), (15,)]

    @pytest.mark.parametrize(
        ("sql", "message", "sqlstate"),
        [
            ("INSERT INTO t VALUES (1, 'toolong')",
             "value too long for type character varying(5)", "22001"),
            ("INSERT INTO t VALUES (1, 'ééé')",
             "value too long for type character varying(5)", "22001"),
            ("INSERT INTO t (name) VALUES ('a')",
             "Cannot insert a NULL value into column id", "23502"),
            ("INSERT INTO t VALUES (3000000000)", "Value out of range for 4 bytes.", "22003"),
            ("INSERT INTO t VALUES ('x')", "Cannot cast 'x' to INT", "22P02"),
            ("INSERT INTO t (id, id) VALUES (1, 2)",
             'column "id" specified more than once', "42701"),
            ("INSERT INTO t (no) VALUES (1)",
             'column "no" of relation "t" does not exist', "42703"),
            ("INSERT INTO t VALUES (1, 'a', NULL, 4)",
             "INSERT has more expressions than target columns", "42601"),
            ("INSERT INTO t SELECT 1, 'a', 5::INT",
             'column "day" is of type date but expression is of type integer', "42804"),
        ],
    )  # fmt: skip
    def test_a_value_that_does_not_fit_is_refused(
        self, session: Session, sql: str, message: str, sqlstate: str
    ) -> None:
        session.run(T)

        error = refused(session, sql)

        assert (str(error), error.sqlstate) == (f"ERROR: {message}", sqlstate)


class TestChanges:
    def test_update_takes_values_of_another_table(self, rows: Rows) -> None:
        rows(T, FILL, "CREATE TABLE s AS SELECT 1 AS id, 'new' AS name")

        rows("UPDATE t SET name = s.name FROM s WHERE s.id = t.id")

        assert rows("SELECT name FROM t ORDER BY id") == [("new",), ("b",)]

    def test_delete_using_another_table(self, session: Session, rows: Rows) -> None:
        rows(T, FILL, "CREATE TABLE s AS SELECT 1 AS id UNION ALL SELECT 1")

        assert session.run("DELETE FROM t USING s WHERE s.id = t.id").row_count == 1
        assert rows("SELECT id FROM t") == [(2,)]

    def test_an_overlong_value_of_an_update_is_refused(self, session: Session) -> None:
        session.run(T)
        session.run(FILL)

        error = refused(session, "UPDATE t SET name = name || '12345'")

        assert "value too long for type character varying(5)" in str(error)


class TestMerge:
    MERGE = (
        "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET name = s.name"
        " WHEN NOT MATCHED THEN INSERT (id, name) VALUES (s.id, s.name)"
    )

    def test_rows_that_match_change_and_others_are_added(
        self, session: Session, rows: Rows
    ) -> None:
        rows(T, FILL, "CREATE TABLE s AS SELECT 2 AS id, 'B' AS name UNION ALL SELECT 3, 'C'")

        assert session.run(self.MERGE).row_count == 2
        assert rows("SELECT id, name FROM t ORDER BY 1") == [(1, "a"), (2, "B"), (3, "C")]

    def test_rows_that_match_can_be_deleted(self, rows: Rows) -> None:
        rows(T, FILL, "CREATE TABLE s AS SELECT 2 AS id UNION ALL SELECT 3")

        rows(
            "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN DELETE"
            " WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id)"
        )

        assert rows("SELECT id FROM t ORDER BY 1") == [(1,), (3,)]

    def test_remove_duplicates_replaces_rows(self, rows: Rows) -> None:
        rows(T, FILL, "CREATE TABLE s (id INT, name VARCHAR(5), day DATE)")
        rows("INSERT INTO s VALUES (2, 'n', NULL), (2, 'n', NULL), (3, 'm', NULL)")

        rows("MERGE INTO t USING s ON t.id = s.id REMOVE DUPLICATES")

        assert rows("SELECT id, name FROM t ORDER BY 1") == [(1, "a"), (2, "n"), (3, "m")]

    @pytest.mark.parametrize(
        ("sql", "message"),
        [
            ("MERGE INTO t USING (SELECT 1 AS id) s ON t.id = s.id WHEN MATCHED THEN DELETE"
             " WHEN NOT MATCHED THEN INSERT VALUES (s.id)", "Source of MERGE must be a table"),
            ("MERGE INTO t USING v ON t.id = v.id WHEN MATCHED THEN DELETE"
             " WHEN NOT MATCHED THEN INSERT VALUES (v.id)", "Source of MERGE must be a table"),
            ("MERGE INTO t USING t AS s ON t.id = s.id WHEN MATCHED THEN DELETE"
             " WHEN NOT MATCHED THEN INSERT VALUES (s.id)", "cannot be the same table"),
            ("MERGE INTO t USING s ON t.id = s.id WHEN MATCHED AND s.id > 1 THEN DELETE"
             " WHEN NOT MATCHED THEN INSERT VALUES (s.id)", 'syntax error at or near "AND"'),
            ("MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN DELETE",
             "one WHEN MATCHED clause and one WHEN NOT MATCHED clause"),
            ("MERGE INTO t AS x USING s ON x.id = s.id WHEN MATCHED THEN DELETE"
             " WHEN NOT MATCHED THEN INSERT VALUES (s.id)", 'syntax error at or near "x"'),
        ],
    )  # fmt: skip
    def test_what_redshifts_merge_lacks_is_refused(
        self, session: Session, sql: str, message: str
    ) -> None:
        for statement in (T, "CREATE TABLE s (id INT)", "CREATE VIEW v AS SELECT id FROM s"):
            session.run(statement)

        assert message in str(refused(session, sql))

    def test_two_matches_for_one_row_are_refused(self, session: Session, rows: Rows) -> None:
        rows(T, FILL, "CREATE TABLE s AS SELECT 2 AS id, 'B' AS name UNION ALL SELECT 2, 'C'")

        error = refused(session, self.MERGE)

        assert "Found multiple matches to update the same tuple" in str(error)


class TestTables:
    def test_attributes_of_the_storage_are_kept(self, rows: Rows) -> None:
        rows(
            "CREATE TABLE IF NOT EXISTS public.a (id BIGINT NOT NULL ENCODE az64 DISTKEY,"
            " d DECIMAL(10,2), PRIMARY KEY (id)) DISTSTYLE KEY COMPOUND SORTKEY (d, id)"
        )

        assert rows("SELECT * FROM pg_table_def WHERE tablename = 'a'") == [
            ("public", "a", "id", "bigint", "az64", True, 2, True),
            ("public", "a", "d", "numeric(10,2)", "none", False, 1, False),
        ]

    def test_the_catalogue_views_describe_the_columns(self, rows: Rows) -> None:
        rows(T)

        columns = rows(
            "SELECT column_name, data_type, character_maximum_length, is_nullable"
            " FROM svv_columns WHERE table_name = 't' ORDER BY ordinal_position"
        )

        assert columns == [
            ("id", "integer", None, "NO"),
            ("name", "character varying", 5, "YES"),
            ("day", "date", None, "YES"),
        ]
        assert rows("SELECT * FROM information_schema.tables") == [
            ("lake", "public", "t", "BASE TABLE")
        ]

    def test_create_table_as_has_the_types_of_the_query(self, rows: Rows) -> None:
        rows(T, FILL, "CREATE TABLE c DISTKEY (name) AS SELECT name, count(*) FROM t GROUP BY 1")

        assert rows("SELECT \"column\", type FROM pg_table_def WHERE tablename = 'c'") == [
            ("name", "character varying(5)"),
            ("count", "bigint"),
        ]

    def test_a_table_is_altered(self, rows: Rows) -> None:
        rows(T, FILL)
        rows("ALTER TABLE t ADD COLUMN n INT DEFAULT 7")
        rows("ALTER TABLE t RENAME COLUMN name TO label")
        rows("ALTER TABLE t DROP COLUMN day")
        rows("ALTER TABLE t ALTER COLUMN label TYPE VARCHAR(20)")
        rows("ALTER TABLE t RENAME TO u", "INSERT INTO u VALUES (3, 'a longer text', 8)")

        assert rows("SELECT * FROM u ORDER BY 1") == [
            (1, "a", 7),
            (2, "b", 7),
            (3, "a longer text", 8),
        ]

    def test_a_table_that_is_there_is_not_made_again(self, session: Session) -> None:
        session.run(T)

        assert session.run(T.replace("TABLE", "TABLE IF NOT EXISTS")).tag == "CREATE TABLE"
        assert str(refused(session, T)) == 'ERROR: Relation "t" already exists'

    def test_a_temporary_table_is_its_sessions_own(
        self, database: Database, session: Session
    ) -> None:
        session.run("CREATE TEMP TABLE own (x INT)")
        session.run("CREATE TABLE #other (x INT)")
        session.run("INSERT INTO #other VALUES (1)")
        other = database.connect("other", copy_credentials=credentials)

        assert list(session.run("SELECT x FROM #other").records()) == [(1,)]
        assert 'relation "own" does not exist' in str(refused(other, "SELECT * FROM own"))

    def test_a_table_that_a_view_reads_is_dropped_with_cascade_only(self, session: Session) -> None:
        session.run(T)
        session.run("CREATE VIEW v AS SELECT id FROM t")

        error = refused(session, "DROP TABLE t")
        session.run("DROP TABLE t CASCADE")

        assert str(error) == "ERROR: cannot drop table t because other objects depend on it"
        assert 'relation "v" does not exist' in str(refused(session, "SELECT * FROM v"))

    def test_a_view_without_binding_is_read_when_its_table_is_there(self, rows: Rows) -> None:
        rows("CREATE VIEW v AS SELECT * FROM public.later WITH NO SCHEMA BINDING")

        rows("CREATE TABLE later AS SELECT 1 AS x")

        assert rows("SELECT * FROM v") == [(1,)]

    def test_schemas_hold_tables_of_the_same_name(self, session: Session, rows: Rows) -> None:
        rows(T, "CREATE SCHEMA s", "CREATE TABLE s.t AS SELECT 5 AS x")

        assert rows("SELECT x FROM s.t") == [(5,)]
        assert "other objects depend on it" in str(refused(session, "DROP SCHEMA s"))
        rows("DROP SCHEMA s CASCADE", "SET search_path TO nope, public")
        assert rows("SHOW search_path") == [("nope, public",)]
        assert rows("SELECT count(*) FROM t") == [(0,)]

    def test_maintenance_is_accepted_and_privileges_are_kept(self, rows: Rows) -> None:
        rows(T, "ANALYZE t", "VACUUM FULL t", "GRANT SELECT ON t TO PUBLIC")


class TestTransactions:
    def test_a_rollback_undoes_rows_and_tables(self, session: Session, rows: Rows) -> None:
        rows(T, FILL, "BEGIN", "DELETE FROM t", "CREATE TABLE u (x INT)", "ROLLBACK")

        assert rows("SELECT count(*) FROM t") == [(2,)]
        assert 'relation "u" does not exist' in str(refused(session, "SELECT * FROM u"))

    def test_others_see_a_change_after_its_commit(
        self, database: Database, session: Session
    ) -> None:
        other = database.connect("other", copy_credentials=credentials)
        for sql in (T, "BEGIN", FILL):
            session.run(sql)
        before = list(other.run("SELECT count(*) FROM t").records())
        session.run("END")

        assert before == [(0,)]
        assert list(other.run("SELECT count(*) FROM t").records()) == [(2,)]

    def test_after_an_error_nothing_runs_until_the_end_of_the_block(
        self, session: Session, rows: Rows
    ) -> None:
        rows(T, "BEGIN", FILL)
        refused(session, "SELECT nope FROM t")

        error = refused(session, "SELECT 1")

        assert error.sqlstate == "25P02"
        assert session.run("COMMIT").tag == "ROLLBACK"
        assert rows("SELECT count(*) FROM t") == [(0,)]

    def test_truncate_commits(self, rows: Rows) -> None:
        rows(T, FILL, "BEGIN", "TRUNCATE TABLE t", "ROLLBACK")

        assert rows("SELECT count(*) FROM t") == [(0,)]

    def test_vacuum_cannot_run_in_a_transaction(self, session: Session) -> None:
        session.run("BEGIN")

        assert "VACUUM cannot run inside a transaction block" in str(refused(session, "VACUUM"))

    def test_a_batch_is_one_transaction(self, session: Session, rows: Rows) -> None:
        session.run(T)

        with pytest.raises(RedshiftError) as failure:
            session.run_batch([FILL, "SELECT nope FROM t", FILL])

        assert failure.value.failed_index == 1
        assert rows("SELECT count(*) FROM t") == [(0,)]
        assert [each.row_count for each in session.run_batch([FILL, "SELECT * FROM t"])] == [2, 2]

    def test_a_change_of_what_another_changed_since_is_error_1023(
        self, database: Database, session: Session
    ) -> None:
        other = database.connect("other", copy_credentials=credentials)
        for sql in (T, FILL, "BEGIN", "SELECT count(*) FROM t"):
            session.run(sql)
        other.run("UPDATE t SET name = 'o'")

        error = refused(session, "DELETE FROM t WHERE id = 1")

        assert error.sqlstate == "40001"
        assert str(error).startswith("ERROR: 1023\nDETAIL: Serializable isolation violation")

    def test_a_change_waits_for_another_and_sees_it(
        self, database: Database, session: Session
    ) -> None:
        other = database.connect("other", copy_credentials=credentials)
        for sql in (T, FILL, "BEGIN", "UPDATE t SET name = 'o' WHERE id = 1"):
            session.run(sql)
        thread = threading.Thread(target=other.run, args=("UPDATE t SET name = name || '!'",))
        thread.start()
        thread.join(0.3)
        waited = thread.is_alive()
        session.run("COMMIT")
        thread.join()

        assert waited
        names = list(session.run("SELECT name FROM t ORDER BY id").records())
        assert names == [("o!",), ("b!",)]

    def test_a_deadlock_is_detected(self, database: Database, session: Session) -> None:
        other = database.connect("other", copy_credentials=credentials)
        for sql in ("CREATE TABLE a (x INT)", "CREATE TABLE b (x INT)"):
            session.run(sql)
        for each, table in ((session, "a"), (other, "b")):
            each.run("BEGIN")
            each.run(f"INSERT INTO {table} VALUES (1)")
        thread = threading.Thread(target=session.run, args=("INSERT INTO b VALUES (2)",))
        thread.start()
        thread.join(0.3)

        error = refused(other, "INSERT INTO a VALUES (2)")
        thread.join()

        assert error.sqlstate == "40P01"

    def test_a_statement_is_cancelled_from_another_thread(self, session: Session) -> None:
        numbers = "SELECT 1 AS x" + " UNION ALL SELECT 1" * 40
        session.run(f"CREATE TABLE n AS {numbers}")
        timer = threading.Timer(0.5, session.cancel)
        timer.start()

        error = refused(session, "SELECT count(*) FROM n a, n b, n c, n d, n e, n f, n g, n h")

        assert error.sqlstate == "57014"
        assert list(session.run("SELECT 1").records()) == [(1,)]


class TestDatabase:
    def test_tables_are_there_when_the_file_is_opened_again(self, tmp_path: Path) -> None:
        database = open_database(tmp_path / "kept")
        session = database.connect("admin", copy_credentials=credentials)
        session.run(T)
        session.run(FILL)
        database.close()

        again = database.connect("admin", copy_credentials=credentials)

        assert list(again.run("SELECT id FROM t ORDER BY 1").records()) == [(1,), (2,)]
        database.close()

    def test_parameters_take_the_type_of_their_place(self, session: Session) -> None:
        session.run(T)
        session.run(
            "INSERT INTO t VALUES (:id, :name, :day)", {"id": "7", "name": "n", "day": None}
        )

        found = session.run("SELECT name FROM t WHERE id = :id AND day IS NULL", {"id": "7"})

        assert list(found.records()) == [("n",)]
        with pytest.raises(RedshiftError, match="there is no parameter :id"):
            session.run("SELECT :id")

    def test_a_result_describes_its_columns(self, session: Session) -> None:
        outcome = session.run(
            "SELECT 1 AS i, 1.5 AS d, 'a'::VARCHAR(7) AS v, TRUE AS b, DATE '2018-11-01' AS day"
        )

        described = [(c.name, c.type_name, c.length, c.precision, c.scale) for c in outcome.columns]
        assert described == [
            ("i", "int4", 0, 10, 0),
            ("d", "numeric", 0, 2, 1),
            ("v", "varchar", 7, 7, 0),
            ("b", "bool", 0, 0, 0),
            ("day", "date", 0, 13, 0),
        ]

    def test_the_user_and_the_database_are_known(self, rows: Rows) -> None:
        assert rows("SELECT current_user, current_database()") == [("admin", "lake")]

    def test_nothing_outside_of_the_database_can_be_read(self, session: Session) -> None:
        error = refused(session, "SELECT * FROM read_text('/etc/passwd')")

        assert "does not exist" in str(error) or "not supported" in str(error)
