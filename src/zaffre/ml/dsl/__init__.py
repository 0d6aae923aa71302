"""Pipelines, their control nodes and their components as Python functions."""

from __future__ import annotations

from zaffre.ml.dsl.control import condition, do_while, if_else, parallel_for
from zaffre.ml.dsl.functions import FunctionComponent, command_component
from zaffre.ml.dsl.pipelines import pipeline
from zaffre.ml.entities.ports import Input, Output
from zaffre.ml.nodes import Node, PipelineInput, PipelineParameter

__all__ = [
    "FunctionComponent",
    "Input",
    "Node",
    "Output",
    "PipelineInput",
    "PipelineParameter",
    "command_component",
    "condition",
    "do_while",
    "if_else",
    "parallel_for",
    "pipeline",
]
