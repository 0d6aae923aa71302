"""The built-in catalogue: curated names and the pip requirements that they stand for. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

REGISTRIES = ("azureml", "azureml-preview", "azureml-msr", "azureml-meta", "zaffre")
"""Registries whose environments the catalogue stands in for."""

_TABLES = ("numpy", "pandas<3", "scipy", "pyarrow", "matplotlib")
_TRACKING = ("mlflow>=2.9,<4", "cloudpickle", "psutil")
_SCORING = ("inference-schema[numpy-support,pandas-support]",)
_EVERYWHERE = (*_TABLES, *_TRACKING, *_SCORING, "joblib", "tqdm")


@dataclass(frozen=True)
class Family:
    """A group of curated names: how they begin and what they bring; `{v}` is the name's version.

    `versioned` is the requirement when the name has a version, `plain` when it has none.
    """

    name: str
    begins: tuple[str, ...]
    plain: tuple[str, ...]
    versioned: tuple[str, ...] = ()
    rest: tuple[str, ...] = _EVERYWHERE
    says: str = ""


@dataclass(frozen=True)
class Curated:
    """A catalogue entry found by name."""

    name: str
    family: str
    requirements: tuple[str, ...]


FAMILIES = (
    Family(
        "sklearn",
        ("sklearn", "scikit-learn"),
        ("scikit-learn>=1.5",),
        ("scikit-learn~={v}.0",),
        says="scikit-learn of the version in the name",
    ),
    Family(
        "lightgbm",
        ("lightgbm",),
        ("lightgbm>=3.2", "scikit-learn"),
        ("lightgbm>={v}", "scikit-learn"),
        says="LightGBM and scikit-learn",
    ),
    Family(
        "xgboost",
        ("xgboost",),
        ("xgboost-cpu>=2", "scikit-learn"),
        ("xgboost-cpu>={v}", "scikit-learn"),
        says="XGBoost (CPU) and scikit-learn",
    ),
    Family(
        "pytorch",
        ("pytorch", "torch"),
        ("torch==2.13.0", "scikit-learn"),
        says="PyTorch and scikit-learn",
    ),
    Family(
        "tensorflow",
        ("tensorflow",),
        ("tensorflow-cpu>=2.16", "scikit-learn"),
        says="TensorFlow (CPU) and scikit-learn",
    ),
    Family(
        "automl",
        ("ai-ml-automl", "automl"),
        ("scikit-learn>=1.5", "lightgbm", "xgboost-cpu"),
        says="scikit-learn, LightGBM and XGBoost",
    ),
    Family("sdk", ("python-sdk",), ("pyyaml", "requests"), says="tables and tracking"),
    Family(
        "minimal",
        ("minimal",),
        ("numpy", "inference-schema[numpy-support]"),
        rest=(),
        says="only what a scoring script needs",
    ),
)

_BEFORE = re.compile(r"^(?:azureml-)?(?:acpt-|acft-)?", re.IGNORECASE)


def find(name: str) -> Curated | None:
    """Give the entry of a curated name such as `AzureML-sklearn-1.5`, or None."""
    bare = _BEFORE.sub("", name.lower(), count=1)
    for family in FAMILIES:
        for start in family.begins:
            found = re.fullmatch(
                re.escape(start) + r"(?:-v?(?P<v>\d+\.\d+))?(?:\.\d+)?(?:-.*)?", bare
            )
            if found:
                return Curated(name, family.name, _requirements(family, found["v"]))
    return None


def _requirements(family: Family, version: str | None) -> tuple[str, ...]:
    if version and family.versioned:
        chosen = tuple(line.format(v=version) for line in family.versioned)
    else:
        chosen = family.plain
    return (*chosen, *(line for line in family.rest if line not in chosen))
