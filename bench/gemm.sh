#!/usr/bin/env bash
# Matrix products of Cairn, oneDNN and OpenBLAS in turn, in one process; the ratios of each pass, as minimum, median and
# maximum, and their geometric mean over all shapes and transposes.
# usage: bench/gemm.sh BUILD_FOLDER [ROUNDS]
#   CAIRN_THREADS as ever; CAIRN_ISA=avx2 sets Cairn beside OpenBLAS's kernels for Haswell
set -euo pipefail
build=$1
rounds=${2:-5}
export OMP_WAIT_POLICY=passive DNNL_MAX_CPU_ISA=AVX512_CORE_BF16
if [ "${CAIRN_ISA:-}" = avx2 ]; then
  export OPENBLAS_CORETYPE=HASWELL DNNL_MAX_CPU_ISA=AVX2
else
  export OPENBLAS_CORETYPE=SKYLAKEX
fi
for type in bf16 f32; do
  echo "$type, ${CAIRN_ISA:-best instruction set} (others: DNNL_MAX_CPU_ISA=$DNNL_MAX_CPU_ISA OPENBLAS_CORETYPE=$OPENBLAS_CORETYPE)"
  "$build/gemm_peers" "$type" "$rounds" | python3 "$(dirname "$0")/ratios.py"
done
