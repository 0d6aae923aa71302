"""Flavors of plain model files: which library loads a file that no MLmodel describes. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from zaffre.errors import Invalid
from zaffre.kinds.near import advice, listed
from zaffre.kinds.resource import Json

SUFFIXES: Mapping[str, tuple[str, ...]] = {
    "sklearn": (".joblib", ".pkl", ".pickle"),
    "lightgbm": (".lgb", ".lgbm", ".txt"),
    "xgboost": (".ubj", ".xgb", ".json", ".bst"),
    "onnx": (".onnx",),
    "pytorch": (".pt", ".pt2", ".pth"),
    "keras": (".keras",),
}
"""Flavors that are served without a script, and how their files are called."""

PACKAGES: Mapping[str, str] = {
    "sklearn": "scikit-learn",
    "onnx": "onnxruntime",
    "pytorch": "torch",
}
"""What is installed for a flavor, where it is not called as the flavor is."""

UNSURE = frozenset({".txt", ".json"})
"""Suffixes that many other files have, too: there the flavor has to be declared."""

_FILE_FIELDS = ("data", "pickled_model", "path")
_HINT = (
    "Declare it (`flavors: {lightgbm: {data: model.txt}}`), or give `code_configuration` with a "
    "scoring script."
)


@dataclass(frozen=True)
class PlainModel:
    """A model that is one file: its flavor, and its path among the model's files."""

    flavor: str
    path: str


def plain_model(declared: Mapping[str, Json] | None, paths: Sequence[str]) -> PlainModel:
    """Say what a model without script and without MLmodel is, by what is declared or evident.

    Raises:
        Invalid: it is neither.
    """
    if declared:
        return _declared(declared, paths)
    evident = [
        PlainModel(flavor, path)
        for path in paths
        for flavor, suffixes in SUFFIXES.items()
        if path.lower().endswith(suffixes) and not path.lower().endswith(tuple(UNSURE))
    ]
    if len(evident) == 1:
        return evident[0]
    found = listed(one.path for one in evident) if evident else listed(paths)
    why = "several of its files could be the model" if evident else "none of its files says"
    raise Invalid(
        f"A model without a script needs a flavor, and {why} which one: {found}.", hint=_HINT
    )


def _declared(declared: Mapping[str, Json], paths: Sequence[str]) -> PlainModel:
    known = [name for name in declared if name in SUFFIXES]
    if not known:
        name = next(iter(declared))
        hint = advice(name, list(SUFFIXES))
        raise Invalid(f"Flavor `{name}` is not served without a script.", hint=hint)
    flavor = known[0]
    told = declared[flavor]
    fields = told if isinstance(told, dict) else {}
    named = next((fields[one] for one in _FILE_FIELDS if fields.get(one)), None)
    if named is not None:
        return PlainModel(flavor, _matching(str(named), paths))
    fitting = [path for path in paths if path.lower().endswith(SUFFIXES[flavor])]
    if len(fitting) != 1:
        raise Invalid(
            f"Flavor `{flavor}` is declared, but not which file it is of: {listed(paths)}.",
            hint=f"Name it: `flavors: {{{flavor}: {{data: FILE}}}}`.",
        )
    return PlainModel(flavor, fitting[0])


def _matching(named: str, paths: Sequence[str]) -> str:
    """Give the path that a declaration names, from the model's root or its one folder."""
    for path in paths:
        if path == named or path.endswith(f"/{named}"):
            return path
    raise Invalid(f"The model has no file `{named}`.", hint=advice(named, list(paths)))
