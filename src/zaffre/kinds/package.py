"""The package: a model with all that serves it, for a machine without Zaffre."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from zaffre.errors import Invalid
from zaffre.kinds.acceleration import TOLERANCE
from zaffre.kinds.deployment_settings import CodeConfiguration
from zaffre.kinds.document import Document
from zaffre.kinds.explaining import Reader
from zaffre.kinds.inline import EnvironmentChoice
from zaffre.kinds.part import AnyCase, Part
from zaffre.kinds.resource import Json


class PackageOrder(Part):
    """What goes into a package of a model."""

    format: Annotated[Literal["python", "onnx"], AnyCase] = Field(
        default="python",
        title="Format",
        description="`python`: as it is served here; `onnx`: compiled, for small devices.",
    )
    code_configuration: CodeConfiguration | None = Field(
        default=None, title="Code", description="Scoring script, where the model needs one."
    )
    environment: EnvironmentChoice | None = Field(
        default=None,
        title="Environment",
        description="What the package is made in, and whose versions it locks.",
    )
    endpoint_name: str | None = Field(
        default=None, title="Endpoint", description="Take script and environment from there:"
    )
    deployment_name: str | None = Field(
        default=None, title="Deployment", description="from this deployment of the endpoint."
    )
    wheelhouse: bool = Field(
        default=False,
        title="Wheelhouse",
        description="Put the wheels of all requirements in, for machines without network.",
    )
    tolerance: float = Field(
        default=TOLERANCE,
        gt=0,
        le=1,
        title="Tolerance",
        description="Largest difference of a compiled model's answers from the original's.",
    )
    sample_data: str | None = Field(
        default=None, title="Sample data", description="Rows to compare on, and for the example."
    )
    dry_run: bool = Field(
        default=False, title="Dry run", description="Say what would go in; make nothing."
    )

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if (self.endpoint_name is None) != (self.deployment_name is None):
            raise ValueError("`endpoint_name` and `deployment_name` belong together")
        if self.deployment_name and (self.code_configuration or self.environment):
            raise ValueError("give either a deployment, or code and environment")
        if self.format == "onnx" and self.code_configuration:
            raise ValueError("a scoring script cannot be compiled: use the format `python`")
        return self


def order_of(data: Json) -> PackageOrder:
    """Read an order.

    Raises:
        Invalid: something in it is wrong; all of it is listed.
    """
    try:
        return PackageOrder.model_validate(data)
    except ValidationError as error:
        problems = tuple(Reader(PackageOrder, Document(data)).explain(error))
        first = problems[0]
        raise Invalid(first.message, hint=first.hint, problems=problems) from error
