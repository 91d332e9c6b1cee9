"""What operations over rows of channels share: rows in memory, grains of rows."""

from c1 import add, fold_of


def lines(values, width, stride=None):
    stride = stride or width
    return [values[at : at + width] for at in range(0, len(values), stride)]


def flat(rows):
    return [x for row in rows for x in row]


def bias_chain(there, rows, fold):
    return [fold_of(there[c], [lambda s, x=row[c]: add(s, x) for row in rows], fold) for c in range(len(there))]


def shape_of(draws, size):
    rows = draws.between(1, size)
    return rows, draws.between(1, rows), draws.between(1, 3 * size)
