"""Long vectors, functions and optimisers (docs/arithmetic.md, "Functions", "Operations" and "Optimisers")."""

from c1 import (
    add, as_they_are, constant, div, flushed, fma, halves, in_bytes, load, load16, maximum, minimum, mul, nearest32,
    slot_sum, sqrt, sub, sum_of, words)
from functions import Stream, cos, erf, exp, log, nearest, power, sigmoid, sin, tanh

BLOCK = 4096


def total(values, squares):
    out = 0.0
    for at in range(0, len(values), BLOCK):
        part = values[at : at + BLOCK]
        out = add(out, slot_sum([lambda s, x=x: fma(x, x, s) for x in part]) if squares else sum_of(part))
    return out


def elementwise(draws, size):
    n = draws.between(1, size * size * 3)
    a, b = load(draws.floats(n)), load(draws.floats(n))
    h = load16(draws.bf16s(n))
    alpha, beta, factor = nearest32(0.3), nearest32(-1.7), constant("0x1.3p-9")
    blended = [fma(alpha, x, mul(beta, y)) for x, y in zip(a, b)]
    scaled = [mul(x, factor) for x in load(words(blended))]
    out = in_bytes(halves(a), 2)
    for values in (h, [add(x, y) for x, y in zip(a, b)], blended, scaled, [total(a, False), total(b, True)]):
        out += in_bytes(words(values))
    return out


def edge_elementwise(draws, size):
    sign = [-1.0 if s else 1.0 for s in draws.ids(size, 2)]
    smallest = 2.0**-126
    scaled = [mul(s * smallest, constant("0x1.fffffep-1")) for s in sign]
    sizes = [constant("0x1.000002p-76"), 2.0**-76, 2.0**-75]
    blended = [fma(-(2.0**-75), s * sizes[i % 3], s * smallest) for i, s in enumerate(sign)]
    return in_bytes(words(scaled)) + in_bytes(words(blended))


def functions(draws, size):
    """Of arguments that were scaled with subnormals kept, as an argument is whatever it is."""
    out = []
    for x in as_they_are(draws.floats(size)):
        for scale in (1.0, 11.0, 2.0**-120):
            y = flushed(nearest32(x * scale))
            out += [exp(y), log(y), tanh(y), sigmoid(y), sin(y), cos(y), sqrt(y)]
    return in_bytes(words(out))


def error_function(draws, size):
    arguments = [y for x in as_they_are(draws.floats(size)) for y in (x, nearest32(x * 2.0**-120))]
    return in_bytes(words([erf(flushed(y)) for y in arguments]))


def random(draws, size):
    stream, first = Stream(draws.between(0, 1000), 3), draws.between(0, 9)
    normals = [mul(nearest32(0.02), stream.normal(first + i)) for i in range(size)]
    return in_bytes(words(normals)) + in_bytes(draws.ids(size, 977)) + in_bytes(draws.positive(size))


class AdamW:
    """Settings that are not given are those of the cases."""

    def __init__(self, step, rate=1e-3, beta2=0.95, decay=0.1, grad_scale=0.7):
        self.rate, self.beta1, self.beta2, self.epsilon = map(nearest32, (rate, 0.9, beta2, 1e-8))
        self.decay, self.grad_scale = nearest32(decay), nearest32(grad_scale)
        self.rest1, self.rest2 = sub(1.0, self.beta1), sub(1.0, self.beta2)
        self.c1 = div(1.0, sub(1.0, power(self.beta1, step)))
        self.c2 = div(1.0, sub(1.0, power(self.beta2, step)))

    def __call__(self, gradient, w, m, v):
        g = mul(gradient, self.grad_scale)
        m = fma(self.beta1, m, mul(self.rest1, g))
        v = fma(self.beta2, v, mul(mul(self.rest2, g), g))
        direction = div(mul(m, self.c1), add(sqrt(mul(v, self.c2)), self.epsilon))
        return fma(-self.rate, fma(self.decay, w, direction), w), m, v


def stored(values):
    return load(words(values))


def adamw(draws, size):
    n = draws.between(1, size * size)
    gradient = load(draws.floats(n))
    w, m, v = load(draws.floats(n)), load(draws.floats(n)), load(draws.positive(n))
    for step in range(1, 4):
        w, m, v = (stored(x) for x in zip(*map(AdamW(step), gradient, w, m, v)))
    return in_bytes(words(w)) + in_bytes(words(m)) + in_bytes(words(v)) + in_bytes(halves(w), 2)


CODE_BLOCK = 64
FIRST, SECOND = nearest32(1.0 / 16129.0), nearest32(1.0 / 4228250625.0)


def magnitude(x):
    return -x if x < 0.0 else x


