"""exp, log and their kin, and randomness (docs/arithmetic.md, "Functions" and "Randomness")."""

from c1 import INFINITY, NAN, add, constant, div, fma, load, minimum, mul, nearest32, sqrt, sub, words


def _list(text):
    return [constant(word) for word in text.split()]


EXP = _list("0x1p-1 0x1.555556p-3 0x1.5554e4p-5 0x1.1110c4p-7 0x1.6d4926p-10 0x1.a157b2p-13")
TANH = _list("-0x1.555556p-2 0x1.1110ep-3 -0x1.ba05a8p-5 0x1.64772ap-6 -0x1.10243cp-7 0x1.26d28ap-9")
ERF_NEAR = _list("0x1.06eba6p-3 -0x1.81270ep-2 0x1.ce21b2p-4 -0x1.b6fbe2p-6 0x1.49fb56p-8 -0x1.460756p-11")
ERF_FAR = _list("0x1.37136ap-12 -0x1.2150eap+0 -0x1.4392dep-1 -0x1.c24f92p-4 0x1.af9b4ep-6 -0x1.362c52p-8 "
                "0x1.35fb9cp-11 -0x1.7cf81p-15 0x1.aef474p-20")
LOG = _list("0x1.555556p-1 0x1.9999fp-2 0x1.2459ecp-2 0x1.de4c24p-3")
SINE = _list("-0x1.555556p-3 0x1.11110ep-7 -0x1.a01366p-13 0x1.6da90ep-19")
COSINE = _list("0x1.555556p-5 -0x1.6c16cp-10 0x1.a01598p-16 -0x1.25164ap-22")
ONE_OVER_LN2 = constant("0x1.715476p+0")
LN2_HIGH, LN2_LOW = constant("0x1.62e4p-1"), constant("0x1.7f7d1cp-20")
TWO_OVER_PI = constant("0x1.45f306p-1")
HALF_PI = _list("-0x1.92p+0 -0x1.fb4p-12 -0x1.4442d2p-24")
TWO_PI = constant("0x1.921fb6p+2")


def horner(x, coefficients):
    r = coefficients[-1]
    for c in reversed(coefficients[:-1]):
        r = fma(r, x, c)
    return r


def nearest(x):
    return sub(add(x, 12582912.0), 12582912.0)


def exp(x):
    if x < -87.0:
        return 0.0
    if x > 88.0:
        return INFINITY
    if x != x:
        return NAN
    n = nearest(mul(x, ONE_OVER_LN2))
    r = fma(n, -LN2_LOW, fma(n, -LN2_HIGH, x))
    e = fma(horner(r, EXP), mul(r, r), add(r, 1.0))
    return mul(e, 2.0 ** int(n))


def sigmoid(x):
    return div(1.0, add(1.0, exp(-x)))


def tanh(x):
    if x != x:
        return NAN
    size = abs(x)
    if size < 0.625:
        square = mul(x, x)
        return fma(horner(square, TANH), mul(square, x), x)
    far = sub(1.0, div(2.0, add(exp(add(size, size)), 1.0)))
    return -far if x < 0.0 else far


def erf(x):
    if x != x:
        return NAN
    size = abs(x)
    if size < 0.875:
        return fma(horner(mul(x, x), ERF_NEAR), x, x)
    far = sub(1.0, exp(horner(minimum(4.0, size), ERF_FAR)))
    return -far if x < 0.0 else far


def log(x):
    if x == 0.0:
        return -INFINITY
    if x != x or x < 0.0:
        return NAN
    if x == INFINITY:
        return x
    shifted = words([x])[0] - 0x3F3504F3  # the bits of sqrt(1/2)
    e = float(shifted >> 23)
    m = load([(shifted & 0x007FFFFF) + 0x3F3504F3])[0]
    s = div(sub(m, 1.0), add(m, 1.0))
    square = mul(s, s)
    tail = fma(e, LN2_LOW, mul(mul(horner(square, LOG), square), s))
    return fma(e, LN2_HIGH, add(add(s, s), tail))


def _sine(x, quarter):
    if not abs(x) <= 2.0**20:
        return NAN
    n = nearest(mul(x, TWO_OVER_PI))
    r = x
    for part in HALF_PI:
        r = fma(n, part, r)
    square = mul(r, r)
    place = int(n) + quarter & 3
    if place & 1:
        y = fma(horner(square, COSINE), mul(square, square), fma(square, -0.5, 1.0))
    else:
        y = fma(horner(square, SINE), mul(square, r), r)
    return -y if place & 2 else y


def sin(x):
    return _sine(x, 0)


def cos(x):
    return _sine(x, 1)


def power(x, n):
    r = 1.0
    while n:
        if n & 1:
            r = mul(r, x)
        x = mul(x, x)
        n >>= 1
    return r


def philox(counter, key):
    a, b, c, d = counter
    k0, k1 = key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * a, 0xCD9E8D57 * c
        a, b, c, d = (p1 >> 32) ^ b ^ k0, p1 & 0xFFFFFFFF, (p0 >> 32) ^ d ^ k1, p0 & 0xFFFFFFFF
        k0, k1 = k0 + 0x9E3779B9 & 0xFFFFFFFF, k1 + 0xBB67AE85 & 0xFFFFFFFF
    return a, b, c, d


class Stream:
    def __init__(self, key, stream):
        self._key = (key & 0xFFFFFFFF, key >> 32)
        self._stream = (stream & 0xFFFFFFFF, stream >> 32)
        self._at, self._block = None, None

    def word(self, i):
        if self._at != i // 4:
            self._at = i // 4
            self._block = philox((self._at & 0xFFFFFFFF, self._at >> 32, *self._stream), self._key)
        return self._block[i % 4]

    def uniform(self, i):
        return (self.word(i) >> 8) * 2.0**-24

    def below(self, i, bound):
        return self.word(i) * bound >> 32

    def normal(self, i):
        first = i // 2 * 2
        u = ((self.word(first) >> 8) + 1) * 2.0**-24
        angle = mul(TWO_PI, (self.word(first + 1) >> 8) * 2.0**-24)
        r = sqrt(mul(-2.0, log(u)))
        return mul(r, sin(angle) if i % 2 else cos(angle))


def dropout_factors(rate, stream, first, n):
    """Factors of elements first .. first + n - 1."""
    bound = int(nearest32(rate * 65536.0 + 0.5))
    kept = nearest32(65536.0 / (65536 - bound))
    return [kept if stream.word(i // 2) >> 16 * (i % 2) & 0xFFFF >= bound else 0.0 for i in range(first, first + n)]
