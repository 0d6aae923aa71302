"""The values of a trial follow from its number and the seed: asked again, they are the same."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping
from statistics import NormalDist
from typing import Any

from zaffre.kinds.resource import Json
from zaffre.kinds.sweep_settings import SearchParameter
from zaffre.services.sweeps.sobol import point

Space = Mapping[str, SearchParameter]
Units = Callable[[], float]

_EDGE = 1e-12
_LONGEST = 300


def sample(space: Space, rule: str, seed: int, number: int) -> dict[str, Json] | None:
    """Give the values of a trial, counted from 0; None where a grid is at its end."""
    if rule == "grid":
        return combination(space, number) if number < combinations(space) else None
    chance = random.Random(f"{seed}/{number}")  # noqa: S311 (nothing secret)
    if rule != "sobol":
        return {name: drawn(one, chance.random) for name, one in space.items()}
    units = iter(point(number, dimensions(space), seed))
    return {
        name: drawn(one, lambda: next(units, None) or chance.random())
        for name, one in space.items()
    }


def dimensions(space: Space) -> int:
    """Say how many numbers one sample takes at the most."""
    return sum(1 + _inner_dimensions(one) for one in space.values())


def _inner_dimensions(parameter: SearchParameter) -> int:
    return max(
        (
            sum(1 + _inner_dimensions(one) for one in nested(value).values())
            for value in parameter.values or ()
        ),
        default=0,
    )


def nested(value: Json) -> dict[str, SearchParameter]:
    """Give the parameters that a value of a choice holds."""
    if not isinstance(value, dict):
        return {}
    return {
        name: SearchParameter.model_validate(one)
        for name, one in value.items()
        if isinstance(one, dict) and "type" in one
    }


def drawn(parameter: SearchParameter, unit: Units) -> Json:
    """Give the value at a point between 0 and 1 of a distribution."""
    at = unit()
    if parameter.type == "choice":
        values = parameter.values or []
        chosen = values[min(int(at * len(values)), len(values) - 1)]
        inner = {name: drawn(one, unit) for name, one in nested(chosen).items()}
        return {**chosen, **inner} if isinstance(chosen, dict) else chosen
    if parameter.type == "randint":
        return min(int(at * int(parameter.upper or 1)), int(parameter.upper or 1) - 1)
    return placed(parameter, at_quantile(parameter, at))


def at_quantile(parameter: SearchParameter, at: float) -> float:
    """Give the number below which a share of a distribution lies; of logarithms, the logarithm."""
    if parameter.min_value is not None and parameter.max_value is not None:
        return parameter.min_value + at * (parameter.max_value - parameter.min_value)
    return normal(parameter).inv_cdf(min(max(at, _EDGE), 1 - _EDGE))


def normal(parameter: SearchParameter) -> NormalDist:
    """Give the normal distribution of a parameter that has `mu` and `sigma`."""
    return NormalDist(parameter.mu or 0.0, parameter.sigma or 1.0)


def placed(parameter: SearchParameter, value: float) -> float:
    """Give a number as it is used: of a logarithm, the power; rounded to steps."""
    if "log" in parameter.type:
        value = math.exp(min(value, _LONGEST))
    if parameter.q and parameter.type.startswith("q") and math.isfinite(value / parameter.q):
        value = round(value / parameter.q) * parameter.q
        # A step of 0.1 shall give 0.3, not 0.30000000000000004.
        value = float(f"{value:.12g}")
    return value


def grid(space: Space) -> Iterator[dict[str, Json]]:
    """Give all combinations, the last parameter changing first."""
    return (combination(space, number) for number in range(combinations(space)))


def combinations(space: Space) -> int:
    """Count the combinations of a grid."""
    return math.prod(_count(one) for one in space.values())


def combination(space: Space, number: int) -> dict[str, Json]:
    """Give the combination of a number, without going through those before it."""
    found: dict[str, Json] = {}
    for name, parameter in reversed(list(space.items())):
        number, at = divmod(number, _count(parameter))
        found[name] = _nth(parameter, at)
    return {name: found[name] for name in space}


def _count(parameter: SearchParameter) -> int:
    if parameter.type == "randint":
        return int(parameter.upper or 1)
    if parameter.type == "quniform":
        first, last = _steps(parameter)
        return last - first + 1
    return sum(combinations(nested(value)) for value in parameter.values or ())


def _nth(parameter: SearchParameter, at: int) -> Json:
    if parameter.type == "randint":
        return at
    if parameter.type == "quniform":
        return float(f"{(_steps(parameter)[0] + at) * (parameter.q or 1):.12g}")
    for value in parameter.values or ():
        inner = nested(value)
        count = combinations(inner)
        if at < count:
            return {**value, **combination(inner, at)} if isinstance(value, dict) else value
        at -= count
    raise IndexError(at)


def _steps(parameter: SearchParameter) -> tuple[int, int]:
    q = parameter.q or 1
    return round((parameter.min_value or 0) / q), round((parameter.max_value or 0) / q)


def flat(params: Mapping[str, Any], prefix: str = "") -> dict[str, Json]:
    """Give the values by name, those within a value as `name.inner`."""
    found: dict[str, Json] = {}
    for name, value in params.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = value
    return found
