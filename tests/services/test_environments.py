"""Environments as services see them: what a document means, and how a build is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from zaffre.errors import Conflict, Invalid, NotFound
from zaffre.kinds import conda
from zaffre.kinds.digest import digest_of
from zaffre.kinds.environment import ENVIRONMENT, EnvironmentSpec
from zaffre.kinds.inline import InlineEnvironment
from zaffre.kinds.recipe import Recipe, Relax
from zaffre.kinds.resource import Key
from zaffre.kinds.tree import Leaf, tree_of
from zaffre.ports.builder import Broken, Container, Ready, Retry
from zaffre.ports.metadata import SERVER, Browse
from zaffre.services import environments, files, recipes
from zaffre.services.context import Addresses, Context, Home
from zaffre.services.recipes import Sources
from zaffre.store.artifacts import FolderArtifacts
from zaffre.testing.builder import FakeBuilder
from zaffre.testing.clock import FakeClock
from zaffre.testing.metadata import FakeMetadata

WS = "default"
CONDA = {
    "channels": ["conda-forge"],
    "dependencies": ["python=3.12", "pip", {"pip": ["six==1.17"]}],
}


@pytest.fixture
def builder():
    return FakeBuilder(refused={"nosuch": "There is no `nosuch`."})


@pytest.fixture
def ctx(tmp_path, builder):
    nothing = cast(Any, None)
    return Context(
        metadata=FakeMetadata(FakeClock()),
        tracking=nothing,
        files=nothing,
        logged_models=nothing,
        artifacts=FolderArtifacts(tmp_path / "artifacts"),
        computes={},
        builder=builder,
        secrets=nothing,
        tokens=nothing,
        predictions=nothing,
        clock=FakeClock(),
        home=Home(tmp_path),
        addresses=Addresses("", ""),
        actor=SERVER,
    )


def key(name: str, version: str = "") -> Key:
    return Key(ENVIRONMENT.name, WS, name, version)


def upload(ctx: Context, text: str, name: str) -> str:
    content = text.encode()
    ctx.artifacts.put([content])
    tree = tree_of([Leaf(name, digest_of(content), len(content))])
    return f"azureml://trees/{files.store_tree(ctx, tree)}/{name}"


def test_a_version_is_named_and_numbered(ctx):
    spec = EnvironmentSpec(requirements=["six"])
    first = environments.create(ctx, key("tools"), spec)
    second = environments.create(ctx, key("tools"), spec)
    assert (first.key.version, second.key.version) == ("1", "2")
    for text in ("azureml:tools:1", "tools:1", "azureml:tools@latest", "tools"):
        pinned = environments.pin(ctx, WS, text)
        assert pinned.recipe == Recipe(requirements=("six",))
        assert pinned.id in ("azureml:tools:1", "azureml:tools:2")
    assert environments.pin(ctx, WS, "tools@latest").id == "azureml:tools:2"


def test_files_that_were_uploaded_are_read(ctx):
    spec = EnvironmentSpec(conda_file=upload(ctx, "dependencies: [python=3.12, six]", "conda.yml"))
    environments.create(ctx, key("a", "1"), spec)
    assert environments.pin(ctx, WS, "a:1").recipe.conda == ("six",)
    lines = EnvironmentSpec(requirements=upload(ctx, "six # yes\n", "requirements.txt"))
    environments.create(ctx, key("b", "1"), lines)
    assert environments.pin(ctx, WS, "b:1").recipe.requirements == ("six",)


@pytest.mark.parametrize(
    "spec",
    [
        {"conda_file": "conda.yml"},
        {"conda_file": "/etc/passwd"},
        {"requirements": "requirements.txt"},
        {"requirements": ["-r /etc/passwd"]},
        {"conda_file": {"dependencies": [{"pip": ["-e ."]}]}},
        {"conda_file": {"name": "x"}},
        {"python": "python3"},
    ],
)
def test_what_cannot_be_used_is_refused_when_it_is_created(ctx, spec):
    with pytest.raises(Invalid):
        environments.create(ctx, key("wrong"), EnvironmentSpec(**spec))


def test_a_large_file_is_not_read(ctx):
    spec = EnvironmentSpec(requirements=upload(ctx, "#" * (2**20 + 1), "requirements.txt"))
    with pytest.raises(Invalid, match="at most"):
        environments.create(ctx, key("large"), spec)


@pytest.mark.parametrize(
    "text",
    [
        "azureml://registries/azureml/environments/sklearn-1.5/labels/latest",
        "azureml://registries/azureml/environments/sklearn-1.5/versions/12",
        "azureml:AzureML-sklearn-1.5@latest",
        "AzureML-sklearn-1.5@latest",
        "azureml:AzureML-sklearn-1.5:3",
        "sklearn-1.5",
    ],
)
def test_curated_names_are_known_everywhere(ctx, text):
    pinned = environments.pin(ctx, WS, text)
    assert "scikit-learn~=1.5.0" in pinned.recipe.requirements
    assert pinned.recipe.relax is Relax.ALWAYS
    assert environments.pin(ctx, WS, pinned.id) == pinned


def test_an_own_environment_goes_before_a_curated_one(ctx):
    environments.create(ctx, key("sklearn-1.5", "1"), EnvironmentSpec(requirements=["six"]))
    assert environments.pin(ctx, WS, "sklearn-1.5").recipe.requirements == ("six",)


@pytest.mark.parametrize(
    "text",
    [
        "azureml:unknown:1",
        "azureml://registries/other/environments/sklearn-1.5/labels/latest",
        "azureml://registries/azureml/environments/unknown/labels/latest",
        "azureml://registries/azureml/models/sklearn-1.5/labels/latest",
    ],
)
def test_unknown_environments_are_not_found(ctx, text):
    with pytest.raises(NotFound):
        environments.pin(ctx, WS, text)


@pytest.mark.parametrize("text", ["azureml://datastores/x/paths/y", "no name", ""])
def test_what_is_no_environment_is_refused(ctx, text):
    if text:
        with pytest.raises(Invalid):
            environments.pin(ctx, WS, text)
    else:
        with pytest.raises(Invalid):
            environments.pin(ctx, WS, " ")


def test_nothing_said_is_the_servers_own_interpreter(ctx):
    pinned = environments.pin(ctx, WS, None)
    assert pinned == environments.Pinned("", recipes.CURRENT)
    assert environments.ensure(ctx, WS, pinned.id or None).version == "3.11.7"


def test_an_environment_in_a_document_is_kept_once(ctx):
    inline = InlineEnvironment(image="library/python:latest", conda_file=CONDA)
    first = environments.pin(ctx, WS, inline)
    again = environments.pin(ctx, WS, inline)
    assert first == again
    assert first.id.startswith("azureml:anonymous:")
    assert environments.pin(ctx, WS, first.id) == first
    query = Browse(ENVIRONMENT.name, WS)
    assert list(environments.browse(ctx, query).items) == []
    named = Browse(ENVIRONMENT.name, WS, where={"name": "anonymous"}, versions=True)
    (kept,) = environments.browse(ctx, named).items
    assert kept.status.is_anonymous


def test_a_named_one_in_a_document_is_registered(ctx):
    inline = InlineEnvironment(name="mine", version="3", requirements=["six"])
    assert environments.pin(ctx, WS, inline).id == "azureml:mine:3"
    assert environments.pin(ctx, WS, inline).id == "azureml:mine:3"
    with pytest.raises(Conflict):
        environments.pin(
            ctx, WS, InlineEnvironment(name="mine", version="3", requirements=["idna"])
        )


def test_a_build_is_shown_as_it_is(ctx, builder):
    environments.create(ctx, key("tools", "1"), EnvironmentSpec(requirements=["six"]))
    builder.prompt = False
    assert environments.show(ctx, key("tools", "1")).status.build_state == "not_built"
    assert environments.build(ctx, key("tools", "1")).status.build_state == "building"
    assert environments.build(ctx, key("tools", "1")).status.log_tail
    builder.finish()
    shown = environments.show(ctx, key("tools", "latest"))
    assert shown.status.build_state == "ready"
    assert shown.status.packages == ["six"]
    assert len(builder.begun) == 1


def test_a_failed_build_says_so_and_begins_again_when_asked(ctx, builder):
    environments.create(ctx, key("tools", "1"), EnvironmentSpec(requirements=["nosuch"]))
    status = environments.build(ctx, key("tools", "1")).status
    assert (status.build_state, status.build_error) == ("failed", "There is no `nosuch`.")
    assert isinstance(environments.ensure(ctx, WS, "tools:1"), Broken)
    assert len(builder.begun) == 1
    assert isinstance(environments.ensure(ctx, WS, "tools:1", Retry.PAUSED), Broken)
    assert len(builder.begun) == 2


def test_a_curated_one_can_be_shown_and_built(ctx):
    shown = environments.build(ctx, key("sklearn-1.5", "latest"))
    assert shown.status.build_state == "ready"
    assert shown.key.version == "latest"
    with pytest.raises(NotFound):
        environments.show(ctx, key("unknown", "latest"))


def test_a_dockerfile_is_kept_but_cannot_be_built(ctx):
    spec = EnvironmentSpec(build={"path": "azureml://trees/sha256:" + "0" * 64})
    environments.create(ctx, key("docker", "1"), spec)
    shown = environments.show(ctx, key("docker", "1"))
    assert "container engine" in shown.status.build_error
    with pytest.raises(Invalid, match="container engine"):
        environments.build(ctx, key("docker", "1"))


def test_inline_environments_are_made_ready(ctx):
    inline = InlineEnvironment(requirements=["six"])
    assert isinstance(environments.ensure(ctx, WS, inline), Ready)
    environments.tend(ctx)


def test_what_nobody_uses_is_listed(ctx, builder):
    ready = environments.ensure(ctx, WS, InlineEnvironment(requirements=["six"]))
    assert [each.hash for each in environments.unused(ctx, [], before=1.0)] == [ready.hash]
    assert environments.unused(ctx, [ready.hash], before=1.0) == []
    assert environments.unused(ctx, [], before=0.0) == []


def recipe(**fields: Any) -> Recipe:
    spec = EnvironmentSpec(**fields)
    file = spec.conda_file
    lines = tuple(spec.requirements or ())
    return recipes.recipe_of(spec, Sources(conda.parse(file) if file is not None else None, lines))


def test_recipes_of_conda_files():
    found = recipe(conda_file=CONDA, image="registry.example/openmpi:1")
    assert found.python == "==3.12.*"
    assert found.requirements == ("six==1.17",)
    assert found.conda == ()
    assert "openmpi" in found.warnings[0]
    native = recipe(conda_file={"dependencies": ["numpy=2", "pip=25"], "variables": {"A": "1"}})
    assert native.conda == ("numpy=2", "pip=25")
    assert native.channels == ("conda-forge",)
    assert "environment_variables" in native.warnings[0]
    assert recipe(conda_file={"dependencies": ["pip=25.1"]}).requirements == ("pip==25.1.*",)


def test_recipes_of_images():
    plain = recipe(image="library/python:latest")
    assert plain == Recipe(relax=Relax.ABSENT, image="library/python:latest")
    assert recipe(image="python:3.10-slim").python == "==3.10.*"
    assert recipe(image="python:3.10.4").python == "==3.10.4"
    curated = recipe(image="registry.example/azureml/curated/sklearn-1.5:1", requirements=["six"])
    assert curated.requirements[0] == "scikit-learn~=1.5.0"
    assert curated.requirements[-1] == "six"
    unknown = recipe(image="acme/thing:1")
    assert unknown.requirements == ()
    assert "acme/thing:1" in unknown.warnings[0]
    assert unknown.image == "acme/thing:1"
    assert unknown.known_warnings == ()
    assert recipe(image="acme/thing:1", requirements=["six"]).image == ""
    assert curated.image == ""


def test_images_are_used_only_where_a_container_can_be(ctx, builder):
    wanted = InlineEnvironment(image="acme/thing:1")
    environments.ensure(ctx, WS, wanted, contained=True)
    environments.ensure(ctx, WS, wanted)
    assert [each.image for each in builder.begun] == ["acme/thing:1", ""]


def test_an_image_on_this_machine_is_shown_as_such(ctx, builder):
    environments.create(ctx, key("tools"), EnvironmentSpec(image="acme/thing:1"))
    built = environments.build(ctx, key("tools", "1"))
    assert built.status.made_of == "pip"
    held = builder._states[built.status.hash]
    builder._states[built.status.hash] = replace(held, container=Container("podman", "sha256:1"))
    shown = environments.show(ctx, key("tools", "1")).status
    assert (shown.made_of, shown.python_path) == ("image", "")


def test_recipes_without_an_image_keep_their_digests():
    assert "image" not in Recipe().to_json()
    assert Recipe.from_json(Recipe().to_json()) == Recipe()
    assert Recipe(image="a").digest() != Recipe().digest()


def test_recipes_of_interpreters():
    assert recipe(python="current") == recipes.CURRENT
    assert recipe(python="/opt/python") == Recipe(interpreter="/opt/python", own=False)
    with_lines = recipe(python="/opt/python", requirements=["six"])
    assert (with_lines.interpreter, with_lines.own) == ("/opt/python", True)
    assert recipe(python="3.12").python == "==3.12.*"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"image": "a", "build": {"path": "b"}},
        {"conda_file": {}, "build": {"path": "b"}},
        {"conda_file": {}, "requirements": ["six"]},
        {"conda_file": {}, "python": "current"},
    ],
)
def test_an_environment_has_one_source(fields):
    with pytest.raises(ValueError, match=r"exclude each other|it needs one of"):
        EnvironmentSpec(**fields)


def test_the_example_of_the_kind_is_true(tmp_path: Path):
    import yaml

    document = yaml.safe_load(ENVIRONMENT.example)
    assert document.pop("name") == "churn"
    assert document.pop("version") == "1"
    assert EnvironmentSpec(**document).requirements == ["scikit-learn>=1.5", "pandas"]
