"""The runner of function components, in a Python without any package of ours."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from zaffre import runtime

GUEST = Path(runtime.__file__).parent / "guest"
FILE = """\
from zaffre.ml import Input, log_metric
from zaffre.ml.dsl import Output, command_component


@command_component(name="train", environment="azureml:e:1")
def train(
    data: Input(type="uri_file"), epochs: int, rate: float, fast: bool, model: Output(type="uri_file")
) -> Output(type="boolean"):
    log_metric("epochs", epochs)
    with open(model, "w") as file:
        file.write(repr((data, epochs, rate, fast)))
    return epochs > 2
"""


def test_a_function_gets_its_inputs_by_their_types(tmp_path):
    (tmp_path / "trained.py").write_text(FILE)
    words = (
        "--path data d --integer epochs 3 --number rate 1e-1 --boolean fast true --path model m"
    )
    command = [sys.executable, "-S", "-m", "zaffre_component", "trained.py", "train"]
    done = subprocess.run(
        [*command, *words.split(), "--returns", "output", "out"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(GUEST), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "m").read_text() == "('d', 3, 0.1, True)"
    assert (tmp_path / "out").read_text() == "True"
