"""Matrix products (docs/arithmetic.md, "Matrix product")."""

from c1 import add, chain, fma, in_bytes, in_pairs, load, load16, words


def chain_of_pairs(a, b):
    return chain(in_pairs(a), in_pairs(b))


def product(chain_of, a, b, addend=None, fold=0):
    """One output: of rows a and b, [k] each."""
    c = addend
    for first in range(0, len(a), fold or len(a)):
        last = first + (fold or len(a))
        part = chain_of(a[first:last], b[first:last])
        c = part if c is None else add(c, part)
    return c


def product_of(narrow, draws, shape, a_columns=False, b_columns=False, adds=False, fold=0):
    m, n, k = shape
    gap = draws.between(0, 3)
    a_stride, b_stride, stride = (m if a_columns else k) + gap, (n if b_columns else k) + gap, n + gap
    draw, read, chain_of = (draws.bf16s, load16, chain_of_pairs) if narrow else (draws.floats, load, chain)
    a = read(draw(a_stride * (k if a_columns else m)))
    b = read(draw(b_stride * (k if b_columns else n)))
    c = draws.floats(m * stride)
    row = lambda x, columns, gap, i: x[i::gap][:k] if columns else x[i * gap : i * gap + k]
    rows = [row(a, a_columns, a_stride, i) for i in range(m)]
    columns = [row(b, b_columns, b_stride, j) for j in range(n)]
    for i in range(m):
        at = i * stride
        there = load(c[at : at + n]) if adds else [None] * n
        c[at : at + n] = words([product(chain_of, rows[i], columns[j], there[j], fold) for j in range(n)])
    return in_bytes(c)


def product_case(narrow, draws, size, **way):
    m, n, k = draws.between(1, size), draws.between(1, size), draws.between(1, size)
    return product_of(narrow, draws, (m, n, k), **way)


GRADIENT = {"a_columns": True, "b_columns": True, "adds": True}


def product_long(narrow, draws, size):
    shape = draws.between(1, 20), draws.between(1, 40), draws.between(500, 500 + 20 * size)
    return product_of(narrow, draws, shape, **GRADIENT) + product_of(narrow, draws, shape)


def product_fold(narrow, draws, size):
    out = product_case(narrow, draws, size, **GRADIENT, fold=draws.between(1, size))
    out += product_case(narrow, draws, size, fold=draws.between(1, size))
    shape = draws.between(1, 20), draws.between(1, 40), 20 * size
    return out + product_of(narrow, draws, shape, **GRADIENT, fold=15 * size)


def edge_product(narrow, draws, size):
    """The smallest normal, less 2^-149 to 2^-154."""
    m, n = draws.between(1, size), draws.between(1, size)
    signs = [-1.0 if s else 1.0 for s in draws.ids(m, 2)]
    c = []
    for i in range(m):
        for j in range(n):
            first = fma(signs[i] * 2.0**-63, 2.0**-63, 0.0)
            c.append(add(fma(-signs[i] * 2.0 ** -(74 + i % 3), 2.0 ** -(75 + j % 4), first), 0.0))
    return in_bytes(words(c))


def _products(narrow, name):
    return {
        name + ".rows": lambda d, s: product_case(narrow, d, s),
        name + ".columns": lambda d, s: product_case(narrow, d, s, b_columns=True),
        name + ".gradient": lambda d, s: product_case(narrow, d, s, **GRADIENT),
        name + ".long": lambda d, s: product_long(narrow, d, s),
        name + ".fold": lambda d, s: product_fold(narrow, d, s),
    }


CASES = {
    **_products(True, "product"),
    **_products(False, "product.float"),
    "edge.product": lambda d, s: edge_product(True, d, s),
    "edge.product.float": lambda d, s: edge_product(False, d, s),
}
