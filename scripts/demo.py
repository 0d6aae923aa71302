"""The main job from end to end, for real: what `make demo` runs; fails if a step is wrong."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "main-job"
HOME = Path(os.environ.get("ZAFFRE_HOME") or ROOT / "build" / "demo").absolute()
ZAFFRE = Path(sys.executable).with_name("zaffre")
TAG = "demo"
TOLERANCE = 1e-9
ROWS = 442
WORST_R2 = 0.3

sys.path.insert(0, str(EXAMPLE))


class WrongError(Exception):
    """A step's result is not what it must be."""


class Step:
    """One step of the demo: says what happens, how long it took, and what came of it."""

    number = 0

    def __init__(self, title: str) -> None:
        Step.number += 1
        self.title = f"{Step.number}. {title}"

    def __enter__(self) -> Step:
        print(f"\n{bold(self.title)}")
        self.began = time.monotonic()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            print(dim(f"   {time.monotonic() - self.began:.1f} s"))

    def say(self, text: str) -> None:
        for line in text.splitlines():
            print(f"   {line}")


def main() -> None:
    began = time.monotonic()
    print(f"Zaffre demo on {HOME}")
    url = start()
    register_data()
    register_environment()
    job = train()
    show_metrics(job)
    version = register_model(job)
    deploy(version)
    invoke(version)
    lineage(job)
    print(f"\n{bold('Everything is as it must be')}, after {time.monotonic() - began:.1f} s.")
    print(
        NEXT.format(
            home=HOME, bin=ZAFFRE.parent, example=EXAMPLE.relative_to(ROOT), url=url, job=job
        )
    )


NEXT = """
The server stays up at {url}. Go on with:

  export ZAFFRE_HOME={home} PATH={bin}:$PATH
  zaffre studio                        # a link: the same in a browser
  zaffre status
  zaffre job list
  zaffre job show -n {job} --lineage
  zaffre job create -f {example}/job.yml --set inputs.alpha=10 --stream
  zaffre online-endpoint invoke -n diabetes --request-file {example}/request.json
  eval "$(zaffre status --export)"     # then any MLflow program logs here
  zaffre down                          # stop
"""


def start() -> str:
    with Step("Start Zaffre: one server, one gateway, an embedded home") as step:
        status = zaffre("status")
        if status["server"] == "running":
            step.say(f"It runs already: {status['url']}")
            return str(status["url"])
        busy = "8642" if taken(8642) or taken(8643) else ""
        started = zaffre("up", *(["--port", "0", "--gateway-port", "0"] if busy else []))
        step.say(f"Ready: {started['url']}, gateway {started['gateway_url']}")
        return str(started["url"])


def register_data() -> None:
    with Step("Register a data asset: scikit-learn's diabetes table") as step:
        from make_data import write

        path = write(EXAMPLE / "diabetes.csv")
        found = known("data", "show", "-n", "diabetes", "-v", "1")
        if found is None:
            found = zaffre("data", "create", "-f", "data.yml")
        step.say(f"{found['id']}: {found['total_bytes']:,} bytes, {found['tree'][:19]}…")
        must(
            found["total_bytes"] == path.stat().st_size, "the data asset has the size of the file"
        )
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        must(
            len(rows) == ROWS and "bmi" in rows[0],
            f"the table has {ROWS} rows and its real columns",
        )


def register_environment() -> None:
    with Step("Register an environment: the interpreter at hand") as step:
        found = known("environment", "show", "-n", "diabetes", "-v", "1")
        if found is None:
            found = zaffre("environment", "create", "-f", "environment.yml")
        step.say(f"{found['id']}: {found.get('build_state', 'registered')}")


def train() -> str:
    mark = content()
    with Step("Submit a training job from YAML and follow its log") as step:
        done = zaffre("job", "list", "--tag", f"{TAG}={mark}", "--state", "Completed")
        if done:
            step.say(f"Nothing has changed since job {done[0]['name']}: it is used again.")
            return str(done[0]["name"])
        name = f"demo-{mark}-{int(time.time())}"
        run(
            "job",
            "create",
            "-f",
            "job.yml",
            "-n",
            name,
            "--set",
            f"tags.{TAG}={mark}",
            "--stream",
            shown=True,
        )
        return name


def show_metrics(job: str) -> None:
    with Step("Look at what the job logged, and check it") as step:
        shown = zaffre("job", "show", "-n", job)
        must(shown["status"] == "Completed", "the job is Completed")
        must(shown.get("exit_code") == 0, "its exit code is 0")
        metrics = client().jobs.metrics(job)
        step.say("   ".join(f"{name} {value:.4f}" for name, value in sorted(metrics.items())))
        must(metrics.get("test_r2", 0) > WORST_R2, f"test_r2 is above {WORST_R2}")
        must("fold 4" in client().jobs.log(job), "its log has every fold")


def register_model(job: str) -> str:
    with Step("Register the model that the job made") as step:
        path = f"azureml://jobs/{job}/outputs/model"
        for model in zaffre("model", "list", "-n", "diabetes"):
            if model.get("job_name") == job:
                step.say(f"{model['id']} came from it already.")
                return str(model["version"])
        model = zaffre(
            "model", "create", "-n", "diabetes", "--type", "custom_model", "--path", path
        )
        step.say(f"{model['id']} from {path}")
        must(model.get("job_name") == job, "the model knows its job")
        return str(model["version"])


