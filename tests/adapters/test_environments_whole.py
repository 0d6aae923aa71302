"""Whole environments: a curated one, the published conda files, and a crash in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from adapters.test_environments_uv import RealClock, wait_for_all
from zaffre.adapters.uv import UvBuilder
from zaffre.adapters.uv.folder import Folder
from zaffre.kinds import conda
from zaffre.ports.builder import Building, Ready
from zaffre.services import recipes
from zaffre.testing.builder import ended

pytestmark = [pytest.mark.slow, pytest.mark.packages]

CASES = Path(__file__).parents[3] / "shared" / "azureml-cases" / "files" / "cli" / "endpoints"
MODEL = CASES / "online" / "model-1"


@pytest.fixture
def root(tmp_path):
    return tmp_path / "home" / "envs"


@pytest.fixture
def builder(root):
    yield UvBuilder(root, os.environ, RealClock())
    wait_for_all(root)


def test_a_build_killed_while_packages_come_in_is_done_again(builder, root):
    recipe = recipes.of_curated("sklearn-1.5")
    begun = builder.ensure(recipe)
    assert isinstance(begun, Building)
    folder = Folder(root / begun.hash)
    site = wait_for(lambda: next(folder.path.glob("venv/lib/*/site-packages/numpy"), None))
    os.kill(folder.record()["pid"], signal.SIGKILL)
    assert folder.record()["state"] == "building"
    ready = ended(builder, recipe)
    assert isinstance(ready, Ready)
    assert site.exists()
    assert folder.record()["attempts"] == 2
    code = "import mlflow, sklearn, pandas, inference_schema; print(sklearn.__version__)"
    answer = subprocess.run([ready.python, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.startswith("1.5.")


@pytest.mark.skipif(not MODEL.is_dir(), reason="the cases are not beside this checkout")
def test_a_published_conda_file_loads_its_model(builder):
    text = (MODEL / "environment" / "conda.yaml").read_text()
    ready = ended(builder, recipes.of_conda(conda.parse(text)))
    assert isinstance(ready, Ready)
    assert "scikit-learn==1.7.0" in ready.packages
    model = MODEL / "model" / "sklearn_regression_model.pkl"
    code = f"import joblib; print(joblib.load({str(model)!r}).predict([[1.0] * 10]))"
    subprocess.run([ready.python, "-W", "ignore", "-c", code], check=True, capture_output=True)


def wait_for(look):
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        found = look()
        if found is not None:
            return found
        time.sleep(0.002)
    pytest.fail("it did not come")
