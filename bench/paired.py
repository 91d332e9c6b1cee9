"""Reads lines "NAME {JSON}" of training runs in turn; prints Cairn's ratios to each of the others."""

import json
import statistics
import sys

rates, memory, sizes = {}, {}, set()
for line in sys.stdin:
    name, text = line.split(" ", 1)
    row = json.loads(text)
    rates.setdefault(name, []).append(row["tokens_per_second"])
    memory.setdefault(name, []).append(row["peak_rss_bytes"])
    sizes.add(row["parameters"])
    if len(sizes) > 1:
        sys.exit(f"the models differ: {sorted(sizes)} weights")

ours = rates.pop("cairn")
held = max(memory["cairn"])
print(f"cairn: {statistics.median(ours):.0f} tokens/s, {1e-9 * held:.2f} GB")
for name, theirs in rates.items():
    ratios = sorted(a / b for a, b in zip(ours, theirs))
    print(
        f"libtorch, {name}: {statistics.median(theirs):.0f} tokens/s, {1e-9 * min(memory[name]):.2f} GB; "
        f"cairn's ratio {ratios[0]:.2f} {statistics.median(ratios):.2f} {ratios[-1]:.2f}, "
        f"of memory {held / min(memory[name]):.2f}"
    )
