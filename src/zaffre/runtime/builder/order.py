"""What the server asks the builder for: `recipe.json` of an environment's folder."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from zaffre.kinds.interpreter import Interpreter
from zaffre.kinds.lock import Lock
from zaffre.kinds.recipe import Recipe

ORDER = "recipe.json"


@dataclass(frozen=True)
class Order:
    """One environment to build, with what the server knows of the machine and its settings.

    `pythons` are the interpreters of this machine, the server's own first. `strict` allows no
    substitute for what was asked; `downloads` allows uv to fetch a Python; `hidden` is the home,
    which builds must not see; `lock` says what exactly to install; `wheels` is a
    cache that only ever sees wheels; `engine` runs the recipe's image. Times are in seconds.
    """

    hash: str
    recipe: Recipe
    pythons: tuple[Interpreter, ...]
    strict: bool = False
    downloads: bool = True
    timeout: float = 1800.0
    channel_timeout: float = 15.0
    hidden: str = ""
    lock: Lock | None = None
    wheels: str = ""
    engine: str = ""


def read(folder: Path) -> Order:
    """Read the order that lies in a folder."""
    document = json.loads((folder / ORDER).read_text(encoding="utf-8"))
    recipe = Recipe.from_json(document.pop("recipe"))
    pythons = tuple(Interpreter(**each) for each in document.pop("pythons"))
    text = document.pop("lock", "")
    lock = Lock.from_text(text) if text else None
    return Order(recipe=recipe, pythons=pythons, lock=lock, **document)
