"""Numbers of profile c1 (docs/arithmetic.md, "Numbers" and "Sums"), in a language that has no binary32.

A value is a Python float that binary32 can hold; memory is a list of bit patterns, 32 or 16 bits each. load() reads
memory as operands are read (subnormals flushed), words() and halves() store (NaN as one pattern). Sums of two binary32
values and products of them are exact in binary64, or so far from a tie that rounding twice is rounding once; only
fma() has to look closer.
"""

import math
import struct
from array import array
from fractions import Fraction

SMALLEST = 2.0**-126  # the smallest normal number
ROUNDS_TO_NORMAL = SMALLEST * (1 - 2.0**-25)  # from here on 24 bits round up to it
LARGEST = 2.0**128 - 2.0**104
OVERFLOWS = 2.0**128 - 2.0**103  # from here on results are infinite
INFINITY = math.inf
NAN = math.nan
SLOTS = 16

_pack, _unpack = struct.Struct("<f").pack, struct.Struct("<f").unpack
copysign = math.copysign


def nearest32(x):
    """The binary32 nearest x, subnormals among them; ties to even."""
    try:
        return _unpack(_pack(x))[0]
    except OverflowError:
        return copysign(INFINITY, x)


def settle(x, low=0.0):
    """The result whose exact value is x + low, |low| below half a unit of x in binary64: rounded once, flushed."""
    if abs(x) == OVERFLOWS and low * x < 0.0:
        return copysign(LARGEST, x)
    r = nearest32(x)
    if low and not math.isinf(r):
        half = x - r
        other = r + 2 * half
        if half and nearest32(other) == other:  # x is a tie, so `low` decides
            r = max(r, other) if low > 0 else min(r, other)
    if -SMALLEST <= r <= SMALLEST and r:
        size, rest = abs(x), low if x > 0 else -low
        if size < ROUNDS_TO_NORMAL or (size == ROUNDS_TO_NORMAL and rest < 0):
            return copysign(0.0, r)
        return copysign(SMALLEST, r)
    return r


def add(a, b):
    return settle(a + b)


def sub(a, b):
    return settle(a - b)


def mul(a, b):
    return settle(a * b)


def fma(a, b, c):
    p = a * b
    s = p + c
    part = s - p
    low = (p - (s - part)) + (c - part)  # Knuth's two-sum: s + low is a b + c
    return settle(s, low if low == low else 0.0)


def chain(a, b):
    """fma(a[k], b[k], .) over ascending k from +0; then + (+0)."""
    acc, cell = 0.0, array("f", [0.0])
    for x, y in zip(a, b):
        p = x * y
        s = p + acc
        cell[0] = s
        r = cell[0]
        # Where s is a b + acc exactly and no result is near the subnormals, its nearest binary32 is the result.
        if s - p != acc or s - acc != p or -SMALLEST <= r <= SMALLEST:
            r = fma(x, y, acc)
        acc = r
    return add(acc, 0.0)


def in_pairs(a):
    """The order in which products of bfloat16 take their elements: of each pair the odd one first."""
    a = list(a) + [0.0] * (len(a) % 2)
    a[0::2], a[1::2] = a[1::2], a[0::2]
    return a


def div(a, b):
    if a != a or b != b:
        return NAN
    if b == 0.0 or math.isinf(b) or math.isinf(a):
        if (b == 0.0 and a == 0.0) or (math.isinf(a) and math.isinf(b)):
            return NAN
        sign = copysign(1.0, a) * copysign(1.0, b)
        return sign * (INFINITY if b == 0.0 or math.isinf(a) else 0.0)
    q = a / b
    r = nearest32(q)
    if 0.0 < abs(r) <= SMALLEST:
        tiny = abs(Fraction(a)) < Fraction(ROUNDS_TO_NORMAL) * abs(Fraction(b))
        return copysign(0.0 if tiny else SMALLEST, r)
    return r


def sqrt(a):
    return NAN if a != a or a < 0.0 else a if a == 0.0 or a == INFINITY else nearest32(math.sqrt(a))


def maximum(a, b):
    return a if a > b else b


def minimum(a, b):
    return a if a < b else b


def constant(text):
    """A number as C++ writes it in hexadecimal, or a decimal rounded to binary32."""
    return float.fromhex(text) if "0x" in text else nearest32(float(text))


def as_they_are(patterns):
    """Subnormals too."""
    out = array("f")
    out.frombytes(array("I", patterns).tobytes())
    return list(out)


def flushed(x):
    return x if x >= SMALLEST or x <= -SMALLEST or x != x else copysign(0.0, x)


def load(patterns):
    return [flushed(x) for x in as_they_are(patterns)]


def load16(patterns):
    return load([p << 16 for p in patterns])


def words(values):
    out = array("I")
    out.frombytes(array("f", values).tobytes())
    return [0x7FC00000 if p & 0x7FFFFFFF > 0x7F800000 else p for p in out]


def halves(values):
    """Rounded to bfloat16: to nearest, ties to even."""
    return [0x7FC0 if p == 0x7FC00000 else (p + 0x7FFF + (p >> 16 & 1)) >> 16 for p in words(values)]


def rounded(values):
    return load16(halves(values))


def in_bytes(patterns, width=4):
    return array({4: "I", 2: "H", 1: "B"}[width], patterns).tobytes()


def tree(slots, combine):
    half = SLOTS // 2
    slots = list(slots)
    while half:
        for i in range(half):
            slots[i] = combine(slots[i], slots[i + half])
        half //= 2
    return slots[0]


def slot_sum(steps):
    """steps: for each element what its slot becomes of what it was."""
    slots = [0.0] * SLOTS
    for i, step in enumerate(steps):
        slots[i % SLOTS] = step(slots[i % SLOTS])
    if len(steps) % SLOTS:  # padding with +0 makes -0 +0
        for i in range(len(steps) % SLOTS, SLOTS):
            slots[i] = add(slots[i], 0.0)
    return tree(slots, add)


def sum_of(values):
    return slot_sum([lambda s, x=x: add(s, x) for x in values])


def dot(a, b):
    return slot_sum([lambda s, x=x, y=y: fma(x, y, s) for x, y in zip(a, b)])


def highest(values):
    slots = [-INFINITY] * SLOTS
    padded = list(values) + [-INFINITY] * (-len(values) % SLOTS)
    for i, x in enumerate(padded):
        slots[i % SLOTS] = maximum(slots[i % SLOTS], x)
    return tree(slots, maximum)


def fold_of(there, terms, fold):
    """there + a chain for each `fold` terms, in order; a term is a function from the chain before it."""
    for begin in range(0, len(terms), fold or len(terms)):
        chain = 0.0
        for term in terms[begin : begin + (fold or len(terms))]:
            chain = term(chain)
        there = add(there, chain)
    return there
