"""Reads gemm_peers' lines; prints Cairn's ratio to each of the others, by shape and in the geometric mean."""

import json
import math
import statistics
import sys

logs = {}


def note(peer, ratio):
    logs.setdefault(peer, []).append(math.log(ratio))


for line in sys.stdin:
    row = json.loads(line)
    peers = [name for name in row if name not in ("shape", "transpose", "cairn")]
    text = f"{row['shape']:>15} {row['transpose']:<3} cairn {statistics.median(row['cairn']):6.0f} GFLOP/s"
    for peer in peers:
        ratios = sorted(a / b for a, b in zip(row["cairn"], row[peer]))
        note(peer, statistics.median(ratios))
        text += f"   {peer} {ratios[0]:.2f} {statistics.median(ratios):.2f} {ratios[-1]:.2f}"
    note("the better of them", statistics.median(row["cairn"]) / max(statistics.median(row[p]) for p in peers))
    print(text)
for peer, values in logs.items():
    print(f"geometric mean to {peer}: {math.exp(sum(values) / len(values)):.3f}")
