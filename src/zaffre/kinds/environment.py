"""The environment kind: the interpreter that code runs in."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, model_validator

from zaffre.kinds.part import Part
from zaffre.kinds.resource import Action, Kind, Spec, Status


class BuildContext(Part):
    """A folder with a Dockerfile. Accepted for portability: it needs a container engine."""

    path: str = Field(title="Path", description="Folder with the build context.")
    dockerfile_path: str = Field(
        default="Dockerfile", title="Dockerfile", description="The Dockerfile inside the folder."
    )


class EnvironmentSpec(Spec):
    """What code needs: an interpreter, pip requirements, a conda file, or an image naming one."""

    image: str | None = Field(
        default=None,
        title="Image",
        description="Container image. Without a container engine it only names a Python.",
    )
    conda_file: str | dict[str, Any] | None = Field(
        default=None, title="Conda file", description="Path of a conda YAML file, or its content."
    )
    build: BuildContext | None = Field(
        default=None,
        title="Build context",
        description="Dockerfile and its folder; needs a container engine.",
    )
    python: str | None = Field(
        default=None,
        title="Python",
        description="`current`, the absolute path of an interpreter, or a version such as `3.12`.",
    )
    requirements: str | list[str] | None = Field(
        default=None,
        title="Requirements",
        description="pip requirement lines, or the path of a requirements file.",
    )
    inference_config: dict[str, Any] | None = Field(
        default=None,
        title="Inference configuration",
        description="Routes of a serving image; kept, not used.",
    )
    os_type: str | None = Field(
        default=None, title="System", description="`linux` or `windows`; kept, not used."
    )

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if self.image is not None and self.build is not None:
            raise ValueError("`image` and `build` exclude each other: keep one of them")
        if self.build is not None and self.conda_file is not None:
            raise ValueError(
                "`build` and `conda_file` exclude each other: put the packages into the Dockerfile"
            )
        if self.conda_file is not None and self.requirements is not None:
            raise ValueError(
                "`conda_file` and `requirements` exclude each other: use the file's pip section"
            )
        if self.conda_file is not None and self.python is not None:
            raise ValueError(
                "`conda_file` and `python` exclude each other: the file names its Python"
            )
        if not any((self.image, self.build, self.conda_file, self.python, self.requirements)):
            raise ValueError(
                "it needs one of `image`, `conda_file`, `build`, `python`, `requirements`"
            )
        return self


class EnvironmentStatus(Status):
    """What is known of the environment's build on this machine."""

    made_of: str = Field(
        default="",
        title="Kind",
        description="What it is made of: interpreter, pip, conda or image.",
    )
    build_state: str = Field(
        default="not_built", title="Build", description="not_built, building, ready or failed."
    )
    hash: str = Field(
        default="", title="Hash", description="Content hash: equal ones share a build."
    )
    python_path: str = Field(
        default="", title="Interpreter", description="Path of the built interpreter."
    )
    python_version: str = Field(
        default="", title="Python version", description="Version of that interpreter."
    )
    packages: list[str] = Field(
        default_factory=list, title="Packages", description="What is installed, exactly."
    )
    warnings: list[str] = Field(
        default_factory=list, title="Warnings", description="What is not as asked."
    )
    relaxed: list[str] = Field(
        default_factory=list, title="Relaxed", description="Version pins that had to give way."
    )
    size_bytes: int = Field(
        default=0, title="Size", description="What it takes on the disk; files may be shared."
    )
    used_by: list[str] = Field(
        default_factory=list,
        title="Used by",
        description="Deployments and unfinished jobs that need it.",
    )
    build_seconds: float = Field(
        default=0.0, title="Seconds", description="How long the build took."
    )
    build_error: str = Field(
        default="", title="Error", description="Why the build failed, and what to do."
    )
    log_tail: str = Field(default="", title="Log", description="The end of the build log.")
    locks: dict[str, str] = Field(
        default_factory=dict,
        title="Locks",
        description="For each platform, the digest of what exactly it is built of.",
    )
    is_anonymous: bool = Field(
        default=False, title="Anonymous", description="It was written inside a job or deployment."
    )


ENVIRONMENT = Kind(
    name="environment",
    noun="environment",
    plural="environments",
    title="Environment",
    spec=EnvironmentSpec,
    status=EnvironmentStatus,
    columns=(
        "name",
        "version",
        "made_of",
        "build_state",
        "python_version",
        "size_bytes",
        "used_by",
    ),
    actions=(
        Action("build", "Build it now, and show how that goes."),
        Action("logs", "Print the log of the last build."),
        Action("lock", "Print what exactly it was built of."),
    ),
    versioned=True,
    example="""\
name: churn
version: "1"
description: What the churn model needs.
requirements:
  - scikit-learn>=1.5
  - pandas
""",
)
