"""Fifty steps of training a tiny model, in plain Python: the subject tiny.llama of tests/bits.

usage: training.py EXPECTED_TXT [--steps N]

A decoder with grouped queries, norms of heads, rotary positions, SwiGLU and a tied embedding, by AdamW, from
docs/arithmetic.md and docs/model.md. Prints the SHA-256 of all weights and of the optimiser's moments after the last
step; after fifty it must be the one that every processor and compiler reaches. Exit code 1 where it is not.
"""

import argparse
import hashlib
import sys
import time

from attention import Head
from c1 import add, chain, div, fma, in_bytes, in_pairs, load, load16, mul, nearest32, rounded, sqrt, words
from functions import Stream
from layout import flat, lines
from norms import gain_gradient, rms, rms_dx, rms_pull
from rows import cross_entropy_row, embedding_gradient, rope_tables, swiglu_row, swiglu_row_back, turn
from vectors import AdamW, total

SUBJECT, STEPS, SEED, BATCH, RATE = "tiny.llama", 50, 3, 4, 3e-3
V, C, L, H, G, F, T = 53, 32, 2, 2, 1, 45, 13
D = C // H
Q = (H + 2 * G) * D


def parameters():
    """Name, rows (0: a vector) and columns of each tensor, in the order of the checkpoint."""
    out = [("embedding", V, C)]
    for layer in range(L):
        for name, rows, columns in (("attention_norm", 0, C), ("q", H * D, C), ("k", G * D, C), ("v", G * D, C),
                                    ("q_norm", 0, D), ("k_norm", 0, D), ("output", C, H * D),
                                    ("feed_forward_norm", 0, C), ("gate", F, C), ("up", F, C), ("down", C, F)):
            out.append((f"{layer}.{name}", rows, columns))
    return out + [("final_norm", 0, C)]


def initial():
    model = {}
    share = nearest32(1.0 / sqrt(2.0 * L))
    for number, (name, rows, columns) in enumerate(parameters()):
        deviation = nearest32(1.0 / sqrt(float(columns)))
        if name.endswith((".output", ".down")):
            deviation = nearest32(deviation * share)
        stream = Stream(SEED, number)
        model[name] = [mul(deviation, stream.normal(i)) for i in range(rows * columns)] if rows else [1.0] * columns
    return model


