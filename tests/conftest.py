"""What tests of every room share: a home, a server that really runs, and the command line on it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from running import Server, clean_environment, end_all_of

CASES = Path(__file__).resolve().parents[2] / "shared" / "azureml-cases"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home folder of this test alone; every process that works for it ends with the test."""
    path = tmp_path / "home"
    path.mkdir(mode=0o700)
    yield path
    end_all_of(path)


@pytest.fixture
def server(home: Path) -> Iterator[Server]:
    """A running server on this test's home."""
    running = Server(home).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server for all tests of a module that do not stop it."""
    path = tmp_path_factory.mktemp("shared") / "home"
    path.mkdir(mode=0o700)
    running = Server(path).start()
    yield running
    running.stop()
    end_all_of(path)


Zaffre = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def zaffre(home: Path, tmp_path: Path) -> Zaffre:
    """Run the command line on this test's home: `zaffre("job", "list", check=True)`."""

    def run(*words: str, cwd: Path = tmp_path, check: bool = True, **variables: str):
        done = subprocess.run(
            [str(Path(sys.executable).parent / "zaffre"), *words],
            cwd=cwd,
            env={**clean_environment(home), **variables},
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        if check:
            assert done.returncode == 0, f"zaffre {' '.join(words)}\n{done.stdout}\n{done.stderr}"
        return done

    return run


@pytest.fixture(scope="session")
def azureml_cases() -> Path:
    """The folder of the published Azure ML cases, which lies beside the repository where it is there."""
    if not (CASES / "cases.json").is_file():
        pytest.skip("the Azure ML cases are not beside the repository (../shared/azureml-cases)")
    return CASES
