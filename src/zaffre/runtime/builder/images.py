"""Container images: there is nothing to build, but they must be on this machine."""

from __future__ import annotations

from typing import Any

from zaffre.runtime.builder.order import Order
from zaffre.runtime.builder.state import BuildError
from zaffre.runtime.builder.tool import Ended, Tool, say


def fetch(tool: Tool, order: Order) -> dict[str, Any]:
    """Give what is known of an order's image, which is fetched if it is not here.

    Raises:
        BuildError: it cannot be had; the engine's words are in it.
    """
    image = order.recipe.image
    found = _inspect(tool, order.engine, image)
    if found.status != 0:
        say(f"Fetching the image {image}")
        fetched = tool.start([order.engine, "pull", "--quiet", image])
        if fetched.status != 0:
            raise _absent(image, fetched)
        found = _inspect(tool, order.engine, image)
    digest = found.answer.strip()
    if found.status != 0 or not digest:
        raise _absent(image, found)
    return {
        "image": digest,
        "engine": order.engine,
        "python": order.engine,
        "bin": "",
        "venv": "",
        "version": "",
        "packages": [],
        "warnings": [],
        "relaxed": [],
        "durable": True,
    }


def _inspect(tool: Tool, engine: str, image: str) -> Ended:
    command = [engine, "image", "inspect", "--format", "{{.Id}}", image]
    return tool.start(command, quietly=True)


def _absent(image: str, ended: Ended) -> BuildError:
    said = [line.strip() for line in ended.messages.splitlines() if line.strip()]
    why = f" {said[-1].rstrip('.')}." if said else ""
    return BuildError(
        f"The image `{image}` cannot be had.{why}",
        "Check its name, or fetch it by hand with the engine, then build again.",
    )
