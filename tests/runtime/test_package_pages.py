"""The pages of a package: a manifest that a cluster takes, and a Dockerfile without surprises."""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any

import pytest
import yaml

from zaffre.runtime.scoring import PROGRAM

sys.path.append(str(PROGRAM.parent))
texts = importlib.import_module("zaffre_packaging.texts")

INSTRUCTIONS = {"FROM", "RUN", "WORKDIR", "COPY", "USER", "EXPOSE", "CMD"}
FACTS = {
    "name": "Fo rest", "version": "1+a", "python": "3.11", "format": "python", "has_wheels": False,
    "has_example": True, "is_script": False, "needs_openmp": False,
}  # fmt: skip


def page(name: str, **changed: Any) -> str:
    return str(texts.pages(texts.Facts(**{**FACTS, **changed}))[name])


@pytest.mark.parametrize("version", ["1.27", "1.34"])
def test_the_manifest_is_one_that_clusters_take(version: str) -> None:
    validating = importlib.import_module("kubernetes_validate")
    documents = list(yaml.safe_load_all(page("kubernetes.yaml")))
    assert [one["kind"] for one in documents] == ["Deployment", "Service"]
    for one in documents:
        validating.validate(one, version, strict=True)
    broken = {**documents[1], "spec": {**documents[1]["spec"], "ports": [{"port": "http"}]}}
    with pytest.raises(validating.ValidationError):
        validating.validate(broken, version, strict=True)


def test_service_and_probes_lead_to_the_container() -> None:
    deployment, service = yaml.safe_load_all(page("kubernetes.yaml"))
    pod = deployment["spec"]["template"]
    (container,) = pod["spec"]["containers"]
    assert service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    assert (
        deployment["spec"]["selector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    )
    ports = {one["name"]: one["containerPort"] for one in container["ports"]}
    assert service["spec"]["ports"][0]["targetPort"] in ports
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["port"] in ports
    assert container["image"] == "fo-rest:1-a"
    assert f"EXPOSE {ports['http']}" in page("Dockerfile")


@pytest.mark.parametrize("openmp", [True, False])
@pytest.mark.parametrize("wheels", [True, False])
def test_the_dockerfile_keeps_to_good_practice(*, openmp: bool, wheels: bool) -> None:
    lines = page("Dockerfile", needs_openmp=openmp, has_wheels=wheels).splitlines()
    said = [line.split(" ", 1) for line in lines]
    words = [word for word, _ in said]
    assert set(words) <= INSTRUCTIONS
    assert lines[0] == "FROM python:3.11-slim"  # never `latest`
    assert words[-1] == "CMD"
    assert json.loads(said[-1][1])[:2] == [
        "python",
        "serve.py",
    ]  # no shell between: signals arrive
    user = next(value for word, value in said if word == "USER")
    assert user.isdecimal()
    assert int(user) > 0
    assert words.index("USER") > max(at for at, word in enumerate(words) if word == "RUN")
    # Requirements come before the rest: a changed model does not install them again.
    copied = [value for word, value in said if word == "COPY"]
    assert copied[0] == "requirements.txt ./"
    assert copied[-1] == ". ."
    runs = [value for word, value in said if word == "RUN"]
    assert "--no-cache-dir" in runs[-1]
    assert ("--no-index" in runs[-1]) == wheels == ("wheelhouse ./wheelhouse" in copied)
    for run in runs[:-1]:
        assert "--no-install-recommends" in run
        assert run.endswith("rm -rf /var/lib/apt/lists/*")
