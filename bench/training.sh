#!/usr/bin/env bash
# Training tokens/s of Cairn and of LibTorch, in turn, and the ratio of the medians.
# usage: bench/training.sh BUILD_FOLDER [PAIRS] [options of `cairn bench train`]
set -euo pipefail
build=$1
pairs=${2:-5}
shift $(($# < 2 ? $# : 2))
options=("$@")
[ ${#options[@]} -gt 0 ] || options=(--layers 6 --width 384 --heads 6 --vocab 8192 --context 256 --batch 8 --steps 5)
rate() { sed -n 's/.*"tokens_per_second":\([0-9.]*\).*/\1/p'; }
median() { sort -n | awk '{x[NR] = $1} END {print x[int((NR + 1) / 2)]}'; }
ours=() theirs=()
for ((i = 0; i < pairs; ++i)); do
  ours+=("$("$build/cairn" --json bench train "${options[@]}" | rate)")
  theirs+=("$("$build/libtorch_train" "${options[@]}" | rate)")
  echo "cairn ${ours[i]}  libtorch ${theirs[i]}  tokens/s"
done
a=$(printf '%s\n' "${ours[@]}" | median) b=$(printf '%s\n' "${theirs[@]}" | median)
awk -v a="$a" -v b="$b" 'BEGIN {printf "medians: cairn %.0f, libtorch %.0f tokens/s, ratio %.2f\n", a, b, a / b}'
