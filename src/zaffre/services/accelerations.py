"""What compiling a deployment's model needs: rows to compare on, and the converters."""

from __future__ import annotations

from typing import NamedTuple

from zaffre.errors import Invalid
from zaffre.kinds import names
from zaffre.kinds.acceleration import PACKAGES, Acceleration
from zaffre.kinds.data import DataStatus
from zaffre.kinds.inline import InlineEnvironment
from zaffre.kinds.reference import Asset, parse_remote
from zaffre.kinds.resource import Json, Key
from zaffre.kinds.tree import Tree
from zaffre.services import files, trees
from zaffre.services.context import Context


class SampleFile(NamedTuple):
    """A stored file: its tree, and its path there."""

    tree: str
    path: str


def sample_file(ctx: Context, workspace: str, wanted: Acceleration | None) -> SampleFile | None:
    """Find the sample data that a deployment names.

    Raises:
        NotFound: it is not there.
        Invalid: it is more than one file.
    """
    if wanted is None or wanted.sample_data is None:
        return None
    place = parse_remote(wanted.sample_data)
    if isinstance(place, Asset):
        tree = _of_asset(ctx, workspace, place)
    else:
        tree = files.resolve(ctx, workspace, place).tree
    if len(tree.leaves) != 1:
        raise Invalid(
            f"`acceleration.sample_data` holds {len(tree.leaves)} files.",
            hint="Name one file of rows.",
        )
    return SampleFile(tree.digest, tree.leaves[0].path)


def _of_asset(ctx: Context, workspace: str, asset: Asset) -> Tree:
    version = asset.version or asset.label or names.LATEST
    found = ctx.metadata.get(Key("data", workspace, asset.name, version)).status
    if not isinstance(found, DataStatus) or found.tree is None:
        raise Invalid(
            f"The content of `{asset}` is not kept here.", hint="Register it from a local file."
        )
    return trees.hold(ctx, found.tree)


def with_converters(environment: InlineEnvironment) -> InlineEnvironment:
    """Give the environment that a model brings, with what compiling it needs."""
    lines = environment.requirements
    if isinstance(lines, list):
        return environment.model_copy(update={"requirements": [*lines, *PACKAGES]})
    conda = environment.conda_file
    if not isinstance(conda, dict):
        return environment
    given = conda.get("dependencies")
    needed: list[Json] = [*(given if isinstance(given, list) else []), {"pip": list(PACKAGES)}]
    return environment.model_copy(update={"conda_file": {**conda, "dependencies": needed}})
