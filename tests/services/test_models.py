"""Models have one history: versions are pinned, counted, found, and never come back."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from served import context_at
from zaffre.errors import Conflict, Invalid, NotFound
from zaffre.kinds.artifact_path import Place
from zaffre.kinds.data import DataSpec
from zaffre.kinds.job import CommandJobSpec, JobStatus, OutputResult
from zaffre.kinds.model import ModelContainer, ModelSpec, ModelStatus
from zaffre.kinds.reference import DatastorePath
from zaffre.kinds.resource import Key, Resource
from zaffre.kinds.tracking import NewRun
from zaffre.kinds.tree import Leaf, tree_of
from zaffre.ports.files import File
from zaffre.ports.logged_models import LoggedModel
from zaffre.ports.metadata import Add, Link
from zaffre.services import data, datastores, models, registry, run_files, trees, workspaces
from zaffre.services.context import Context
from zaffre.services.models import Source

W = "default"
MLMODEL = b"flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n  sklearn:\n    pickled_model: m.pkl\nmodel_id: m-7\n"


@pytest.fixture
def ctx(tmp_path: Path) -> Iterator[Context]:
    with context_at(tmp_path) as context:
        yield context


def store(ctx: Context, **contents: bytes) -> str:
    """Store a tree (`a__b` is the file a/b) and give its reference."""
    leaves = []
    for name, content in contents.items():
        digest = ctx.artifacts.put([content]).digest
        leaves.append(Leaf(name.replace("__", "/"), digest, len(content)))
    return f"azureml://trees/{trees.store_tree(ctx, tree_of(leaves))}"


def create(
    ctx: Context, path: str, name: str = "m", version: str = "", **fields: object
) -> Resource:
    spec = ModelSpec.model_validate({"path": path, **fields})
    return models.create(ctx, Key("model", W, name, version), spec)


def status(found: Resource) -> ModelStatus:
    assert isinstance(found.status, ModelStatus)
    return found.status


def contents(ctx: Context, found: Resource) -> dict[str, bytes]:
    tree = trees.load_tree(ctx, status(found).tree or "")
    return {leaf.path: ctx.artifacts.open(leaf.digest).read() for leaf in tree.leaves}


def run_with(ctx: Context, **files: bytes) -> str:
    """Make a run with files and give its id."""
    experiment = ctx.tracking.ensure_experiment(W, "models")
    run = ctx.tracking.create_run(W, NewRun(experiment)).info.id
    put(ctx, f"run:{W}/{run}", files)
    return run


def put(ctx: Context, owner: str, files: dict[str, bytes]) -> None:
    blobs = {
        name.replace("__", "/"): ctx.artifacts.put([content]) for name, content in files.items()
    }
    ctx.files.put(owner, [File(name, blob.digest, blob.size) for name, blob in blobs.items()])


def test_a_folder_is_pinned(ctx: Context):
    made = create(ctx, store(ctx, a=b"1", b__c=b"22"))
    assert made.key.version == "1"
    assert contents(ctx, made) == {"a": b"1", "b/c": b"22"}
    assert (status(made).file_count, status(made).total_bytes, status(made).file) == (2, 3, None)


def test_a_part_of_a_tree_keeps_its_name(ctx: Context):
    """Clients send a folder as a tree that holds it, so that its name is known."""
    tree = store(ctx, model__a=b"1", model__sub__b=b"2")
    folder = create(ctx, f"{tree}/model")
    assert (contents(ctx, folder), status(folder).folder) == ({"a": b"1", "sub/b": b"2"}, "model")
    file = create(ctx, f"{tree}/model/a")
    assert (contents(ctx, file), status(file).file) == ({"a": b"1"}, "a")
    with pytest.raises(NotFound):
        create(ctx, f"{tree}/none")


def test_versions_are_counted_and_never_come_back(ctx: Context):
    path = store(ctx, a=b"1")
    assert [create(ctx, path, version=given).key.version for given in ("", "7", "x", "")] == [
        "1",
        "7",
        "x",
        "8",
    ]
    models.delete(ctx, Key("model", W, "m", "8"))
    assert create(ctx, path).key.version == "9"


def test_a_version_is_taken_once(ctx: Context):
    path = store(ctx, a=b"1")
    create(ctx, path, version="1")
    with pytest.raises(Conflict):
        create(ctx, path, version="1")


def test_many_at_once_get_different_numbers(ctx: Context):
    path = store(ctx, a=b"1")
    found: list[str] = []

    def work() -> None:
        found.extend(create(ctx, path).key.version for _ in range(5))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(map(int, found)) == list(range(1, 31))


def test_an_mlflow_model_is_recognised(ctx: Context):
    made = create(ctx, store(ctx, MLmodel=MLMODEL, m__pkl=b"x"))
    assert isinstance(made.spec, ModelSpec)
    assert made.spec.type == "mlflow_model"
    assert made.spec.flavors == {
        "python_function": {"loader_module": "mlflow.sklearn"},
        "sklearn": {"pickled_model": "m.pkl"},
    }
    assert status(made).model_id == "m-7"


def test_the_document_has_the_last_word_on_the_type(ctx: Context):
    made = create(ctx, store(ctx, MLmodel=MLMODEL), type="custom_model", flavors={"own": {}})
    assert isinstance(made.spec, ModelSpec)
    assert (made.spec.type, made.spec.flavors) == ("custom_model", {"own": {}})
    with pytest.raises(Invalid):
        create(ctx, store(ctx, a=b"no MLmodel here"), type="mlflow_model")


BOMB = b"a: &a [x, x]\nb: &b [*a, *a]\n" + b"".join(b"c%d: [*b, *b]\n" % n for n in range(50))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b"\xff",
        b"a: [",
        b"flavors: 1",
        b"!!python/object:os.system x",
        BOMB,
        b"x" * 2_000_000,
    ],
)
def test_a_strange_mlmodel_is_only_data(ctx: Context, text: bytes):
    made = create(ctx, store(ctx, MLmodel=text))
    assert isinstance(made.spec, ModelSpec)
    assert made.spec.flavors is None


def test_from_a_jobs_output(ctx: Context):
    tree = store(ctx, model__a=b"1").removeprefix("azureml://trees/")
    spec = CommandJobSpec.model_validate({"command": "true", "environment": "azureml:e:1"})
    done = JobStatus(
        status="Completed", results={"out": OutputResult(type="uri_folder", tree=tree)}
    )
    running = JobStatus(status="Running")
    ctx.metadata.apply(
        [
            Add(Resource(Key("job", W, name), spec, state))
            for name, state in (("j", done), ("k", running))
        ]
    )
    made = create(ctx, "azureml://jobs/j/outputs/out/paths/model")
    assert (contents(ctx, made), status(made).job_name, status(made).folder) == (
        {"a": b"1"},
        "j",
        "model",
    )
    whole = create(ctx, "azureml://jobs/j/outputs/out")
    assert (contents(ctx, whole), status(whole).folder) == ({"model/a": b"1"}, "out")
    with pytest.raises(Conflict, match="Running"):
        create(ctx, "azureml://jobs/k/outputs/out")
    with pytest.raises(NotFound, match="no output `other`"):
        create(ctx, "azureml://jobs/j/outputs/other")


def test_from_artifacts_of_a_run(ctx: Context):
    run = run_with(ctx, m__a=b"1", m__b=b"2", mm=b"3")
    for path in (f"runs:/{run}/m", f"azureml://jobs/{run}/outputs/artifacts/paths/m"):
        if path.startswith("azureml"):
            spec = CommandJobSpec.model_validate({"command": "true", "environment": "azureml:e:1"})
            ctx.metadata.apply(
                [Add(Resource(Key("job", W, run), spec, JobStatus(status="Completed")))]
            )
        made = create(ctx, path)
        assert contents(ctx, made) == {"a": b"1", "b": b"2"}
        assert (status(made).job_name, status(made).folder) == (run, "m")
    with pytest.raises(NotFound):
        create(ctx, f"runs:/{run}/none")
    with pytest.raises(NotFound):
        create(ctx, "runs:/none/m")


def test_what_was_pinned_stays_when_the_run_changes(ctx: Context):
    run = run_with(ctx, m__a=b"old")
    made = create(ctx, f"runs:/{run}/m")
    put(ctx, f"run:{W}/{run}", {"m__a": b"new", "m__b": b"more"})
    run_files.remove(ctx, W, Place("run", run, "m/b"))
    assert contents(ctx, made) == {"a": b"old"}


def log_model(ctx: Context, run: str, model_id: str, name: str) -> None:
    experiment = ctx.tracking.get_info(W, run).experiment_id
    uri = f"mlflow-artifacts:/{experiment}/models/{model_id}/artifacts"
    model = LoggedModel(model_id, experiment, name, uri, 1, 1, source_run_id=run)
    ctx.logged_models.create(W, model)
    put(ctx, f"logged_model:{W}/{model_id}", {"MLmodel": MLMODEL})


def test_from_a_logged_model(ctx: Context):
    run = run_with(ctx)
    log_model(ctx, run, "m-7", "ridge")
    for path in ("models:/m-7", f"runs:/{run}/ridge"):
        made = create(ctx, path)
        assert (status(made).job_name, status(made).model_id) == (run, "m-7")
        assert Link(
            f"logged_model:{W}/m-7", "registered", made.key.reference
        ) in ctx.metadata.links(made.key.reference, up=True)


def test_from_another_model_or_data(ctx: Context):
    create(ctx, store(ctx, a=b"1"), "first")
    registry.alias(ctx, W, "first", "best", "1")
    data.create(
        ctx, Key("data", W, "d", "3"), DataSpec(path=store(ctx, a=b"2") + "/a", type="uri_file")
    )
    for path in (
        "models:/first/1",
        "models:/first@best",
        "models:/first/latest",
        "azureml:first:1",
        "azureml:first@latest",
    ):
        assert contents(ctx, create(ctx, path)) == {"a": b"1"}
    assert contents(ctx, create(ctx, "azureml:d:3")) == {"a": b"2"}
    for path in ("models:/first/9", "models:/first@none", "azureml:none:1", "models:/m-none"):
        with pytest.raises(NotFound):
            create(ctx, path)


def test_from_a_datastore(ctx: Context):
    workspaces.ensure_default(ctx)
    place = datastores.folder(ctx, W, DatastorePath("workspaceblobstore", "m"))
    (place / "sub").mkdir(parents=True)
    (place / "sub" / "a").write_bytes(b"1")
    path = "azureml://datastores/workspaceblobstore/paths/m"
    made = create(ctx, path)
    (place / "sub" / "a").write_bytes(b"changed")
    assert contents(ctx, made) == {"sub/a": b"1"}
    (place / "link").symlink_to("/etc/passwd")
    with pytest.raises(Invalid):
        create(ctx, path)
    with pytest.raises(NotFound):
        create(ctx, path + "/link")
    with pytest.raises(NotFound):
        create(ctx, path + "/none")


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "file:///etc/passwd",
        "https://a/b",
        "s3://a/b",
        "x:y",
        "mlflow-artifacts:/../x",
    ],
)
def test_what_the_server_does_not_fetch(ctx: Context, path: str):
    with pytest.raises(Invalid):
        create(ctx, path)


def test_deleting_takes_the_aliases_along(ctx: Context):
    for _ in range(2):
        create(ctx, store(ctx, a=b"1"))
    registry.alias(ctx, W, "m", "one", "1")
    registry.alias(ctx, W, "m", "two", "2")
    models.delete(ctx, Key("model", W, "m", "1"))
    container = models.container_of(ctx, W, "m")
    assert isinstance(container.spec, ModelContainer)
    assert container.spec.aliases == {"two": "2"}
    with pytest.raises(NotFound):
        models.delete(ctx, Key("model", W, "m", "1"))
    with pytest.raises(NotFound):
        models.delete(ctx, Key("model", W, "m"))


def test_native_and_mlflow_versions_are_one_history(ctx: Context):
    create(ctx, store(ctx, a=b"1"), description="by document")
    run = run_with(ctx, m__a=b"2")
    second = models.register(ctx, W, "m", Source(f"runs:/{run}/m", run_id=run, tags={"t": "v"}))
    third = create(ctx, store(ctx, a=b"3"))
    assert [second.key.version, third.key.version] == ["2", "3"]
    assert second.spec.tags == {"t": "v"}
    assert [one.key.version for one in models.versions(ctx, W, "m")] == ["1", "2", "3"]
    assert registry.by_alias(ctx, W, "m", "latest").key.version == "3"


def test_registering_needs_a_name(ctx: Context):
    with pytest.raises(NotFound):
        models.register(ctx, W, "none", Source(store(ctx, a=b"1")))


def test_prompts_have_no_files(ctx: Context):
    registry.create(ctx, W, "p", {models.PROMPT: "true"}, None)
    made = models.register(
        ctx, W, "p", Source("prompt-template", tags={"mlflow.prompt.text": "Hi"})
    )
    assert (made.key.version, status(made).tree) == ("1", None)


def test_renaming_keeps_all(ctx: Context):
    for text in (b"1", b"2"):
        create(ctx, store(ctx, a=text))
    registry.alias(ctx, W, "m", "best", "1")
    before = models.versions(ctx, W, "m")
    registry.rename(ctx, W, "m", "n")
    after = models.versions(ctx, W, "n")
    assert [one.key.version for one in after] == ["1", "2"]
    assert [one.created_at for one in after] == [one.created_at for one in before]
    assert contents(ctx, registry.by_alias(ctx, W, "n", "best")) == {"a": b"1"}
    assert models.versions(ctx, W, "m") == []
    up = ctx.metadata.links(after[0].key.reference, up=True)
    assert up == [Link(before[0].key.reference, "renamed", after[0].key.reference)]
    assert create(ctx, store(ctx, a=b"3"), "n").key.version == "3"
    registry.create(ctx, W, "taken", {}, None)
    with pytest.raises(Conflict):
        registry.rename(ctx, W, "n", "taken")
    assert len(models.versions(ctx, W, "n")) == 3
