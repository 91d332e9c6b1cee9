"""The other operations over rows of channels (docs/arithmetic.md, "Operations")."""

from c1 import (
    add, constant, div, fma, halves, highest, in_bytes, load, load16, mul, nearest32, slot_sum, sub, words)
from functions import TWO_PI, Stream, cos, dropout_factors, erf, exp, log, sigmoid, sin
from layout import bias_chain, flat, lines, shape_of


def scaled(f, factor, original, low=1.0, high=4.0):
    slow = div(f, factor)
    turns = div(mul(f, original), TWO_PI)
    if not original or turns < low:
        return slow
    if turns > high:
        return f
    share = div(sub(turns, low), sub(high, low))
    return fma(share, f, mul(sub(1.0, share), slow))


def rope_tables(time, turned, base, factor=1.0, original=0.0):
    frequencies = [exp(mul(div(-2.0 * i, float(turned)), log(base))) for i in range(turned // 2)]
    if factor != 1.0:
        frequencies = [scaled(f, factor, original) for f in frequencies]
    angles = [[mul(float(t), f) for f in frequencies] for t in range(time)]
    return [[cos(a) for a in row] for row in angles], [[sin(a) for a in row] for row in angles]


def turn(x, c, s, interleaved):
    half = len(c)
    first, second = (x[0 : 2 * half : 2], x[1 : 2 * half : 2]) if interleaved else (x[:half], x[half : 2 * half])
    a = [fma(p, u, -mul(q, v)) for p, q, u, v in zip(first, second, c, s)]
    b = [fma(q, u, mul(p, v)) for p, q, u, v in zip(first, second, c, s)]
    return (flat(zip(a, b)) if interleaved else a + b) + x[2 * half :]


def rope_of(x, heads, rotated, width, time, first, tables, back, interleaved=False):
    out = []
    for r, row in enumerate(lines(x, heads * width)):
        c, s = tables[0][first + r % time], tables[1][first + r % time]
        s = [-a for a in s] if back else s
        for h, head in enumerate(lines(row, width)):
            out += turn(head, c, s, interleaved) if h < rotated else head
    return in_bytes(halves(out), 2)


def rope(draws, size):
    time, width = draws.between(1, size), 2 * draws.between(1, 20)
    heads, first = draws.between(2, 4), draws.between(0, 9)
    tables = rope_tables(first + time, width, 10000.0)
    x = load(draws.floats(2 * time * heads * width))
    out = in_bytes(words(flat(tables[0]))) + in_bytes(words(flat(tables[1])))
    for back in (False, True):
        out += rope_of(x, heads, heads - 1, width, time, first, tables, back)
    return out


def rope_partial(draws, size):
    time, half, rest = draws.between(1, size), draws.between(1, 20), draws.between(0, 20)
    width, heads = 2 * half + rest, draws.between(1, 4)
    tables = rope_tables(time, 2 * half, 500.0)
    x = load(draws.floats(time * heads * width))
    return b"".join(rope_of(x, heads, heads, width, time, 0, tables, back, interleaved)
                    for interleaved in (False, True) for back in (False, True))


def rope_scaled(draws, size):
    time, half = draws.between(1, size), draws.between(1, 40)
    original, out = float(draws.between(100, 10000)), b""
    for scaling in ((3.0, 0.0), (8.0, original)):
        for table in rope_tables(time, 2 * half, 10000.0, *scaling):
            out += in_bytes(words(flat(table)))
    return out


def swiglu_row(row):
    """gate [F] and up [F] side by side to [F]."""
    half = len(row) // 2
    return [mul(mul(g, sigmoid(g)), u) for g, u in zip(row[:half], row[half:])]


def swiglu_row_back(row, d):
    gate, up = row[: len(d)], row[len(d) :]
    s = [sigmoid(g) for g in gate]
    dgate = [mul(mul(c, u), mul(a, fma(g, sub(1.0, a), 1.0))) for c, u, a, g in zip(d, up, s, gate)]
    return dgate + [mul(c, mul(g, a)) for c, g, a in zip(d, gate, s)]


def swiglu(draws, size):
    rows, hidden = draws.between(1, size), draws.between(1, size)
    x, dy = lines(load(draws.floats(rows * 2 * hidden)), 2 * hidden), lines(load(draws.floats(rows * hidden)), hidden)
    y, dx = flat(map(swiglu_row, x)), flat(map(swiglu_row_back, x, dy))
    return in_bytes(halves(y), 2) + in_bytes(halves(dx), 2)


ROOT_HALF, DENSITY = constant("0x1.6a09e6p-1"), constant("0x1.988454p-2")
SLOPE, CUBIC, TRIPLE_CUBIC = constant("0x1.988454p+0"), constant("0x1.6e4e26p-5"), constant("0x1.12ba9ep-3")


def gelu_exact(x):
    f = fma(erf(mul(x, ROOT_HALF)), 0.5, 0.5)
    return f, fma(x, mul(exp(mul(mul(x, x), -0.5)), DENSITY), f)


def gelu_tanh(x):
    square = mul(x, x)
    s = sigmoid(mul(mul(x, SLOPE), fma(square, CUBIC, 1.0)))
    slope = mul(SLOPE, fma(square, TRIPLE_CUBIC, 1.0))
    return s, fma(mul(x, slope), mul(s, sub(1.0, s)), s)


def gelu(draws, size):
    rows, hidden = draws.between(1, size), draws.between(1, size)
    x, dy = load(draws.floats(rows * hidden)), load(draws.floats(rows * hidden))
    out = b""
    for of in (gelu_exact, gelu_tanh):
        both = [of(a) for a in x]
        out += in_bytes(halves([mul(a, f) for a, (f, _) in zip(x, both)]), 2)
        out += in_bytes(halves([mul(d, g) for d, (_, g) in zip(dy, both)]), 2)
    return out


def cross_entropy_row(x, target, scale, z):
    if target < 0:
        return 0.0, [0] * len(x)
    top = highest(x)
    e = [exp(sub(a, top)) for a in x]
    total = slot_sum([lambda s, y=y: add(s, y) for y in e])
    log_z = add(top, log(total))
    loss, k = add(sub(top, x[target]), log(total)), div(scale, total)
    if z:
        loss, k = fma(mul(z, log_z), log_z, loss), mul(k, fma(add(z, z), log_z, 1.0))
    gradient = [mul(a, k) for a in load(words(e))]
    gradient[target] = sub(mul(load(words(e))[target], k), scale)
    return loss, halves(gradient)


def cross_entropy_of(logits, vocabulary, targets, scale, z=0.0):
    both = [cross_entropy_row(x, t, scale, z) for x, t in zip(lines(logits, vocabulary), targets)]
    return in_bytes(words([loss for loss, _ in both])), in_bytes(flat(d for _, d in both), 2)


def cross_entropy(draws, size):
    rows, vocabulary = draws.between(1, size), draws.between(1, 3 * size)
    logits, target = load(draws.floats(rows * vocabulary)), draws.ids(rows, vocabulary)
    target[rows // 2] = -1
    losses, gradient = cross_entropy_of(logits, vocabulary, target, nearest32(0.01))
    return losses + losses + gradient


def z_loss(draws, size):
    rows, vocabulary = draws.between(1, size), draws.between(1, 3 * size)
    logits, target = load(draws.floats(rows * vocabulary)), draws.ids(rows, vocabulary)
    return b"".join(cross_entropy_of(logits, vocabulary, target, 0.125, nearest32(1e-2)))


def edge_loss(draws, size):
    rows = draws.between(1, size)
    return cross_entropy_of([0.0] * (2 * rows), 2, [1] * rows, constant("0x1.fffffep-126"))[1]


def embedding_gradient(table, ids, dout, fold):
    """Of tokens, or of positions: `ids` says which row of the table an output's gradient goes to."""
    grains = range(0, len(ids), fold or len(ids))
    for row in sorted(set(ids)):
        there = table[row]
        for begin in grains:
            chain = [dout[r] for r in range(begin, min(len(ids), begin + (fold or len(ids)))) if ids[r] == row]
            if chain:
                there = bias_chain(there, chain, 0)
        table[row] = load(words(there))


def embedding(draws, size):
    rows, width, vocabulary = draws.between(1, 2 * size), draws.between(1, size), draws.between(1, size)
    ids = draws.ids(rows, vocabulary)
    table, dout = lines(load16(draws.bf16s(vocabulary * width)), width), lines(load(draws.floats(rows * width)), width)
    patterns = draws.floats(vocabulary * width)
    dtable = lines(load(patterns), width)
    embedding_gradient(dtable, ids, dout, 0)
    for row in set(ids):
        patterns[row * width : (row + 1) * width] = words(dtable[row])
    return in_bytes(words(flat(table[i] for i in ids))) + in_bytes(patterns)


def positions(draws, size):
    batch, time, width = draws.between(1, 6), draws.between(1, size), draws.between(1, 3 * size)
    first, rows, vocabulary = draws.between(0, 5), batch * time, 7
    fold = draws.between(1, batch) * time
    ids = draws.ids(rows, vocabulary)
    table = lines(load16(draws.bf16s(vocabulary * width)), width)
    learned = lines(load16(draws.bf16s((first + time) * width)), width)
    dout = lines(load(draws.floats(rows * width)), width)
    places = [first + r % time for r in range(rows)]
    y = [[add(a, b) for a, b in zip(table[i], learned[p])] for i, p in zip(ids, places)]
    out = in_bytes(words(flat(y)))
    for which, count in ((ids, vocabulary), (places, first + time)):
        patterns = draws.floats(count * width)
        gradient = lines(load(patterns), width)
        embedding_gradient(gradient, which, dout, fold)
        for row in set(which):
            patterns[row * width : (row + 1) * width] = words(gradient[row])
        out += in_bytes(patterns)
    return out


def bias(draws, size):
    rows, fold, width = shape_of(draws, size)
    stride = width + draws.between(0, 9)
    added, dy = load(draws.floats(width)), lines(load16(draws.bf16s(rows * stride)), width, stride)
    x, dbias = draws.floats(rows * stride), load(draws.floats(width))
    for r in range(rows):
        at = slice(r * stride, r * stride + width)
        x[at] = words([add(a, b) for a, b in zip(load(x[at]), added)])
    return in_bytes(x) + in_bytes(words(bias_chain(dbias, dy, fold)))


def dropout(draws, size):
    n = draws.between(1, size * size)
    stream, first = Stream(draws.between(0, 1000), 5), draws.between(0, 40)
    x = load(draws.floats(n))
    return in_bytes(words([mul(a, f) for a, f in zip(x, dropout_factors(0.2, stream, first, n))]))


CASES = {
    "rope": rope, "rope.partial": rope_partial, "rope.scaled": rope_scaled, "swiglu": swiglu, "gelu": gelu, "cross_entropy": cross_entropy,
    "cross_entropy.z_loss": z_loss, "edge.loss": edge_loss, "embedding": embedding, "embedding.positions": positions,
    "bias": bias, "dropout": dropout,
}
