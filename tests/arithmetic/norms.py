"""RMSNorm, LayerNorm and the norm of heads (docs/arithmetic.md, "Operations")."""

from c1 import add, div, dot, fma, fold_of, halves, in_bytes, load, mul, nearest32, sqrt, sub, sum_of, words
from layout import bias_chain, flat, lines, shape_of

EPSILON = nearest32(1e-5)


def inverse_root(total, inverse, epsilon):
    return div(1.0, sqrt(fma(total, inverse, epsilon)))


def rms(x, w, inverse):
    rstd = inverse_root(dot(x, x), inverse, EPSILON)
    return [mul(mul(a, rstd), b) for a, b in zip(x, w)], rstd


def rms_pull(x, w, dy, inverse, rstd):
    total = dot([mul(a, b) for a, b in zip(w, dy)], x)
    return -mul(mul(mul(total, inverse), rstd), rstd)


def rms_dx(x, w, dy, dx, rstd):
    k = rms_pull(x, w, dy, div(1.0, float(len(x))), rstd)
    return [fma(rstd, fma(a, k, mul(b, d)), there) for a, b, d, there in zip(x, w, dy, dx)]


def gain_gradient(there, rows, fold):
    """rows: (dy, unit) of each row, [C] each: the chain of fma(dy, unit, .)."""
    return [fold_of(there[c], [lambda s, dy=dy[c], unit=unit[c]: fma(dy, unit, s) for dy, unit in rows], fold)
            for c in range(len(there))]


def rms_backward(x, weight, dy, rstd, dx, dweight, fold):
    new = [rms_dx(a, weight, d, there, r) for a, d, there, r in zip(x, dy, dx, rstd)]
    units = [(d, [mul(v, r) for v in a]) for a, d, r in zip(x, dy, rstd)]
    return in_bytes(words(flat(new))) + in_bytes(words(gain_gradient(dweight, units, fold)))


def rms_norm(draws, size):
    rows, width = draws.between(1, size), draws.between(1, size)
    x, weight = lines(load(draws.floats(rows * width)), width), load(draws.floats(width))
    dy = lines(load(draws.floats(rows * width)), width)
    both = [rms(row, weight, div(1.0, float(width))) for row in x]
    dx, dweight = lines(load(draws.floats(rows * width)), width), load(draws.floats(width))
    rstd = load(words([r for _, r in both]))
    out = in_bytes(halves(flat(y for y, _ in both)), 2) + in_bytes(words(rstd))
    return out + rms_backward(x, weight, dy, rstd, dx, dweight, 0)


def rms_norm_fold(draws, size):
    rows, fold, width = shape_of(draws, size)
    n = rows * width
    x, weight, dy = load(draws.floats(n)), load(draws.floats(width)), load(draws.floats(n))
    rstd = load(draws.positive(rows))
    dx, dweight = load(draws.floats(n)), load(draws.floats(width))
    return rms_backward(lines(x, width), weight, lines(dy, width), rstd, lines(dx, width), dweight, fold)


def layer_norm(draws, size):
    rows, fold, width = shape_of(draws, size)
    n, inverse = rows * width, div(1.0, float(width))
    x, weight, bias = lines(load(draws.floats(n)), width), load(draws.floats(width)), load(draws.floats(width))
    dy = lines(load(draws.floats(n)), width)
    mean = load(words([mul(sum_of(row), inverse) for row in x]))
    off = [[sub(a, m) for a in row] for row, m in zip(x, mean)]
    rstd = load(words([inverse_root(dot(d, d), inverse, EPSILON) for d in off]))
    plain = [mul(mul(a, r), w) for d, r in zip(off, rstd) for a, w in zip(d, weight)]
    shifted = [fma(mul(a, r), w, b) for d, r in zip(off, rstd) for a, w, b in zip(d, weight, bias)]
    dx, dweight, dbias = lines(load(draws.floats(n)), width), load(draws.floats(width)), load(draws.floats(width))
    new = []
    for d, row, there, r in zip(off, dy, dx, rstd):
        g = [mul(w, a) for w, a in zip(weight, row)]
        shift = -mul(sum_of(g), inverse)
        k = -mul(mul(mul(dot(g, d), inverse), r), r)
        new.append([fma(r, fma(a, k, add(b, shift)), c) for a, b, c in zip(d, g, there)])
    dweight = gain_gradient(dweight, [(row, [mul(a, r) for a in d]) for row, d, r in zip(dy, off, rstd)], fold)
    out = in_bytes(halves(plain), 2) + in_bytes(halves(shifted), 2)
    for values in (mean, rstd, flat(new), dweight, bias_chain(dbias, dy, fold)):
        out += in_bytes(words(values))
    return out


def head_norm(draws, size):
    rows, fold, width = shape_of(draws, size)
    heads = draws.between(1, 3)
    stride, inverse = heads * width + draws.between(0, 9), div(1.0, float(width))
    y, weight = draws.floats(rows * stride), load(draws.floats(width))
    x, dx, dweight = load(y), draws.floats(rows * stride), load(draws.floats(width))
    dy, rstd, terms = load(dx), [], []
    for r in range(rows):
        for h in range(heads):
            at = slice(r * stride + h * width, r * stride + (h + 1) * width)
            values, one = rms(x[at], weight, inverse)
            y[at] = words(values)
            rstd.append(one)
            k = rms_pull(x[at], weight, dy[at], inverse, one)
            dx[at] = words([mul(one, fma(a, k, mul(b, d))) for a, b, d in zip(x[at], weight, dy[at])])
            terms.append((dy[at], [mul(a, one) for a in x[at]]))
    dweight = gain_gradient(dweight, terms, fold * heads)
    return in_bytes(y) + in_bytes(words(rstd)) + in_bytes(dx) + in_bytes(words(dweight))


CASES = {"rms_norm": rms_norm, "rms_norm.fold": rms_norm_fold, "layer_norm": layer_norm, "head_norm": head_norm}
