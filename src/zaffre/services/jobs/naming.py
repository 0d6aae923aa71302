"""Names for jobs that were given none: two words that can be said, and random letters."""

from __future__ import annotations

import secrets

_ADJECTIVES = """
amber ample azure brave brief bright brisk calm careful cheerful clear clever cool coral crisp
curious dapper daring eager early easy fair fancy fine fresh gentle glad golden good grand
green happy honest icy ivory jade jolly keen kind lively lucid lucky magic mellow merry mild
modest neat nice nimble noble olive orange patient plucky polite prime proud purple quick quiet
ready red rosy royal sandy serene sharp shiny silent silver simple sincere smart snug solid
steady strong sunny swift tidy tough true vivid warm wise witty zesty
"""
_NOUNS = """
acorn apple arrow basket bean beach bell berry bird boat bridge brook brush button candle
canyon carrot castle cherry cloud clover comet coral crane crown daisy dune eagle falcon
feather fern fig field forest fox garden glacier grape harbor hat hawk hill honey island ivy
jelly kettle kite lake lantern leaf lemon lime lion lotus maple meadow melon moon nest oak
ocean onion orchid otter owl panda parrot pasta peach pear pepper pine planet plum pond pot
rabbit rain river rose sail salmon shell sky spade spoon spruce squash star stone sun swan tree
tulip turtle valley violet walnut wave whale wheat willow wind wolf yam zebra
"""
_LETTERS = "0123456789bcdfghjklmnpqrstvwxyz"
_RANDOM = 10


def fresh() -> str:
    """Make a name that no job has: `salmon_bean`-like words and ten random letters."""
    tail = "".join(secrets.choice(_LETTERS) for _ in range(_RANDOM))
    words = [secrets.choice(text.split()) for text in (_ADJECTIVES, _NOUNS)]
    return "_".join([*words, tail])
