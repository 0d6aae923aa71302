"""A world for tests of pipelines: real stores, a compute in hand, and a loop that turns by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from services.job_context import HeldBuilder, HeldCompute
from zaffre.kinds.job_state import TERMINAL
from zaffre.kinds.pipeline import PipelineJobSpec
from zaffre.kinds.resource import Key
from zaffre.ports.builder import Build
from zaffre.services import job_types, pipelines
from zaffre.services.context import Context
from zaffre.services.jobs.facts import state_of, status_of
from zaffre.store.step_memory import SqlStepMemory

HERE = {"python": "current"}
Outputs = Callable[[str, dict[str, Any]], dict[str, bytes]]


class Builder(HeldBuilder):
    def look(self, recipe: Any) -> Build:
        return self.answer


def default_outputs(step: str, plan: dict[str, Any]) -> dict[str, bytes]:
    return {"f.txt": f"{step}: {plan['command']}".encode()}


@dataclass
class World:
    """A context, its compute, and a loop that turns by hand."""

    ctx: Context
    compute: HeldCompute
    outputs: Outputs = default_outputs
    failing: tuple[str, ...] = ()
    by_port: dict[str, Callable[[str, Any], dict[str, bytes]]] = field(default_factory=dict)

    def submit(self, name: str, **fields: Any) -> Key:
        spec = PipelineJobSpec.model_validate({"type": "pipeline", **fields})
        return pipelines.submit(self.ctx, Key("job", "default", name), spec).key

    def turn(self, *, end: bool = True) -> bool:
        moved = False
        for _, key in job_types.unfinished(self.ctx):
            moved = job_types.advance(self.ctx, key) or moved
        for name, report in list(self.compute.reports.items()):
            if end and report.phase == "starting":
                self.finish(name)
                moved = True
        return moved

    def finish(self, name: str) -> None:
        step = name.rpartition("-")[2]
        if name.endswith(self.failing):
            self.compute.end(name, "failed", exit_code=1)
            return
        wanted = [one["name"] for one in self.compute.plans[name]["outputs"]]
        made = self.outputs(step, self.compute.plans[name])
        outputs = {port: self.by_port.get(port, lambda *_: made)(step, made) for port in wanted}
        self.compute.end(name, outputs=outputs)

    def run(self, name: str, **fields: Any) -> Any:
        key = self.submit(name, **fields)
        return self.to_the_end(key)

    def to_the_end(self, key: Key) -> Any:
        for _ in range(200):
            job = self.ctx.metadata.get(key)
            if state_of(job) in TERMINAL:
                return status_of(job)
            self.turn()
        raise AssertionError(f"{key.name} does not end: {status_of(job).steps}")

    def started(self, pipeline: str) -> list[str]:
        return [one.rpartition("-")[2] for one in self.compute.starts if one.startswith(pipeline)]


def made(ctx: Context, compute: HeldCompute) -> World:
    memory = SqlStepMemory(ctx.metadata._database, ctx.clock)
    return World(replace(ctx, job_types=job_types.OWN, steps=memory), compute)


def step(command: str = "true", **fields: Any) -> dict[str, Any]:
    inputs = dict(fields.pop("inputs", {}))
    return {
        "command": command,
        "environment": HERE,
        "inputs": inputs,
        "outputs": {"o": {}},
        **fields,
    }


def after(*steps: str) -> dict[str, str]:
    return {f"i{at}": f"${{{{parent.jobs.{one}.outputs.o}}}}" for at, one in enumerate(steps)}


def chain(*commands: str) -> dict[str, Any]:
    return {
        f"s{at}": step(one, inputs=after(f"s{at - 1}") if at else {})
        for at, one in enumerate(commands)
    }
