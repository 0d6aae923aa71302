"""Find out what a step is made of: digests of its code, its environment and its inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zaffre.errors import Invalid, NotFound
from zaffre.kinds.job import JobStatus, OutputResult
from zaffre.kinds.job_state import JobState
from zaffre.kinds.reference import Asset, JobOutput, Tree, parse_remote
from zaffre.kinds.resource import Key
from zaffre.kinds.step_identity import Facts, Identity, identity, runs, why_not
from zaffre.kinds.tree import Tree as FileTree
from zaffre.ports.builder import Building, Ready
from zaffre.services import environments, run_files, trees
from zaffre.services.context import Context
from zaffre.services.jobs import checking
from zaffre.services.jobs.finalizing import ARTIFACTS

Results = dict[str, Mapping[str, OutputResult]]
"""What the outputs of jobs hold, by job and output."""


class Identifier:
    """Gives identities of the steps of one pipeline; what they share is looked up once.

    `results` knows the jobs of the steps before; a job that is about to be the `same` as another
    has its artifacts. Jobs that are `absent`, or have not ended well, are not looked up again.
    """

    def __init__(self, ctx: Context, workspace: str, results: Results) -> None:
        self._ctx = ctx
        self._workspace = workspace
        self.results = results
        self._environments: dict[str, str | None] = {}
        self._assets: dict[str, str | None] = {}
        self._trees: dict[str, FileTree] = {}
        self.same: dict[str, str] = {}
        self.absent: set[str] = set()

    def environment(self, wanted: Any, *, begin: bool = True) -> str | None:
        """Give the digest of an environment's content; None while it is being built.

        Raises:
            Invalid: it cannot be had here.
            NotFound: there is none.
        """
        key = repr(wanted)
        if key not in self._environments:
            pinned = environments.pin(self._ctx, self._workspace, wanted)
            builder = self._ctx.builder
            build = builder.ensure(pinned.recipe) if begin else builder.look(pinned.recipe)
            self._environments[key] = build.hash if isinstance(build, Ready) else None
            if not isinstance(build, (Ready, Building)) and begin:
                raise Invalid("The environment cannot be built.")
        return self._environments[key]

    def of(self, document: Mapping[str, Any], environment: str) -> Identity | str:
        """Give the identity of a step by its job's document, or why it can have none."""
        facts = Facts(self.code(document), environment, self.inputs(document))
        return why_not(document, facts) or identity(document, facts)

    def code(self, document: Mapping[str, Any]) -> str | None:
        """Give what names the content of a step's code."""
        text = runs(document).get("code")
        if not text:
            return None
        reference = parse_remote(text)
        return f"{reference.digest}/{reference.file}" if isinstance(reference, Tree) else str(text)

    def inputs(self, document: Mapping[str, Any]) -> dict[str, str]:
        """Give the digests of the inputs whose content is known."""
        found = {}
        for name, given in (document.get("inputs") or {}).items():
            if isinstance(given, dict):
                digest = self.content(str(given.get("path")))
                if digest is not None:
                    found[name] = digest
        return found

    def pinned(self, document: dict[str, Any]) -> dict[str, Any]:
        """Give a job's document with artifacts of ended jobs as they are now: they may change."""
        inputs = document.get("inputs") or {}
        found = {}
        for name, given in inputs.items():
            tree = self._artifacts(str(given.get("path"))) if isinstance(given, dict) else None
            if tree is not None:
                found[name] = {**given, "path": str(Tree(trees.store_tree(self._ctx, tree)))}
        return {**document, "inputs": {**inputs, **found}} if found else document

    def _artifacts(self, path: str) -> FileTree | None:
        """Give what a job of which all is done left as artifacts, where a path means these."""
        reference = parse_remote(path)
        if not isinstance(reference, JobOutput) or reference.output != ARTIFACTS or reference.path:
            return None
        job = self.same.get(reference.job, reference.job)
        if self.results_of(job) is None:
            return None
        if job not in self._trees:
            self._trees[job] = run_files.tree(self._ctx, self._workspace, job)
        return self._trees[job] if self._trees[job].leaves else None

    def content(self, path: str) -> str | None:
        """Give what names the content of a path, if it is known: tree and file."""
        reference = parse_remote(path)
        if isinstance(reference, Tree):
            return f"{reference.digest}/{reference.file}"
        if isinstance(reference, JobOutput) and reference.output == ARTIFACTS:
            tree = self._artifacts(path)
            return f"{tree.digest}/" if tree else None
        if isinstance(reference, JobOutput) and not reference.path:
            result = (self.results_of(reference.job) or {}).get(reference.output)
            return f"{result.tree}/{result.file or ''}" if result and result.tree else None
        if isinstance(reference, Asset):
            if path not in self._assets:
                self._assets[path] = self._asset(reference)
            return self._assets[path]
        return None

    def results_of(self, name: str) -> Mapping[str, OutputResult] | None:
        """Give what a job left, if it has ended well; those of other pipelines are looked up."""
        if name in self.results or name in self.absent:
            return self.results.get(name)
        self.absent.add(name)
        try:
            status = self._ctx.metadata.get(Key("job", self._workspace, name)).status
        except NotFound:
            return None
        if not isinstance(status, JobStatus) or status.status != JobState.COMPLETED:
            return None
        self.results[name] = status.results
        return status.results

    def _asset(self, reference: Asset) -> str | None:
        try:
            key = checking.find_asset(self._ctx, self._workspace, reference)
        except NotFound:
            return None
        found = self._ctx.metadata.get(key)
        tree = getattr(found.status, "tree", None)
        kind = getattr(found.spec, "type", "")
        file = getattr(found.status, "file", None) or ("<one>" if kind == "uri_file" else "")
        return f"{tree}/{file}" if tree else None
