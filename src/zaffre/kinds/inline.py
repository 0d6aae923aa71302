"""Assets written inside other documents: an environment in a job, a model in a deployment."""

from __future__ import annotations

from typing import Annotated

from pydantic import Discriminator, Field, Tag

from zaffre.kinds.environment import EnvironmentSpec
from zaffre.kinds.model import ModelSpec
from zaffre.kinds.part import is_text


class InlineEnvironment(EnvironmentSpec):
    """An environment written inside a job or deployment."""

    name: str | None = Field(default=None, title="Name", description="Name to register it under.")
    version: str | None = Field(default=None, title="Version", description="Version of that name.")


class InlineModel(ModelSpec):
    """A model written inside a deployment."""

    name: str | None = Field(default=None, title="Name", description="Name to register it under.")
    version: str | None = Field(default=None, title="Version", description="Version of that name.")


EnvironmentChoice = Annotated[
    Annotated[str, Tag("<text>")] | Annotated[InlineEnvironment, Tag("<mapping>")],
    Discriminator(is_text),
]
"""A reference to an environment, or one written here."""

ModelChoice = Annotated[
    Annotated[str, Tag("<text>")] | Annotated[InlineModel, Tag("<mapping>")],
    Discriminator(is_text),
]
"""A reference to a model, or one written here."""
