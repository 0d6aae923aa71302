"""Values that earlier trials suggest: Optuna's TPE or GP, over what is stored of them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from zaffre.errors import Invalid
from zaffre.kinds.resource import Json
from zaffre.kinds.sweep_settings import SearchParameter
from zaffre.services.sweeps.sampling import Space, at_quantile, nested, normal, placed

_UNIT = (1e-6, 1 - 1e-6)
_STARTUP_TRIALS = 8


@dataclass(frozen=True)
class Known:
    """A trial that was begun: its values, and its metric if it has ended with one."""

    params: Mapping[str, Json]
    value: float | None = None
    running: bool = False


def optuna() -> Any:
    """Load Optuna.

    Raises:
        Invalid: it is not installed.
    """
    try:
        found = import_module("optuna")
    except ImportError:
        raise Invalid(
            "Bayesian sampling needs Optuna.",
            hint="Install `zaffre[sweep]` where the server runs.",
        ) from None
    found.logging.set_verbosity(found.logging.WARNING)
    return found


def fitting_sampler(space: Space) -> str:
    """Name the sampler that fits: `gp` for numbers alone where torch is installed, else `tpe`."""
    is_numeric = all(parameter.type != "choice" for parameter in space.values())
    return "gp" if is_numeric and find_spec("torch") and find_spec("scipy") else "tpe"


def suggest(
    space: Space, goal: str, seed: int, known: Sequence[Known], sampler: str = "tpe"
) -> dict[str, Json]:
    """Give the values of the next trial."""
    library = optuna()
    seed = (seed + len(known)) % 2**32
    chosen = (
        library.samplers.GPSampler(seed=seed, n_startup_trials=_STARTUP_TRIALS)
        if sampler == "gp"
        else library.samplers.TPESampler(
            seed=seed, constant_liar=True, n_startup_trials=_STARTUP_TRIALS, multivariate=False
        )
    )
    study = library.create_study(direction=goal, sampler=chosen)
    for one in known:
        study.add_trial(_trial(library, space, one))
    asked = study.ask()
    return {name: _asked(asked, name, parameter) for name, parameter in space.items()}


def _asked(asked: Any, name: str, parameter: SearchParameter) -> Json:
    if parameter.type == "choice":
        values = parameter.values or []
        chosen = values[asked.suggest_categorical(name, list(range(len(values))))]
        inner = {key: _asked(asked, f"{name}.{key}", one) for key, one in nested(chosen).items()}
        return {**chosen, **inner} if isinstance(chosen, dict) else chosen
    if parameter.type == "randint":
        return int(asked.suggest_int(name, 0, int(parameter.upper or 1) - 1))
    low, high = _bounds(parameter)
    asked_for = float(asked.suggest_float(name, low, high))
    return placed(
        parameter, asked_for if _is_bounded(parameter) else at_quantile(parameter, asked_for)
    )


def _is_bounded(parameter: SearchParameter) -> bool:
    return parameter.min_value is not None and parameter.max_value is not None


def _bounds(parameter: SearchParameter) -> tuple[float, float]:
    """Give the ends of the study's axis: of a normal distribution, it is that of the quantiles."""
    if parameter.min_value is not None and parameter.max_value is not None:
        return parameter.min_value, parameter.max_value
    return _UNIT


def _trial(library: Any, space: Space, known: Known) -> Any:
    params: dict[str, Any] = {}
    kinds: dict[str, Any] = {}
    for name, parameter in space.items():
        if name in known.params:
            _place(library, name, parameter, known.params[name], (params, kinds))
    states = library.trial.TrialState
    if known.value is not None:
        return library.trial.create_trial(
            params=params, distributions=kinds, value=known.value, state=states.COMPLETE
        )
    state = states.RUNNING if known.running else states.FAIL
    return library.trial.create_trial(params=params, distributions=kinds, state=state)


def _place(
    library: Any, name: str, parameter: SearchParameter, value: Json, into: tuple[Any, Any]
) -> None:
    """Put a value where the study knows it; what does not belong to the space is left out."""
    params, kinds = into
    make = library.distributions
    if parameter.type == "choice":
        values = parameter.values or []
        at = next((at for at, one in enumerate(values) if _same(one, value)), None)
        if at is None:
            return
        kinds[name] = make.CategoricalDistribution(list(range(len(values))))
        params[name] = at
        for key, one in nested(values[at]).items():
            if isinstance(value, dict) and key in value:
                _place(library, f"{name}.{key}", one, value[key], into)
        return
    if not isinstance(value, int | float) or isinstance(value, bool):
        return
    if parameter.type == "randint":
        last = int(parameter.upper or 1) - 1
        if 0 <= int(value) <= last:
            kinds[name], params[name] = make.IntDistribution(0, last), int(value)
        return
    low, high = _bounds(parameter)
    kinds[name] = make.FloatDistribution(low, high)
    params[name] = min(max(_raw(parameter, float(value)), low), high)


def _raw(parameter: SearchParameter, value: float) -> float:
    """Give the point of the study's axis at which a value lies."""
    if "log" in parameter.type:
        value = math.log(value) if value > 0 else -math.inf
    return value if _is_bounded(parameter) else normal(parameter).cdf(value)


def _same(one: Json, value: Json) -> bool:
    """Say whether a value came of this one of a choice's: their constants are equal."""
    if isinstance(one, dict) and isinstance(value, dict):
        inner = nested(one)
        return set(one) == set(value) and all(
            key in inner or _same(one[key], value[key]) for key in one
        )
    return json.dumps(one) == json.dumps(value)
