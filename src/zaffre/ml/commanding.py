"""`command()`: a job written in Python."""

from __future__ import annotations

from typing import Any

from zaffre.ml.entities import CommandJob

RESOURCES = (
    "instance_count",
    "instance_type",
    "locations",
    "docker_args",
    "shm_size",
    "max_instance_count",
    "cpus",
    "memory",
    "gpus",
)
QUEUE = {"job_tier": "job_tier", "priority": "priority"}
KEPT_FOR_AZURE = ("is_deterministic", "component")


def command(
    *,
    command: str | None = None,
    code: str | None = None,
    environment: Any = None,
    inputs: dict[str, Any] | None = None,
    outputs: dict[str, Any] | None = None,
    timeout: int | None = None,
    **fields: Any,
) -> CommandJob:
    """Make a job that runs one command.

    Further fields are those of a command job (`display_name`, `experiment_name`, `compute`,
    `environment_variables`, `distribution`, `tags`, ...) and of its resources
    (`instance_count`, `cpus`, `memory`, `gpus`, ...).
    """
    given = {
        name: value
        for name, value in fields.items()
        if value is not None and name not in KEPT_FOR_AZURE
    }
    resources = {name: given.pop(name) for name in RESOURCES if name in given}
    queue = {to: given.pop(name) for name, to in QUEUE.items() if name in given}
    if resources:
        given["resources"] = {**given.get("resources", {}), **resources}
    if queue:
        given["queue_settings"] = {**given.get("queue_settings", {}), **queue}
    if timeout is not None:
        given["limits"] = {**given.get("limits", {}), "timeout": timeout}
    return CommandJob(
        type="command",
        command=command,
        code=None if code is None else str(code),
        environment=environment,
        inputs=inputs,
        outputs=outputs,
        **given,
    )
