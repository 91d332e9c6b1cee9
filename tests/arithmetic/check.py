"""Computes the published vectors of profile c1 anew, in plain Python, from docs/arithmetic.md, and compares.

usage: check.py VECTORS_CC [--only NAME ...]

A second implementation in another language: what it confirms is that the page defines the arithmetic. It shares no code
with the product and takes no input from it but the table of digests. How each case draws its shapes and inputs is said
here alone, beside src/tensor/cases*.cc. Exit code 1 where a digest differs.
"""

import argparse
import hashlib
import multiprocessing
import re
import sys

import attention
import norms
import products
import rows
import vectors
from inputs import PLAIN, SPECIAL, TINY, Inputs

PROCESSES = 2
CASES = {}
for part in (products, attention, norms, rows, vectors):
    CASES.update(part.CASES)


def digest(name):
    out = hashlib.sha256()
    for flavour in (PLAIN, TINY, SPECIAL):
        for size in (19, 50):
            out.update(CASES[name](Inputs(size, flavour), size))
    return name, out.hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("vectors", type=argparse.FileType(), help="src/tensor/vectors.cc, the table of digests")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=sorted(CASES), help="these operations alone")
    given = parser.parse_args()
    published = dict(re.findall(r'Vector\{\s*"([^"]+)",\s*"([0-9a-f]{64})"\s*\}', given.vectors.read()))
    apart = sorted(set(published) ^ set(CASES))
    if apart:
        sys.exit(f"published and computed differ in what there is: {', '.join(apart)}")
    names = given.only or list(published)
    different = 0
    with multiprocessing.Pool(PROCESSES) as pool:
        for done, (name, got) in enumerate(pool.imap_unordered(digest, names), 1):
            same = got == published[name]
            different += not same
            what = "the same" if same else f"expected {published[name]}, got {got}"
            print(f"{done:2d}/{len(names)} {name}: {what}", flush=True)
    print(f"{len(names) - different} of {len(names)} published vectors computed to the bit")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