def deploy(version: str) -> None:
    with Step("Put it behind a live endpoint, with a score.py") as step:
        if known("online-endpoint", "show", "-n", "diabetes") is None:
            zaffre("online-endpoint", "create", "-f", "endpoint.yml")
        wanted = f"azureml:diabetes:{version}"
        found = known("online-deployment", "show", "-n", "blue", "-e", "diabetes")
        if found is None:
            extra = ["--set", f"model={wanted}", "--all-traffic"]
            found = zaffre("online-deployment", "create", "-f", "deployment.yml", *extra)
        elif found["model"] != wanted:
            found = zaffre(
                "online-deployment",
                "update",
                "-n",
                "blue",
                "-e",
                "diabetes",
                "--set",
                f"model={wanted}",
            )
        endpoint = zaffre("online-endpoint", "show", "-n", "diabetes")
        step.say(
            f"{endpoint['scoring_uri']}  traffic {endpoint['traffic']}  model {found['model']}"
        )
        must(found["provisioning_state"] == "Succeeded", "the deployment is ready")
        must(endpoint["traffic"].get("blue") == 100, "it gets all the traffic")


def invoke(version: str) -> None:
    with Step("Ask the endpoint, and ask the model itself") as step:
        answer = json.loads(
            run(
                "online-endpoint", "invoke", "-n", "diabetes", "--request-file", "request.json"
            ).stdout
        )
        expected = own_prediction(version)
        for asked, told in zip(expected, answer, strict=True):
            step.say(f"endpoint {told:.9f}   model {asked:.9f}")
        close = all(
            abs(asked - told) <= TOLERANCE * abs(asked)
            for asked, told in zip(expected, answer, strict=True)
        )
        must(close, "the endpoint answers what the model predicts")


def own_prediction(version: str) -> list[float]:
    """Load the registered model's files here and predict without Zaffre."""
    import joblib
    import pandas

    folder = HOME.parent / f"{HOME.name}-model"
    zaffre("model", "download", "-n", "diabetes", "-v", version, "-p", str(folder))
    asked = json.loads((EXAMPLE / "request.json").read_text())["input_data"]
    model = joblib.load(next(folder.rglob("model.joblib")))
    return [
        float(value)
        for value in model.predict(pandas.DataFrame(asked["data"], columns=asked["columns"]))
    ]


def lineage(job: str) -> None:
    with Step("From the endpoint back to data, code and environment") as step:
        drawn = run(
            "lineage", "online-endpoint", "diabetes", "--direction", "up", "-o", "table"
        ).stdout
        step.say(drawn.rstrip())
        for part in (job, "data diabetes:1", "environment", "model diabetes"):
            must(part in drawn, f"the lineage holds {part}")


def content() -> str:
    """Give a digest of all that the job is made of: a second run of the same reuses it."""
    seen = hashlib.sha256()
    for path in sorted(EXAMPLE.rglob("*")):
        if path.is_file() and (path.suffix in {".yml", ".csv"} or path.parent.name == "src"):
            seen.update(path.name.encode() + path.read_bytes())
    return seen.hexdigest()[:12]


def client() -> Any:
    from zaffre.ml import MLClient

    return MLClient(home=HOME)


def run(*words: str, shown: bool = False) -> subprocess.CompletedProcess[str]:
    """Run the command line.

    Raises:
        WrongError: it fails.
    """
    environment = {**os.environ, "ZAFFRE_HOME": str(HOME)}
    environment.pop("ZAFFRE_URL", None)
    where = None if shown else subprocess.PIPE
    done = subprocess.run(
        [ZAFFRE, *words],
        cwd=EXAMPLE,
        env=environment,
        stdout=where,
        stderr=where,
        text=True,
        check=False,
    )
    if done.returncode:
        raise WrongError(f"`zaffre {' '.join(words)}` failed: {(done.stderr or '').strip()}")
    return done


def zaffre(*words: str) -> Any:
    """Run the command line and give its result."""
    text = run(*words, "-o", "json").stdout
    return json.loads(text) if text.strip() else None


def known(*words: str) -> Any:
    """Give the result, or None where there is no such thing."""
    try:
        return zaffre(*words)
    except WrongError as error:
        if "There is no" in str(error) or "not found" in str(error).lower():
            return None
        raise


def taken(port: int) -> bool:
    """Say whether somebody listens on a port."""
    import socket

    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def must(fact: object, text: str) -> None:
    """Check one result.

    Raises:
        WrongError: it is not so.
    """
    if not fact:
        raise WrongError(f"It must be so that {text}, and it is not.")
    print(f"   {green('✓')} {text}")


def bold(text: str) -> str:
    return f"\033[1m{text}\033[0m" if sys.stdout.isatty() else text


def dim(text: str) -> str:
    return f"\033[2m{text}\033[0m" if sys.stdout.isatty() else text


def green(text: str) -> str:
    return f"\033[32m{text}\033[0m" if sys.stdout.isatty() else text


if __name__ == "__main__":
    try:
        main()
    except WrongError as error:
        sys.exit(f"\nThe demo failed: {error}")
