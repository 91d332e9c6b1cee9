#!/usr/bin/env bash
# Training of Cairn and of LibTorch in turn, LibTorch as installed and with the settings that may be its best: tokens/s,
# their ratios as minimum, median and maximum over the pairs, and peak memory.
# usage: bench/training.sh BUILD_FOLDER [PAIRS] [options of `cairn bench train` that say the model and the batch]
#   CAIRN_THREADS as ever, for both
set -euo pipefail
build=$1
pairs=${2:-5}
shift $(($# < 2 ? $# : 2))
options=("$@")
[ ${#options[@]} -gt 0 ] || options=(--layers 6 --width 384 --heads 6 --vocab 8192 --context 256 --batch 8 --steps 5)
peer=("$build/libtorch_train" --threads "${CAIRN_THREADS:-0}" "${options[@]}")
one() {
  local name=$1
  shift
  echo "$name $("$@" | tail -n 1)"
}
for ((i = 0; i < pairs; ++i)); do
  one cairn "$build/cairn" --json bench train "${options[@]}"
  one installed "${peer[@]}"
  one skylakex env OPENBLAS_CORETYPE=SKYLAKEX "${peer[@]}"
  one bf16 env OPENBLAS_CORETYPE=SKYLAKEX DNNL_MAX_CPU_ISA=AVX512_CORE_BF16 "${peer[@]}" --bf16 1
done | python3 "$(dirname "$0")/paired.py"
