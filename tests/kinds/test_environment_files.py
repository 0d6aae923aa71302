"""Conda files, requirement lines, images, curated names and interpreters: text in, values out."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zaffre.errors import Invalid
from zaffre.kinds import catalogue, conda, image, requirement
from zaffre.kinds.conda_names import on_pypi
from zaffre.kinds.interpreter import Interpreter, choose, fits, nearest
from zaffre.kinds.recipe import Recipe, Relax

MODEL_1 = """\
name: model-env
channels:
  - conda-forge
dependencies:
  - python=3.12
  - numpy=2.3.1
  - pip=25.1.1
  - pip:
    - azureml-inference-server-http==1.4.1
    - inference-schema[numpy-support]
"""


def test_a_conda_file_is_read_whole():
    found = conda.parse(MODEL_1)
    assert found.name == "model-env"
    assert found.channels == ("conda-forge",)
    assert found.python == "==3.12.*"
    assert [package.match_spec() for package in found.packages] == ["numpy=2.3.1", "pip=25.1.1"]
    assert found.pip == (
        "azureml-inference-server-http==1.4.1",
        "inference-schema[numpy-support]",
    )


def test_a_conda_file_may_be_a_mapping():
    found = conda.parse({"dependencies": ["python>=3.9", {"pip": ["six"]}], "channels": None})
    assert (found.python, found.pip, found.channels) == (">=3.9", ("six",), ())


@pytest.mark.parametrize(
    ("text", "spec", "pip"),
    [
        ("numpy", "numpy", ""),
        ("numpy=2.3", "numpy=2.3", "==2.3.*"),
        ("numpy==2.3.1", "numpy==2.3.1", "==2.3.1"),
        ("numpy 2.3.1", "numpy=2.3.1", "==2.3.1"),
        ("numpy=2.*", "numpy=2.*", "==2.*"),
        ("numpy >=1.2, <2", "numpy>=1.2,<2", ">=1.2,<2"),
        ("numpy[version='>=1.2,<2']", "numpy>=1.2,<2", ">=1.2,<2"),
        ("numpy!=1.2", "numpy!=1.2", "!=1.2"),
        ("numpy~=1.2", "numpy~=1.2", "~=1.2"),
        ("numpy=*", "numpy=*", ""),
        ("NumPy", "numpy", ""),
        ("conda-forge::numpy=1.2", "conda-forge::numpy=1.2", "==1.2.*"),
        ("numpy=1.2=py311_0", "numpy=1.2=py311_0", None),
        ("numpy=1.2|1.3", "numpy=1.2|1.3", None),
    ],
)
def test_conda_packages(text, spec, pip):
    package = conda.package_of(text)
    assert package.match_spec() == spec
    assert package.specifier() == pip


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("dependencies:\n  - python=3.12\n  - =1.2\n", 3, "`=1.2` is no conda package."),
        ("dependencies: numpy\n", 1, "`dependencies` must be a list."),
        ("name: x\ndependencys:\n  - numpy\n", 2, "`dependencys` is no field of a conda file."),
        ("name: x\n", 1, "The conda file has no `dependencies`."),
        ("dependencies:\n  - pip:\n    - [six]\n", 3, "An entry of `pip` must be text."),
        ("dependencies:\n  - npm:\n    - six\n", 2, "`npm` cannot stand here"),
        ("dependencies:\n  - numpy\n  - python=three\n", 3, "`=three` is no Python version."),
        ("dependencies:\n - a\n b: [\n", 3, "The conda file is no YAML"),
        ("", None, "A conda file is a mapping with `dependencies`."),
        ("- numpy\n", 1, "A conda file is a mapping with `dependencies`."),
    ],
)
def test_wrong_conda_files_name_the_line(text, line, message):
    with pytest.raises(Invalid) as caught:
        conda.parse(text, "conda.yml")
    assert caught.value.message.startswith(message)
    (problem,) = caught.value.problems
    assert problem.place.file == "conda.yml"
    assert problem.place.line == line


@given(st.text(max_size=80))
def test_any_text_is_a_conda_file_or_invalid(text):
    try:
        conda.parse(text)
    except Invalid:
        return


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_any_mapping_is_a_conda_file_or_invalid(value):
    try:
        conda.parse({"dependencies": value})
    except Invalid:
        return


def test_conda_names_know_pypis():
    assert on_pypi("pytorch") == "torch"
    assert on_pypi("scikit-learn") == "scikit-learn"
    assert on_pypi("ffmpeg") is None


def test_requirements_lose_comments_and_continuations():
    text = "# top\nsix==1.17.0  # why\n\nnumpy >=1.2, \\\n  <3\n--pre\n-f https://example.org/wheels\n"
    assert requirement.lines(text) == (
        "six==1.17.0",
        "numpy >=1.2,    <3",
        "-f https://example.org/wheels",
    )


@pytest.mark.parametrize(
    "line",
    [
        "six",
        "six==1.17.0",
        "pandas>=2,<3 ; python_version < '3.12'",
        "mlflow[extras]~=3.0",
        "thing @ https://example.org/thing.whl",
        "thing @ git+https://example.org/thing@main",
        "git+https://example.org/thing",
        "--extra-index-url https://example.org/simple",
        "--only-binary :all:",
        "x (>=1.0)",
    ],
)
def test_requirements_that_can_be_used(line):
    assert requirement.checked([line]) == (line,)


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("-r other.txt", "Other files are not read here"),
        ("--constraint=c.txt", "Other files are not read here"),
        ("-e .", "An editable package needs its folder"),
        (".", "Local paths mean nothing here"),
        ("/etc/passwd", "Local paths mean nothing here"),
        ("~/x.whl", "Local paths mean nothing here"),
        ("./x.whl", "Local paths mean nothing here"),
        ("x @ file:///etc/passwd", "After `@`"),
        ("file:///etc/passwd", "Write `name`"),
        ("--find-links /srv", "It needs a http(s) address."),
        ("--extra-index-url file:///srv", "It needs a http(s) address."),
        ("--config-settings x", "The option `--config-settings` is not supported."),
        ("numpy 1.2", "Write `name`"),
        ("=", "Local paths mean nothing here"),
        ("six\x00", "It holds control characters."),
    ],
)
def test_requirements_that_cannot_be_used(line, hint):
    with pytest.raises(Invalid) as caught:
        requirement.checked([line])
    assert caught.value.hint.startswith(hint)


def test_a_wrong_line_of_a_requirements_file_is_named():
    with pytest.raises(Invalid) as caught:
        requirement.lines("six\n-e .\n", "requirements.txt")
    assert str(caught.value.problems[0].place) == "requirements.txt:2"


@given(st.text(max_size=60))
def test_any_text_is_requirements_or_invalid(text):
    try:
        found = requirement.lines(text)
    except Invalid:
        return
    assert all(line.isprintable() and line.strip() for line in found)


def test_names_of_requirements_are_normalised():
    assert requirement.name_of("Scikit_Learn[x]>=1") == "scikit-learn"
    assert requirement.name_of("-f https://example.org") == ""
    assert requirement.name_of("git+https://example.org/x") == ""


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("python", image.Image(python=True)),
        ("library/python:latest", image.Image(python=True)),
        ("docker.io/library/python:3.10-slim", image.Image(python=True, version="3.10")),
        ("docker.io/python:3.12.4", image.Image(python=True, version="3.12.4")),
        ("registry.example/azureml/curated/sklearn-1.5:12", image.Image(curated="sklearn-1.5")),
        ("registry.example/azureml/openmpi4.1.0-ubuntu22.04:latest", image.Image()),
        ("pythonic:1", image.Image()),
    ],
)
def test_images(name, known):
    assert image.read(name) == known


@pytest.mark.parametrize(
    ("name", "family", "first"),
    [
        ("sklearn-1.5", "sklearn", "scikit-learn~=1.5.0"),
        ("AzureML-sklearn-1.5", "sklearn", "scikit-learn~=1.5.0"),
        ("AzureML-sklearn-0.24-ubuntu18.04-py37-cpu", "sklearn", "scikit-learn~=0.24.0"),
        ("AzureML-lightgbm-3.2-ubuntu18.04-py37-cpu", "lightgbm", "lightgbm>=3.2"),
        ("lightgbm", "lightgbm", "lightgbm>=3.2"),
        ("AzureML-ACPT-pytorch-1.13-py38-cuda11.7-gpu", "pytorch", "torch==2.13.0"),
        ("acpt-pytorch-2.2-cuda12.1", "pytorch", "torch==2.13.0"),
        ("tensorflow-2.16-cuda12", "tensorflow", "tensorflow-cpu>=2.16"),
        ("AzureML-xgboost-1.7", "xgboost", "xgboost-cpu>=1.7"),
        ("ai-ml-automl", "automl", "scikit-learn>=1.5"),
        ("minimal-py311-inference", "minimal", "numpy"),
        ("python-sdk-v2", "sdk", "pyyaml"),
    ],
)
def test_curated_names(name, family, first):
    found = catalogue.find(name)
    assert (found.family, found.requirements[0]) == (family, first)
    assert len(set(found.requirements)) == len(found.requirements)
    requirement.checked(found.requirements)


@pytest.mark.parametrize("name", ["", "sk", "my-sklearn", "sklearnish-1.5", "AzureML-", "torchy"])
def test_other_names_are_not_curated(name):
    assert catalogue.find(name) is None


OWN = Interpreter("3.11.7", "/own")
HERE = (
    OWN,
    Interpreter("3.8.18", "/8"),
    Interpreter("3.12.1", "/12"),
    Interpreter("2.7.18", "/2"),
)


@pytest.mark.parametrize(
    ("specifier", "path"),
    [
        ("", "/own"),
        ("==3.11.*", "/own"),
        ("==3.12.*", "/12"),
        ("==3.12", "/12"),
        (">=3.8", "/own"),
        (">=3.12", "/12"),
        ("<3.9,>=3", "/8"),
        ("==3.8.20", "/8"),
        ("~=3.12.0", "/12"),
        ("==3.9.*", None),
        (">3.12", None),
        ("!=3.11.*,>=3", "/12"),
        ("nonsense", None),
    ],
)
def test_the_python_that_fits(specifier, path):
    found = choose(specifier, HERE)
    assert (found.path if found else None) == path


@pytest.mark.parametrize(
    ("specifier", "path"),
    [
        ("==3.13.*", "/12"),
        ("==3.7.6", "/8"),
        ("==3.10.*", "/own"),
        ("==2.6.*", "/8"),
        (">=4", "/12"),
    ],
)
def test_the_nearest_python(specifier, path):
    assert nearest(specifier, HERE).path == path


def test_versions_compare_as_numbers():
    assert fits("<=3.9", (3, 9, 18))
    assert not fits(">3.9", (3, 9, 18))
    assert fits(">3.9", (3, 10, 0))
    assert fits("~=3.9", (3, 11, 0))
    assert not fits("<3.9", (3, 10, 0))


def test_a_recipes_digest_leaves_the_warnings_out():
    recipe = Recipe(requirements=("six",), relax=Relax.ABSENT)
    assert recipe.digest() == recipe.warned("careful").digest()
    assert recipe.digest() != Recipe(requirements=("six",)).digest()
    assert Recipe.from_json(recipe.to_json()) == recipe


CASES = Path(__file__).parents[3] / "shared" / "azureml-cases" / "files"


@pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not beside this checkout")
def test_the_conda_files_of_the_cases_are_read():
    found = [*CASES.rglob("conda.yaml"), *CASES.rglob("environment_*.yml")]
    assert len(found) > 2
    for path in found:
        assert conda.parse(path.read_text(), str(path)).pip
