"""Decorators that say what `run` takes and gives."""

from __future__ import annotations

import functools
import inspect
from typing import Any, Callable, TypeVar

from inference_schema.parameter_types.abstract_parameter_type import AbstractParameterType
from inference_schema.schema_util import Schemas, schemas_of

Function = TypeVar("Function", bound=Callable[..., Any])


def input_schema(
    param_name: str,
    param_type: AbstractParameterType,
    convert_to_provided_type: bool = True,
    optional: bool = False,
) -> Callable[[Function], Any]:
    """Say of which type a parameter is; its JSON value becomes that type before `run` sees it."""
    _check(param_type)

    def decorate(function: Function) -> Any:
        schemas = schemas_of(function)
        if param_name not in schemas.names:
            raise ValueError(f"`{param_name}` is no parameter of the decorated function.")
        schemas.add_input(
            param_name, param_type.input_to_swagger(), param_type.supported_versions()
        )

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            if not convert_to_provided_type:
                return function(*args, **kwargs)
            given = inspect.signature(function).bind(*args, **kwargs)
            if param_name in given.arguments and not (
                optional and not given.arguments[param_name]
            ):
                given.arguments[param_name] = converted(given.arguments[param_name], param_type)
            return function(*given.args, **given.kwargs)

        return _marked(call, schemas)

    return decorate


def output_schema(output_type: AbstractParameterType) -> Callable[[Function], Any]:
    """Say what `run` gives."""
    _check(output_type)

    def decorate(function: Function) -> Any:
        schemas = schemas_of(function)
        schemas.set_output(output_type.input_to_swagger(), output_type.supported_versions())

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        return _marked(call, schemas)

    return decorate


def converted(value: Any, wanted: AbstractParameterType) -> Any:
    """Turn a JSON value into the type of a sample, also inside dictionaries and lists."""
    if wanted.sample_data_type is dict:
        if not isinstance(value, dict):
            raise ValueError(
                f"Invalid input data type to parse. Expected: {dict} but got {type(value)}"
            )
        inner = getattr(wanted, "sample_data_type_map", {})
        return {
            key: converted(one, inner[key]) if key in inner else one for key, one in value.items()
        }
    if wanted.sample_data_type in (list, tuple):
        if not isinstance(value, (list, tuple)):
            raise ValueError(
                f"Invalid input data type to parse. Expected: {list} but got {type(value)}"
            )
        items = getattr(wanted, "sample_data_type_list", [])
        return [converted(one, items[0]) for one in value] if items else value
    return value if isinstance(value, wanted.sample_data_type) else wanted.deserialize_input(value)


def _check(given: Any) -> None:
    if not isinstance(given, AbstractParameterType):
        raise TypeError("A parameter type is needed, such as NumpyParameterType(sample).")


def _marked(function: Callable[..., Any], schemas: Schemas) -> Any:
    setattr(function, Schemas.ATTRIBUTE, schemas)
    return function
