"""Points of a Sobol sequence, shifted by a seed. Pure.

Direction numbers: S. Joe and F. Y. Kuo, `new-joe-kuo-6` (free for any use), for 21 dimensions.
"""

from __future__ import annotations

import random

_BITS = 32
_SCALE = 1 << _BITS
_TABLE: tuple[tuple[int, tuple[int, ...]], ...] = (
    (0, (1,)),
    (1, (1, 3)),
    (1, (1, 3, 1)),
    (2, (1, 1, 1)),
    (1, (1, 1, 3, 3)),
    (4, (1, 3, 5, 13)),
    (2, (1, 1, 5, 5, 17)),
    (4, (1, 1, 5, 5, 5)),
    (7, (1, 1, 7, 11, 19)),
    (11, (1, 1, 5, 1, 1)),
    (13, (1, 1, 1, 3, 11)),
    (14, (1, 3, 5, 5, 31)),
    (1, (1, 3, 3, 9, 7, 49)),
    (13, (1, 1, 1, 15, 21, 21)),
    (16, (1, 3, 1, 13, 27, 49)),
    (19, (1, 1, 1, 15, 7, 5)),
    (22, (1, 3, 1, 15, 13, 25)),
    (25, (1, 1, 5, 5, 19, 61)),
    (1, (1, 3, 7, 11, 23, 15, 103)),
    (4, (1, 3, 7, 13, 13, 15, 69)),
)
MOST = len(_TABLE) + 1
"""How many dimensions there are; further ones are left to chance."""


def point(number: int, dimensions: int, seed: int) -> list[float]:
    """Give the coordinates of the point of a number, each at least 0 and less than 1."""
    shifts = random.Random(f"sobol/{seed}")  # noqa: S311 (nothing secret)
    found = []
    for dimension in range(min(dimensions, MOST)):
        shift = shifts.getrandbits(_BITS)
        found.append((_coordinate(number, dimension) ^ shift) / _SCALE)
    return found


def _coordinate(number: int, dimension: int) -> int:
    gray, value = number ^ (number >> 1), 0
    for bit, direction in enumerate(_directions(dimension)):
        if gray >> bit & 1:
            value ^= direction
    return value


def _directions(dimension: int) -> list[int]:
    if dimension == 0:
        return [1 << (_BITS - 1 - bit) for bit in range(_BITS)]
    polynomial, first = _TABLE[dimension - 1]
    degree = len(first)
    found = [one << (_BITS - 1 - bit) for bit, one in enumerate(first)]
    for bit in range(degree, _BITS):
        value = found[bit - degree] ^ (found[bit - degree] >> degree)
        for at in range(1, degree):
            if polynomial >> (degree - 1 - at) & 1:
                value ^= found[bit - at]
        found.append(value)
    return found
