"""Which deployment gets a call: exact shares over a hundred calls, or the same for one caller."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from hashlib import blake2b

WINDOW = 100
HASH_BYTES = 8

Turns = tuple[str | None, ...]


def turns(shares: Mapping[str, int]) -> Turns:
    """Order a hundred turns, evenly mixed: any hundred in a row give each exactly its share.

    What is left of a hundred is nobody's turn.
    """
    weights: dict[str | None, int] = {None: WINDOW - sum(shares.values())}
    weights.update(shares)
    due = dict.fromkeys(weights, 0)
    order: list[str | None] = []
    for _ in range(WINDOW):
        for name, weight in weights.items():
            due[name] += weight
        first = max(due, key=due.__getitem__)
        due[first] -= WINDOW
        order.append(first)
    return tuple(order)


def kept(shares: Mapping[str, int], caller: bytes) -> str | None:
    """Give the deployment of a caller: by shares over many callers, always the same for one.

    When shares change, only callers of a deployment that loses go to one that gains
    (weighted rendezvous hashing).
    """
    wanted = {name: share for name, share in shares.items() if share}
    return max(wanted, key=lambda name: _score(name, wanted[name], caller), default=None)


def _score(name: str, share: int, caller: bytes) -> float:
    digest = blake2b(name.encode() + b"\0" + caller, digest_size=HASH_BYTES).digest()
    draw = (int.from_bytes(digest, "big") + 0.5) / 256**HASH_BYTES
    return -share / math.log(draw)


class Rota:
    """Whose turn it is, for each of several lists of turns."""

    def __init__(self) -> None:
        self._next: dict[Hashable, int] = {}

    def take(self, key: Hashable, order: Turns) -> str | None:
        """Give who is next in a list, and move on."""
        at = self._next.get(key, 0)
        self._next[key] = (at + 1) % len(order)
        return order[at]