def floor(x, most):
    n = nearest(x)
    n = sub(n, 1.0) if x < n else n
    return minimum(maximum(n, 0.0), most)


class Codes:
    """A moment in 8 bits an element; a scale for each 64."""

    def __init__(self, n):
        self.codes, self.scales = [0] * n, [0.0] * ((n + CODE_BLOCK - 1) // CODE_BLOCK)

    def in_bytes(self):
        return in_bytes(self.codes, 1) + in_bytes(words(self.scales))

    def read(self, value):
        return [value(float(code), self.scales[i // CODE_BLOCK]) for i, code in enumerate(self.codes)]

    def first(self):
        return self.read(lambda code, scale: mul(mul(mul(code - 128.0, abs(code - 128.0)), FIRST), scale))

    def second(self):
        return self.read(lambda code, scale: mul(mul(mul(mul(code, code), mul(code, code)), SECOND), scale))

    def write(self, values, code_of, chance):
        for at in range(0, len(values), CODE_BLOCK):
            block = values[at : at + CODE_BLOCK]
            slots = [0.0] * 16
            for i, x in enumerate(block):
                slots[i % 16] = maximum(magnitude(x), slots[i % 16])
            scale = max(slots)
            self.scales[at // CODE_BLOCK] = scale
            self.codes[at : at + CODE_BLOCK] = [int(code_of(x, scale, chance(at + i))) for i, x in enumerate(block)]


def drawn(x, low, high, code, chance):
    return add(code, 1.0) if chance < div(sub(x, low), sub(high, low)) else code


def code_of_first(value, scale, chance):
    x = mul(div(magnitude(value), scale), 16129.0)
    c = floor(sqrt(x), 126.0)
    size = drawn(x, mul(c, c), mul(c + 1.0, c + 1.0), c, chance)
    return add(128.0, -size if value < 0.0 else size)


def code_of_second(value, scale, chance):
    share = div(value, scale)
    c = floor(mul(sqrt(sqrt(share)), 255.0), 254.0)
    low, high = mul(c, c), mul(c + 1.0, c + 1.0)
    code = drawn(mul(share, nearest32(4228250625.0)), mul(low, low), mul(high, high), c, chance)
    return maximum(code, 1.0) if 0.0 < value else code


def chances(stream, high):
    """Of element i: a half of word i, as (half + 1/2) 2^-16."""
    return lambda i: ((stream.word(i) >> 16 * high & 0xFFFF) + 0.5) * 2.0**-16


def adamw_codes(draws, size):
    n = draws.between(1, size * size)
    w, m, v, out = load(draws.floats(n)), Codes(n), Codes(n), b""
    for step in range(1, 5):
        gradient, stream = load(draws.floats(n)), Stream(size, step)
        new = list(zip(*map(AdamW(step), gradient, w, m.first(), v.second())))
        w = stored(new[0])
        m.write(stored(new[1]), code_of_first, chances(stream, 0))
        v.write(stored(new[2]), code_of_second, chances(stream, 1))
        out += in_bytes(words(w)) + in_bytes(halves(w), 2) + m.in_bytes() + v.in_bytes()
    return out + in_bytes(words(m.first())) + in_bytes(words(v.second()))


def momentum_step(gradient, m):
    keep = nearest32(0.9)
    rest, scale = sub(1.0, keep), nearest32(0.3)
    g = [mul(rest, mul(x, scale)) for x in gradient]
    m = [fma(keep, old, x) for old, x in zip(m, g)]
    return m, [fma(keep, new, x) for new, x in zip(m, g)]


def momentum(draws, size):
    n = draws.between(1, size * size)
    m, w, codes, out = load(draws.floats(n)), load(draws.floats(n)), Codes(n), b""
    rate, scale, decay = nearest32(0.02), nearest32(1.7), nearest32(0.1)
    for step in range(1, 4):
        gradient = load(draws.floats(n))
        m, direction = momentum_step(gradient, m)
        out += in_bytes(words(m)) + in_bytes(words(direction))
        m = stored(m)
        values, direction = momentum_step(gradient, codes.first())
        codes.write(stored(values), code_of_first, chances(Stream(step, 3), 0))
        out += in_bytes(words(direction)) + codes.in_bytes()
        w = stored([fma(-rate, fma(decay, x, mul(scale, d)), x) for x, d in zip(w, direction)])
        out += in_bytes(words(w)) + in_bytes(halves(w), 2)
    return out


CASES = {
    "elementwise": elementwise, "edge.elementwise": edge_elementwise, "functions": functions, "erf": error_function,
    "random": random, "adamw": adamw, "adamw.codes": adamw_codes, "momentum": momentum,
}
