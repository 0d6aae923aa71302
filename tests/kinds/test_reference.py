"""References are parsed to types; what has no type has no meaning."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaffre.errors import Invalid
from zaffre.kinds.reference import (
    Asset,
    CloudPath,
    DatastorePath,
    JobOutput,
    LocalPath,
    MlflowModel,
    RegistryAsset,
    RunPath,
    Tree,
    WebAddress,
    asset,
    parse,
    parse_remote,
)

DIGEST = "sha256:" + "0a" * 32
LONG = "azureml://subscriptions/s/resourcegroups/r/workspaces/w"
CURATED = "azureml://registries/azureml/environments/sklearn-1.5/labels/latest"

RIGHT = [
    ("azureml:iris:1", Asset("iris", "1")),
    ("azureml:iris@latest", Asset("iris", label="latest")),
    ("azureml:cpu-cluster", Asset("cpu-cluster")),
    ("azureml://datastores/blob/paths/a/b.csv", DatastorePath("blob", "a/b.csv")),
    ("azureml://datastores/blob/paths/", DatastorePath("blob")),
    ("azureml://jobs/one/outputs/model", JobOutput("one", "model")),
    ("azureml://jobs/one/outputs/artifacts/paths/a/b", JobOutput("one", "artifacts", "a/b")),
    (CURATED, RegistryAsset("azureml", "environments", "sklearn-1.5", label="latest")),
    (f"azureml://trees/{DIGEST}", Tree(DIGEST)),
    (f"azureml://trees/{DIGEST}/a/b.csv", Tree(DIGEST, "a/b.csv")),
    ("runs:/abc/model", RunPath("abc", "model")),
    ("runs:/abc", RunPath("abc")),
    ("models:/iris/3", MlflowModel("iris", "3")),
    ("models:/iris@champion", MlflowModel("iris", alias="champion")),
    ("models:/m-0123", MlflowModel("m-0123")),
    ("https://example.org/a?b=c", WebAddress("https://example.org/a?b=c")),
    ("s3://bucket/key", CloudPath("s3", "s3://bucket/key")),
    ("abfss://fs@acc/path", CloudPath("abfss", "abfss://fs@acc/path")),
]


@pytest.mark.parametrize(("text", "wanted"), RIGHT, ids=lambda value: str(value)[:40])
def test_a_reference_is_parsed_and_written_back(text, wanted):
    assert parse_remote(text) == wanted
    assert parse(text) == wanted
    assert parse_remote(str(wanted)) == wanted


def test_long_forms_mean_the_same():
    assert parse(f"{LONG}/datastores/blob/paths/a/b/") == DatastorePath("blob", "a/b")
    assert parse(f"{LONG}/models/iris/versions/3") == Asset("iris", "3")
    assert parse(f"{LONG}/data/iris/labels/latest") == Asset("iris", label="latest")
    assert asset("azureml:iris:latest") == Asset("iris", label="latest")
    assert asset("iris@champion") == Asset("iris", label="champion")


@pytest.mark.parametrize(
    "text", ["data", "./data/x.csv", "../x", "/etc/passwd", "C:\\data", "a b"]
)
def test_a_local_path_has_no_meaning_to_the_server(text):
    assert parse(text) == LocalPath(text)
    with pytest.raises(Invalid):
        parse_remote(text)


def test_a_file_address_is_a_local_path_for_the_one_who_writes_it():
    assert parse("file:./env.yml") == LocalPath("./env.yml")
    assert parse("file:///data/x") == LocalPath("/data/x")
    with pytest.raises(Invalid):
        parse_remote("file:///etc/passwd")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "ftp://x/y",
        "git+https://x",
        "FILE:///etc/passwd",
        "azureml:",
        "azureml:a/b:1",
        "azureml:a:1:2",
        "azureml:../x:1",
        "azureml://",
        "azureml://datastores",
        "azureml://datastores/a/b",
        "azureml://datastores/../paths/x",
        "azureml://datastores/a/paths/../../etc",
        "azureml://datastores/a/paths//etc/passwd",
        "azureml://datastores/a/paths/x\\..\\y",
        "azureml://jobs/a/outputs",
        "azureml://jobs/a/outputs/b/c",
        "azureml://jobs/a/outputs/b/paths/./c",
        "azureml://registries/r/nothing/n/versions/1",
        "azureml://registries/r/models/n/tags/1",
        "azureml://registries/r/models/n",
        "azureml://trees/sha256:00",
        "azureml://trees/sha1:" + "0" * 40,
        f"azureml://trees/{DIGEST}/../x",
        f"azureml://trees/{DIGEST}\n",
        f"{LONG}/models/iris/3/4",
        "runs:abc",
        "runs:/",
        "runs:/a/../b",
        "models:/",
        "https://",
        "https:example.org",
        "s3:// x",
        "a\x00b",
        "azureml:iris:1\n",
    ],
)
def test_everything_else_is_refused(text):
    with pytest.raises(Invalid):
        parse_remote(text)


@given(st.text() | st.from_regex(r"(azureml|runs|models|https?|s3|file):[/a-z.:@]{0,40}"))
def test_no_text_does_more_harm_than_an_invalid(text):
    try:
        found = parse_remote(text)
    except Invalid:
        return
    assert parse_remote(str(found)) == found
