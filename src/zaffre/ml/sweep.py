"""Sweeps in Python: distributions, policies, samplings, and the job itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zaffre.kinds import sweep_settings
from zaffre.ml.entities import Job
from zaffre.ml.entity import Part
from zaffre.ml.fields import Fields, plain
from zaffre.ml.nodes import LEVEL, Node

__all__ = [
    "BanditPolicy",
    "BayesianSamplingAlgorithm",
    "Choice",
    "GridSamplingAlgorithm",
    "LogNormal",
    "LogUniform",
    "MedianStoppingPolicy",
    "Normal",
    "Objective",
    "QLogNormal",
    "QLogUniform",
    "QNormal",
    "QUniform",
    "Randint",
    "RandomSamplingAlgorithm",
    "SweepJob",
    "SweepJobLimits",
    "TruncationSelectionPolicy",
    "Uniform",
]


class Distribution(Part, model=sweep_settings.SearchParameter):
    """From which values a parameter is taken."""

    word = ""

    def __init__(self, *given: Any, **fields: Any) -> None:
        names = sweep_settings.DISTRIBUTIONS[self.word]
        if len(given) > len(names):
            raise TypeError(f"{type(self).__name__} takes {', '.join(names)}.")
        super().__init__({"type": self.word, **dict(zip(names, given, strict=False)), **fields})


class Choice(Distribution):
    """One of some values; a mapping among them may hold further distributions."""

    word = "choice"


class Uniform(Distribution):
    """A number between two bounds."""

    word = "uniform"


class QUniform(Distribution):
    """A number between two bounds, in steps of q."""

    word = "quniform"


class LogUniform(Distribution):
    """A number whose logarithm lies evenly between two bounds."""

    word = "loguniform"


class QLogUniform(Distribution):
    """The same, in steps of q."""

    word = "qloguniform"


class Normal(Distribution):
    """A number of a normal distribution."""

    word = "normal"


class QNormal(Distribution):
    """The same, in steps of q."""

    word = "qnormal"


class LogNormal(Distribution):
    """A number whose logarithm is of a normal distribution."""

    word = "lognormal"


class QLogNormal(Distribution):
    """The same, in steps of q."""

    word = "qlognormal"


class Randint(Distribution):
    """A whole number from 0, less than `upper`."""

    word = "randint"


class EarlyTerminationPolicy(Part, model=sweep_settings.EarlyTermination):
    """Which trials are stopped because others do better."""

    word = ""

    def __init__(self, **fields: Any) -> None:
        super().__init__({**fields, "type": self.word})


class BanditPolicy(EarlyTerminationPolicy):
    """Stops what is further than a slack from the best."""

    word = "bandit"


class MedianStoppingPolicy(EarlyTerminationPolicy):
    """Stops what is worse than the median of all averages."""

    word = "median_stopping"


class TruncationSelectionPolicy(EarlyTerminationPolicy):
    """Stops the worst part."""

    word = "truncation_selection"


class SamplingAlgorithm(Part, model=sweep_settings.Sampling):
    """How values are chosen."""

    word = ""

    def __init__(self, **fields: Any) -> None:
        super().__init__({**fields, "type": self.word})


class RandomSamplingAlgorithm(SamplingAlgorithm):
    """By chance, or along a Sobol sequence (`rule="sobol"`)."""

    word = "random"


class GridSamplingAlgorithm(SamplingAlgorithm):
    """Every combination."""

    word = "grid"


class BayesianSamplingAlgorithm(SamplingAlgorithm):
    """Where earlier trials were good."""

    word = "bayesian"


class Objective(Part, model=sweep_settings.Objective):
    """What is looked for."""

    def __init__(self, goal: str | None = None, primary_metric: str | None = None) -> None:
        super().__init__(goal=goal, primary_metric=primary_metric)


class SweepJobLimits(Part, model=sweep_settings.SweepLimits):
    """How much is tried."""


class SweepJob(Job):
    """Many trials of one command, each with other values."""

    def __init__(self, **fields: Any) -> None:
        super().__init__(**{"type": "sweep", **fields})

    def set_limits(self, **limits: Any) -> None:
        """Say how much is tried."""
        self.limits = _limits(self._document.get("limits"), limits)

    def set_objective(self, *, goal: str, primary_metric: str) -> None:
        """Say what is looked for."""
        self.objective = Objective(goal, primary_metric)


class SweepNode(Node):
    """A step of a pipeline that is a sweep: the best trial's outputs are its own."""

    def set_limits(self, *, timeout: int | None = None, **limits: Any) -> None:
        """Say how much is tried."""
        known = self._fields.get("limits")
        self._fields["limits"] = _limits(known, {"timeout": timeout, **limits})

    def as_field(self) -> dict[str, Any]:
        """Give the step as it stands in the pipeline's document."""
        found = super().as_field()
        trial = found.pop("component")
        return {**found, "type": "sweep", "trial": trial}


def sweep_of(node: Node, settings: Mapping[str, Any]) -> SweepJob | SweepNode:
    """Make a sweep of a step whose inputs hold distributions."""
    space = {name: one for name, one in node.inputs.items() if isinstance(one, Distribution)}
    rest = {name: one for name, one in node.inputs.items() if name not in space}
    said = {
        "search_space": space,
        "objective": Objective(settings.get("goal"), settings.get("primary_metric")),
        "limits": _limits(
            None,
            {
                name: settings.get(name)
                for name in (
                    "max_total_trials",
                    "max_concurrent_trials",
                    "timeout",
                    "trial_timeout",
                )
            },
        ),
        "sampling_algorithm": settings.get("sampling_algorithm", "random"),
        "early_termination": settings.get("early_termination_policy"),
        "compute": settings.get("compute"),
    }
    said = {name: one for name, one in said.items() if one}
    level = LEVEL.get()
    if level is None or node not in level:
        return SweepJob(trial=plain(node.as_field()["component"]), inputs=rest, **said)
    at = level.index(node)
    made = SweepNode(node.as_field()["component"], node.body(), rest)
    level.remove(made)
    level[at] = made
    for name, one in said.items():
        setattr(made, name, one)
    return made


def _limits(known: Mapping[str, Any] | None, given: Mapping[str, Any]) -> Fields:
    return SweepJobLimits(
        {**(known or {}), **{name: one for name, one in given.items() if one is not None}}
    )
