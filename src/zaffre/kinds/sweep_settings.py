"""What a sweep is told: distributions, sampling, objective, limits, early end."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, JsonValue, Tag

from zaffre.kinds.control import MOST_ITERATIONS
from zaffre.kinds.part import AnyCase, Part, is_text

DISTRIBUTIONS: dict[str, tuple[str, ...]] = {
    "choice": ("values",),
    "uniform": ("min_value", "max_value"),
    "quniform": ("min_value", "max_value", "q"),
    "loguniform": ("min_value", "max_value"),
    "qloguniform": ("min_value", "max_value", "q"),
    "normal": ("mu", "sigma"),
    "qnormal": ("mu", "sigma", "q"),
    "lognormal": ("mu", "sigma"),
    "qlognormal": ("mu", "sigma", "q"),
    "randint": ("upper",),
}
"""What each distribution is given."""

MOST_TRIALS = 10_000
MOST_NUMBER = 1e100


class SearchParameter(Part):
    """From which values one parameter is taken."""

    type: Annotated[
        Literal[
            "choice",
            "uniform",
            "quniform",
            "loguniform",
            "qloguniform",
            "normal",
            "qnormal",
            "lognormal",
            "qlognormal",
            "randint",
        ],
        AnyCase,
    ] = Field(title="Type", description="Distribution.")
    values: list[JsonValue] | None = Field(
        default=None,
        title="Values",
        description="Values of a choice; a mapping among them may hold further parameters.",
    )
    min_value: float | None = Field(
        default=None,
        ge=-MOST_NUMBER,
        le=MOST_NUMBER,
        title="Least",
        description="Least value; of logarithms, its logarithm.",
    )
    max_value: float | None = Field(
        default=None,
        ge=-MOST_NUMBER,
        le=MOST_NUMBER,
        title="Most",
        description="Greatest value; of logarithms, its logarithm.",
    )
    q: float | None = Field(
        default=None,
        gt=1e-100,
        le=MOST_NUMBER,
        title="Step",
        description="Values are rounded to multiples of it.",
    )
    mu: float | None = Field(
        default=None,
        ge=-MOST_NUMBER,
        le=MOST_NUMBER,
        title="Mean",
        description="Mean of a normal one.",
    )
    sigma: float | None = Field(
        default=None,
        gt=0,
        le=MOST_NUMBER,
        title="Deviation",
        description="Standard deviation of a normal one.",
    )
    upper: int | None = Field(
        default=None, ge=1, title="Upper", description="Whole numbers from 0, less than this."
    )


class Sampling(Part):
    """How values are chosen."""

    type: Annotated[Literal["random", "grid", "bayesian", "sobol"], AnyCase] = Field(
        default="random", title="Type", description="`random`, `grid`, `bayesian` or `sobol`."
    )
    rule: Annotated[Literal["random", "sobol"], AnyCase] | None = Field(
        default=None, title="Rule", description="Of random sampling: `random` or `sobol`."
    )
    seed: int | None = Field(
        default=None, title="Seed", description="The same seed gives the same values."
    )
    logbase: JsonValue = Field(default=None, title="Base", description="Kept, not acted on.")


SamplingChoice = Annotated[
    Annotated[Literal["random", "grid", "bayesian", "sobol"], AnyCase, Tag("<text>")]
    | Annotated[Sampling, Tag("<mapping>")],
    Discriminator(is_text),
]
"""A sampling by its name alone, or with a rule and a seed."""


class Objective(Part):
    """What is looked for."""

    goal: Annotated[Literal["minimize", "maximize"], AnyCase] = Field(
        title="Goal", description="`minimize` or `maximize`."
    )
    primary_metric: str = Field(
        min_length=1, title="Metric", description="Metric that each trial logs."
    )


class SweepLimits(Part):
    """How much is tried."""

    max_total_trials: int = Field(
        ge=1, le=MOST_TRIALS, title="Trials", description="How many trials at the most."
    )
    max_concurrent_trials: int | None = Field(
        default=None, ge=1, le=1000, title="At a time", description="How many trials at a time."
    )
    timeout: int | None = Field(
        default=None, ge=1, title="Timeout", description="Seconds for the whole sweep."
    )
    trial_timeout: int | None = Field(
        default=None, ge=1, title="Trial timeout", description="Seconds for each trial."
    )


class EarlyTermination(Part):
    """Which trials are stopped because others do better."""

    type: Annotated[Literal["bandit", "median_stopping", "truncation_selection"], AnyCase] = Field(
        title="Type", description="`bandit`, `median_stopping` or `truncation_selection`."
    )
    evaluation_interval: int = Field(
        default=1, ge=0, title="Interval", description="Judge after every so many values."
    )
    delay_evaluation: int = Field(
        default=0, ge=0, title="Delay", description="Judge nobody before so many values."
    )
    slack_factor: float | None = Field(
        default=None, ge=0, title="Slack", description="Allowed part of the best value (bandit)."
    )
    slack_amount: float | None = Field(
        default=None, ge=0, title="Slack", description="Allowed distance to the best (bandit)."
    )
    truncation_percentage: int | None = Field(
        default=None, ge=1, le=99, title="Percentage", description="Part that is stopped."
    )
    exclude_finished_jobs: bool = Field(
        default=False, title="Running only", description="Compare with running trials only."
    )


class StepLimits(Part):
    """What ends a step early; a sweep's also say how much is tried, a loop's how often it runs."""

    timeout: int | None = Field(
        default=None, ge=1, title="Timeout", description="Seconds after which the step is ended."
    )
    max_total_trials: int | None = Field(
        default=None, ge=1, le=MOST_TRIALS, title="Trials", description="Of a sweep: how many."
    )
    max_concurrent_trials: int | None = Field(
        default=None,
        ge=1,
        le=1000,
        title="At a time",
        description="Of a sweep: how many at a time.",
    )
    trial_timeout: int | None = Field(
        default=None,
        ge=1,
        title="Trial timeout",
        description="Of a sweep: seconds for each trial.",
    )
    max_iteration_count: int | None = Field(
        default=None,
        ge=1,
        le=MOST_ITERATIONS,
        title="Iterations",
        description="Of a loop: how often its body runs at most.",
    )