def batches():
    """For each step its sequences: windows of a shuffled text, T + 1 tokens each."""
    first, second, draws = Stream(SEED, 1), Stream(SEED, 2), Stream(SEED, 3)
    text = [first.below(i, V) * second.below(i, V) // V for i in range(5000)]
    order = list(range((len(text) - 1) // T))
    for drawn, left in enumerate(range(len(order), 1, -1)):
        other = draws.below(drawn, left)
        order[left - 1], order[other] = order[other], order[left - 1]
    for step in range(STEPS):
        yield [text[at * T : at * T + T + 1] for at in order[step * BATCH : (step + 1) * BATCH]]


def columns_of(rows):
    return [list(c) for c in zip(*rows)]


def multiply(a, b, addend=None):
    """[m, n] of rows a and b, both of bfloat16 numbers."""
    b = [in_pairs(row) for row in b]
    out = []
    for i, row in enumerate(a):
        row = in_pairs(row)
        out.append([chain(row, other) for other in b])
        if addend:
            out[-1] = [add(there, x) for there, x in zip(addend[i], out[-1])]
    return out


def narrow(rows):
    return [rounded(row) for row in rows]


class Weights:
    """What a pass reads: matrices rounded, as rows and as columns; gains as they are."""

    def __init__(self, model):
        self.gains = {name: model[name] for name, rows, _ in parameters() if not rows}
        self.rows = {name: narrow(lines(model[name], columns)) for name, rows, columns in parameters() if rows}
        for layer in range(L):
            self.rows[f"{layer}.qkv"] = sum((self.rows[f"{layer}.{part}"] for part in "qkv"), [])
            self.rows[f"{layer}.gate_up"] = self.rows[f"{layer}.gate"] + self.rows[f"{layer}.up"]
        self.columns = {name: columns_of(rows) for name, rows in self.rows.items()}


class Gradient:
    def __init__(self):
        self.of = {name: lines([0.0] * (max(rows, 1) * columns), columns) for name, rows, columns in parameters()}
        self.tied = [[0.0] * C for _ in range(V)]

    def outer(self, names, dy, x):
        """+ dy^T x of one grain; the rows of several tensors lie one behind the other."""
        there = sum((self.of[name] for name in names), [])
        new = multiply(columns_of(dy), columns_of(x), there)
        for name in names:
            count = len(self.of[name])
            self.of[name], new = new[:count], new[count:]

    def gain(self, name, rows):
        self.of[name][0] = gain_gradient(self.of[name][0], rows, 0)


TABLES = rope_tables(T, D, 10000.0)


def norm(x, gain):
    both = [rms(row, gain, div(1.0, float(len(row)))) for row in x]
    return narrow([y for y, _ in both]), [r for _, r in both]


def norm_back(gradient, name, gain, x, rstd, dy, dx):
    gradient.gain(name, [(d, [mul(v, r) for v in row]) for d, row, r in zip(dy, x, rstd)])
    return [rms_dx(row, gain, d, there, r) for row, d, there, r in zip(x, dy, dx, rstd)]


class Block:
    """One block over one sequence: x -> norm -> attend -> + x = middle -> norm -> feed forward -> + middle."""

    def __init__(self, w, layer, x):
        self.w, self.at, self.x = w, f"{layer}.", x
        self.first, self.first_rstd = norm(x, self.gain("attention_norm"))
        self.heads = [lines(row, D) for row in multiply(self.first, w.rows[self.at + "qkv"])]
        self.normed = [[self._norm_head(h, head) for h, head in enumerate(row)] for row in self.heads]
        self.qkv = [[rounded(self._turn(t, h, y, False)) for h, (y, _) in enumerate(row)]
                    for t, row in enumerate(self.normed)]
        scale = nearest32(1.0 / sqrt(float(D)))
        self.attention = [Head([row[h] for row in self.qkv], [row[H + h * G // H] for row in self.qkv],
                               [row[H + G + h * G // H] for row in self.qkv], scale, True, 0, None) for h in range(H)]
        self.attended = [flat(load16(head.forward(t)[0]) for head in self.attention) for t in range(T)]
        self.middle = multiply(self.attended, w.rows[self.at + "output"], x)
        self.second, self.second_rstd = norm(self.middle, self.gain("feed_forward_norm"))
        self.up = multiply(self.second, w.rows[self.at + "gate_up"])
        self.active = narrow([swiglu_row(row) for row in self.up])
        self.out = multiply(self.active, w.rows[self.at + "down"], self.middle)

    def gain(self, name):
        return self.w.gains[self.at + name]

    def _norm_head(self, h, head):
        if h >= H + G:
            return head, None
        return rms(head, self.gain("q_norm" if h < H else "k_norm"), div(1.0, float(D)))

    def _turn(self, t, h, head, back):
        if h >= H + G:
            return head
        sine = [-s for s in TABLES[1][t]] if back else TABLES[1][t]
        return turn(head, TABLES[0][t], sine, False)

    def backward(self, dx, gradient):
        w, at = self.w, self.at
        dy = narrow(dx)
        dactive = multiply(dy, w.columns[at + "down"])
        gradient.outer([at + "down"], dy, self.active)
        dup = narrow([swiglu_row_back(row, d) for row, d in zip(self.up, dactive)])
        dsecond = multiply(dup, w.columns[at + "gate_up"])
        gradient.outer([at + "gate", at + "up"], dup, self.second)
        dx = norm_back(gradient, at + "feed_forward_norm", self.gain("feed_forward_norm"), self.middle,
                       self.second_rstd, dsecond, dx)
        dy = narrow(dx)
        dattended = narrow(multiply(dy, w.columns[at + "output"]))
        gradient.outer([at + "output"], dy, self.attended)
        dqkv = self._attention_back([lines(row, D) for row in dattended])
        dqkv = [flat(row) for row in self._heads_back(dqkv, gradient)]
        dfirst = multiply(dqkv, w.columns[at + "qkv"])
        gradient.outer([at + "q", at + "k", at + "v"], dqkv, self.first)
        return norm_back(gradient, at + "attention_norm", self.gain("attention_norm"), self.x, self.first_rstd, dfirst,
                         dx)

    def _attention_back(self, dattended):
        out = [[None] * (H + 2 * G) for _ in range(T)]
        for h, head in enumerate(self.attention):
            dq, dk, dv = head.backward([row[h] for row in dattended])
            for t in range(T):
                out[t][h] = dq[t]
                for part, place in ((dk[t], H + h * G // H), (dv[t], H + G + h * G // H)):
                    there = out[t][place]
                    out[t][place] = [add(a, b) for a, b in zip(there, part)] if there else part
        return out

    def _heads_back(self, dqkv, gradient):
        back = [[rounded(self._turn(t, h, head, True)) for h, head in enumerate(row)] for t, row in enumerate(dqkv)]
        for name, begin, end in (("q_norm", 0, H), ("k_norm", H, H + G)):
            terms = [(back[t][h], [mul(v, self.normed[t][h][1]) for v in self.heads[t][h]])
                     for t in range(T) for h in range(begin, end)]
            gradient.gain(self.at + name, terms)
            gain = self.gain(name)
            for t in range(T):
                for h in range(begin, end):
                    x, dy, rstd = self.heads[t][h], back[t][h], self.normed[t][h][1]
                    k = rms_pull(x, gain, dy, div(1.0, float(D)), rstd)
                    back[t][h] = [mul(rstd, fma(a, k, mul(b, d))) for a, b, d in zip(x, gain, dy)]
        return [[rounded(head) for head in row] for row in back]


def add_grain(w, gradient, sequence):
    ids, targets = sequence[:T], sequence[1:]
    x, blocks = [w.rows["embedding"][i] for i in ids], []
    for layer in range(L):
        blocks.append(Block(w, layer, x))
        x = blocks[-1].out
    y, rstd = norm(x, w.gains["final_norm"])
    logits = multiply(y, w.rows["embedding"])
    scale = nearest32(1.0 / (BATCH * T))
    dlogits = [load16(cross_entropy_row(row, target, scale, 0.0)[1]) for row, target in zip(logits, targets)]
    dy = multiply(dlogits, w.columns["embedding"])
    gradient.outer(["embedding"], dlogits, y)
    dx = norm_back(gradient, "final_norm", w.gains["final_norm"], x, rstd, dy, [[0.0] * C for _ in range(T)])
    for block in reversed(blocks):
        dx = block.backward(dx, gradient)
    embedding_gradient(gradient.tied, ids, dx, 0)


def step_of(model, moments, step, sequences):
    w, gradient = Weights(model), Gradient()
    for sequence in sequences:
        add_grain(w, gradient, sequence)
    # The head's fold over all grains, plus the embedding's.
    seen = {i for sequence in sequences for i in sequence[:T]}
    for i in seen:
        gradient.of["embedding"][i] = [add(a, add(0.0, b)) for a, b in zip(gradient.of["embedding"][i],
                                                                          gradient.tied[i])]
    values = flat(flat(gradient.of[name]) for name, _, _ in parameters())
    size = sqrt(total(values, True))
    scale = nearest32(1.0 / size) if size > 1.0 else 1.0
    for name, rows, _ in parameters():
        rule = AdamW(step, rate=RATE, beta2=0.99, decay=0.1 if rows else 0.0, grad_scale=scale)
        new = zip(*map(rule, flat(gradient.of[name]), model[name], *moments[name]))
        model[name], *moments[name] = (load(words(x)) for x in new)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("expected", type=argparse.FileType(), help="tests/bits/expected.txt")
    parser.add_argument("--steps", type=int, default=STEPS, choices=range(1, STEPS + 1), metavar="N", help="to stop sooner; then nothing is compared")
    given = parser.parse_args()
    model = initial()
    moments = {name: [[0.0] * len(values), [0.0] * len(values)] for name, values in model.items()}
    begun = time.monotonic()
    for step, sequences in zip(range(1, given.steps + 1), batches()):
        step_of(model, moments, step, sequences)
        print(f"step {step} of {given.steps}, {time.monotonic() - begun:.0f} s", flush=True)
    state = hashlib.sha256()
    for part in (model.values(), (m for m, _ in moments.values()), (v for _, v in moments.values())):
        for values in part:
            state.update(in_bytes(words(values)))
    expected = dict(line.split() for line in given.expected)[SUBJECT]
    print(f"{SUBJECT} after {given.steps} steps: {state.hexdigest()}")
    if given.steps != STEPS or state.hexdigest() == expected:
        return 0
    print(f"expected {expected}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
