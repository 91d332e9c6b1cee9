"""Inputs of the published vectors, drawn in order from one stream (docs/arithmetic.md, "Published vectors")."""

from functions import Stream
from c1 import words

PLAIN, TINY, SPECIAL = "plain", "tiny", "special"


class Inputs:
    def __init__(self, seed, flavour):
        self._stream = Stream(seed, 0x63617365)
        self._flavour = flavour
        self._at = 0

    def _next(self):
        self._at += 1
        return self._at - 1

    def _draw(self):
        w = self._stream.word(self._next())
        kind, sign, fraction = w & 63, w & 0x80000000, w >> 6 & 0x007FFFFF
        exponent = 120 + (w >> 29 & 3) * 2 + (w >> 6) % 2
        if self._flavour == TINY and kind < 48:
            exponent = 0 if kind < 16 else 60 + kind % 8 if kind < 40 else 1 + kind % 8
        if self._flavour == SPECIAL and kind == 0:
            return sign | 0x7F800000
        if self._flavour == SPECIAL and kind == 1:
            return sign | 0x7F800001 | fraction
        return sign if kind == 2 else sign | exponent << 23 | fraction

    def floats(self, n):
        return [self._draw() for _ in range(n)]

    def positive(self, n):
        return words([0.5 + self._stream.uniform(self._next()) for _ in range(n)])

    def bf16s(self, n):
        """Cut, not rounded; a NaN stays one."""
        return [u >> 16 | (u & 0x7FFFFFFF > 0x7F800000) for u in self.floats(n)]

    def ids(self, n, bound):
        return [self._stream.below(self._next(), bound) for _ in range(n)]

    def between(self, low, high):
        return low + self._stream.below(self._next(), high - low + 1)
