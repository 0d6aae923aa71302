"""Tables of databases scored into tables: each database for real, by the same sentences."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from table_jobs import at, order, run

pytest.importorskip("pyarrow")
for extra in ("duckdb", "adbc_driver_postgresql"):
    pytest.importorskip(extra)

from zaffre.runtime.tables.databases import Database, connect  # noqa: E402
from zaffre.runtime.tables.order import Address  # noqa: E402

POSTGRES = pytest.param("postgres", marks=pytest.mark.postgres)


@pytest.fixture(params=["sqlite", "duckdb", "mysql", POSTGRES])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param in ("postgres", "mysql"):
        return request.getfixturevalue(f"{request.param}_url")
    return f"{request.param}:///{tmp_path}/data.{request.param}"


def ask(url: str, *statements: str) -> list[tuple]:
    database: Database = connect(Address(url, "sql"))
    found = None
    for statement in statements:
        if statement.startswith("SELECT"):
            found = database.read(statement)
        else:
            database.run(statement)
    database.commit()
    database.close()
    return [] if found is None else [tuple(row.values()) for row in found.to_pylist()]


def customers(url: str, count: int = 10) -> None:
    rows = ", ".join(f"({one}, {one}.5)" for one in range(1, count + 1))
    ask(
        url,
        "CREATE TABLE customers (id BIGINT PRIMARY KEY, x DOUBLE PRECISION)",
        f"INSERT INTO customers VALUES {rows}",
    )


def job(url: str, folder: Path, mode: str = "upsert", **more):
    given = {"address": at(url), "table": "customers", "key": "id", **more.pop("given", {})}
    wanted = {"address": at(url), "table": "scores", "mode": mode, **more.pop("wanted", {})}
    return order(folder, given, wanted, **more)


def scores(url: str, columns: str = "id, prediction") -> list[tuple]:
    return ask(url, f"SELECT {columns} FROM scores ORDER BY id")


def test_every_row_is_scored_once_and_says_where_it_came_from(url, tmp_path):
    customers(url)
    run(tmp_path, job(url, tmp_path))
    assert scores(url) == [(one, one * 2 + 1.0) for one in range(1, 11)]
    stamps = scores(url, "id, prediction_id, model_version, job_id")
    assert stamps[0] == (1, "run-1-0", "double:1", "job-1")
    assert len({row[1] for row in stamps}) == 10


def test_a_second_run_replaces_rows_by_key(url, tmp_path):
    customers(url)
    run(tmp_path, job(url, tmp_path))
    ask(url, "UPDATE customers SET x = 100 WHERE id = 3")
    run(tmp_path, job(url, tmp_path, run="run-2"))
    assert scores(url)[2] == (3, 200.0)
    assert len(scores(url)) == 10


def test_the_same_run_again_does_nothing(url, tmp_path):
    customers(url)
    run(tmp_path, job(url, tmp_path, mode="append"))
    done = run(tmp_path, job(url, tmp_path, mode="append"))
    assert "written already" in done.stdout
    assert len(scores(url)) == 10


def test_rows_that_cannot_be_scored_are_told_why(url, tmp_path):
    customers(url)
    ask(
        url,
        "UPDATE customers SET x = NULL WHERE id = 2",
        "UPDATE customers SET x = 13 WHERE id = 7",
    )
    run(tmp_path, job(url, tmp_path))
    assert [row[0] for row in scores(url)] == [1, 3, 4, 5, 6, 8, 9, 10]
    rejects = ask(url, "SELECT row_key, reason FROM scores_rejects ORDER BY row_key")
    assert rejects == [
        ("2", "`x` missing: ValueError: x holds NaN"),
        ("7", "ValueError: 13 is no good"),
    ]


def test_too_many_rejects_end_the_job(url, tmp_path):
    customers(url)
    ask(url, "UPDATE customers SET x = 13 WHERE id < 3")
    done = run(tmp_path, job(url, tmp_path, error_threshold=1), check=False)
    assert done.returncode == 1
    assert "2 rows could not be scored, 1 may (error_threshold)" in done.stdout


def test_a_query_may_have_a_key_that_repeats(url, tmp_path):
    customers(url)
    divided = {"duckdb": "//", "mysql": "DIV"}.get(url.partition(":")[0], "/")
    query = f"SELECT c.id {divided} 3 AS part, c.x FROM customers c ORDER BY x"
    given = {"table": "", "query": query, "key": "part"}
    run(tmp_path, job(url, tmp_path, mode="append", given=given, rows=2))
    found = ask(url, "SELECT part, prediction FROM scores ORDER BY prediction")
    assert found == [(one // 3, one * 2 + 1.0) for one in range(1, 11)]


def test_only_what_is_new_is_scored(url, tmp_path):
    ask(
        url,
        "CREATE TABLE customers (id BIGINT PRIMARY KEY, x DOUBLE PRECISION, changed TIMESTAMP)",
        "INSERT INTO customers VALUES (1, 1, '2026-01-01 10:00:00'), (2, 2, '2026-01-02 10:00:00.25')",
    )
    new = {"given": {"watermark": "changed", "features": ["x"]}, "mode": "append"}
    run(tmp_path, job(url, tmp_path, **new))
    ask(
        url,
        "INSERT INTO customers VALUES (3, 3, '2026-01-03 10:00:00')",
        "UPDATE customers SET x = 10, changed = '2026-01-04 10:00:00' WHERE id = 1",
    )
    run(tmp_path, job(url, tmp_path, run="run-2", **new))
    assert ask(url, "SELECT id, prediction FROM scores ORDER BY scored_at, id") == [
        (1, 2.0),
        (2, 4.0),
        (1, 20.0),
        (3, 6.0),
    ]
    done = run(tmp_path, job(url, tmp_path, run="run-3", **new))
    assert "0 rows scored" in done.stdout


def test_numbers_with_fractions_are_no_keys(url, tmp_path):
    customers(url)
    done = run(tmp_path, job(url, tmp_path, given={"key": "x"}), check=False)
    assert "The key `x` holds numbers with fractions" in done.stdout


def test_an_unfinished_run_of_appended_rows_is_finished_first(url, tmp_path):
    customers(url)
    ask(url, "UPDATE customers SET x = 13 WHERE id = 6")
    new = {"given": {"watermark": "id"}, "mode": "append"}
    first = job(url, tmp_path, **new, error_threshold=0)
    assert run(tmp_path, first, check=False).returncode == 1
    second = job(url, tmp_path, **new, run="run-2")
    assert "Run `run-1` wrote a part" in run(tmp_path, second, check=False).stdout
    run(tmp_path, {**first, "error_threshold": -1})
    run(tmp_path, second)
    assert [row[0] for row in scores(url)] == [1, 2, 3, 4, 5, 7, 8, 9, 10]


def test_text_keys_with_quotes_are_keys_too(url, tmp_path):
    backslash = "d\\\\" if url.startswith("mysql") else "d\\"
    ask(
        url,
        "CREATE TABLE customers (id VARCHAR(40) PRIMARY KEY, x DOUBLE PRECISION)",
        f"INSERT INTO customers VALUES ('a''b', 1), ('a''c', 2), ('{backslash}', 3), ('e', 4)",
    )
    run(tmp_path, job(url, tmp_path, rows=1))
    assert {row[0] for row in scores(url)} == {"a'b", "a'c", "d\\", "e"}


def test_what_is_wrong_is_said_with_what_is_there(url, tmp_path):
    customers(url)

    def refused(**given) -> str:
        """Let a job fail that names what is not there; its model is never started."""
        wrong = job(url, tmp_path, given=given, script="raise SystemExit('started')")
        done = run(tmp_path, wrong, check=False)
        assert done.returncode == 1
        assert "could not be loaded" not in done.stdout
        return done.stdout

    said = "The key `idd` (did you mean `id`?) is no column of the input; it has `id` and `x`."
    assert said in refused(key="idd")
    said = "The feature `age`, kept column `y` are no columns of the input"
    assert said in refused(features=["x", "age"], keep=["id", "y"])
    said = refused(table="customer")
    assert "There is no table `customer` (did you mean `customers`?) in the database" in said
    assert "it has `customers`." in said
    assert "The query cannot be read" in refused(
        table="", query="SELECT id, nothing FROM customers"
    )
    looked = run(tmp_path, {**job(url, tmp_path), "check_only": True})
    assert "the input has id, x; nothing was scored" in looked.stdout
    database = connect(Address(url, "sql"))
    assert database.columns("zaffre_runs") is None
    database.close()
    ask(url, "CREATE TABLE scores (id BIGINT PRIMARY KEY, note VARCHAR(10))")
    assert "lacks the columns `prediction_id`, `model_version`" in refused()


@pytest.mark.postgres
def test_postgres_types_come_and_go(postgres_url, tmp_path):
    ask(
        postgres_url,
        "CREATE TABLE customers (id uuid PRIMARY KEY, x numeric(10, 2), extra jsonb, made timestamptz)",
        "INSERT INTO customers SELECT gen_random_uuid(), n, '{\"a\": 1}', now() FROM generate_series(1, 9) n",
        "CREATE TABLE scores (id uuid PRIMARY KEY, prediction numeric, prediction_id text, "
        "model_version text, job_id varchar(50), scored_at timestamptz)",
    )
    run(tmp_path, job(postgres_url, tmp_path))
    same = "SELECT count(*) AS n FROM customers c JOIN scores s ON c.id = s.id AND s.prediction = 2 * c.x"
    assert ask(postgres_url, same) == [(9,)]


def test_the_password_is_not_shown(tmp_path):
    if importlib.util.find_spec("adbc_driver_postgresql") is None:
        pytest.skip("no driver")
    address = at("postgresql://me@127.0.0.1:1/nowhere", secret="hush-hush")
    given = {"address": address, "table": "t", "key": "id"}
    done = run(tmp_path, order(tmp_path, given, {"address": at("x", "parquet")}), check=False)
    assert done.returncode == 1
    assert "cannot be opened" in done.stdout
    assert "hush-hush" not in done.stdout
