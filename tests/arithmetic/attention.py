"""Attention (docs/arithmetic.md, "Operations")."""

from c1 import add, div, dot, halves, highest, in_bytes, load16, mul, rounded, slot_sum, sub, words
from functions import Stream, dropout_factors, exp
from products import chain_of_pairs

CAUSAL_BLOCK = 32


class Head:
    """One head's attention: lists of rows of D values each, and where its weights are numbered."""

    def __init__(self, q, k, v, scale, causal, past, dropout):
        self.q, self.k, self.v, self.scale, self.causal, self.past = q, k, v, scale, causal, past
        self.dropout = dropout  # from a query to the factors of its weights; or none

    def keys(self, t):
        """How many keys query t takes, and how many of them it sees."""
        if not self.causal:
            return len(self.k), len(self.k)
        position = self.past + t
        return min(len(self.k), (position // CAUSAL_BLOCK + 1) * CAUSAL_BLOCK), position + 1

    def weights(self, t):
        """Rounded, before dropout, +0 for the keys that are not seen; with the maximum and the inverse sum."""
        taken, seen = self.keys(t)
        x = [mul(chain_of_pairs(self.q[t], self.k[s]), self.scale) for s in range(seen)]
        top = highest(x)
        e = [exp(sub(score, top)) for score in x]
        inverse = div(1.0, slot_sum([lambda s, y=y: add(s, y) for y in e]))
        return rounded([mul(y, inverse) for y in e]) + [0.0] * (taken - seen), top, inverse

    def dropped(self, t, values):
        if not self.dropout:
            return values
        _, seen = self.keys(t)
        return [mul(x, f) for x, f in zip(values, self.dropout(t, seen))] + values[seen:]

    def forward(self, t):
        weights, top, inverse = self.weights(t)
        weights = rounded(self.dropped(t, weights))
        columns = list(zip(*self.v[: len(weights)]))
        return halves([chain_of_pairs(weights, list(c)) for c in columns]), [top, inverse]

    def backward(self, dout):
        """dq, and the chains of dk and dv; rows of D values each."""
        T, K = len(self.q), len(self.k)
        weights, dscores, dq = [], [], []
        keys_in_columns = list(zip(*self.k))
        for t in range(T):
            taken, seen = self.keys(t)
            w, _, _ = self.weights(t)
            dw = self.dropped(t, [chain_of_pairs(dout[t], self.v[s]) for s in range(taken)])
            d = dot(w[:seen], dw[:seen])
            ds = rounded([mul(mul(x, sub(y, d)), self.scale) for x, y in zip(w[:seen], dw)]) + [0.0] * (taken - seen)
            dq.append([chain_of_pairs(ds, list(c[:taken])) for c in keys_in_columns])
            weights.append(rounded(self.dropped(t, w)))
            dscores.append(ds)
        chains = []
        for values, others in ((dscores, self.q), (weights, dout)):
            columns = list(zip(*others))
            rows = []
            for s in range(K):
                first = s // CAUSAL_BLOCK * CAUSAL_BLOCK if self.causal else 0
                line = [values[t][s] for t in range(first, T)]
                rows.append([chain_of_pairs(line, list(c[first:])) for c in columns])
            chains.append(rows)
        return dq, chains[0], chains[1]


def attention_case(draws, size, past=0, causal=True, dropout=0.0, least=1):
    groups = draws.between(1, 2)
    heads, width = groups * draws.between(1, 2), draws.between(1, 40)
    time, batch = draws.between(least, size), draws.between(1, 2)
    keys, line = past + time, (heads + 2 * groups) * width
    qkv, dout = load16(draws.bf16s(batch * keys * line)), load16(draws.bf16s(batch * time * heads * width))
    y, stats = [0] * len(dout), [0.0] * (batch * heads * time * 2)
    gradient = [0.0] * (batch * time * line)
    stream = Stream(7, 8)

    def rows(x, at, stride, count):
        return [x[at + i * stride : at + i * stride + width] for i in range(count)]

    for b in range(batch):
        for h in range(heads):
            g = h * groups // heads
            column = (heads + g) * width, (heads + groups + g) * width
            first = lambda t: 9 + ((b * heads + h) * time + t) * keys
            factors = (lambda t, n: dropout_factors(dropout, stream, first(t), n)) if dropout else None
            head = Head(rows(qkv, b * time * line + h * width, line, time),
                        rows(qkv, b * keys * line + column[0], line, keys),
                        rows(qkv, b * keys * line + column[1], line, keys), 0.25, causal, past, factors)
            for t in range(time):
                at = (b * time + t) * heads * width + h * width
                y[at : at + width], here = head.forward(t)
                where = ((b * heads + h) * time + t) * 2
                stats[where : where + 2] = here
            if past:
                continue
            dq, dk, dv = head.backward(rows(dout, b * time * heads * width + h * width, heads * width, time))
            adds = h % (heads // groups) != 0
            for t in range(time):
                at = (b * time + t) * line
                gradient[at + h * width : at + (h + 1) * width] = dq[t]
                for part, where in ((dk[t], at + column[0]), (dv[t], at + column[1])):
                    there = gradient[where : where + width]
                    gradient[where : where + width] = [add(x, c) for x, c in zip(there, part)] if adds else part
    out = in_bytes(y, 2) + in_bytes(words(stats))
    return out if past else out + in_bytes(words(gradient))


def attention_cache(draws, size):
    return attention_case(draws, 5, past=draws.between(1, size))


def attention_all(draws, size):
    return attention_case(draws, size, causal=False) + attention_case(draws, size, causal=False, dropout=0.1)


CASES = {
    "attention": attention_case,
    "attention.cache": attention_cache,
    "attention.all": attention_all,
    "attention.dropout": lambda d, s: attention_case(d, s, dropout=0.2),
    "attention.long": lambda d, s: attention_case(d, 130 + s, least=130),
}
