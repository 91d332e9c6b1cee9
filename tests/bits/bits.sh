#!/usr/bin/env bash
# bits.sh EXPECTED DRIVER [NAME "COMMAND"]...
# Trains the small models of tests/bits with DRIVER on every instruction set, with several numbers of threads, and with a
# step's grains spread over micro-batches and processes; and with every other driver (NAME, its COMMAND: of other
# compilers, for other processors) on every instruction set. Before it trains, each reproduces the published vectors.
# Passes only if every hash is the one in EXPECTED (lines as `DRIVER train SIZE` prints them); prints those that are not.
set -euo pipefail
expected=$1 driver=$2
shift 2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# job NAME SIZE COMMAND...: a run whose output must be the lines of EXPECTED for models of that size.
jobs=0
job() {
  echo "$1" > "$folder/$jobs.name"
  sed -n "/^$2\./p" "$expected" > "$folder/$jobs.want"
  shift 2
  printf '%q ' "$@" > "$folder/$jobs.command"
  jobs=$((jobs + 1))
}
instruction_sets() { "$@" isas; } # of a driver on this machine, the fastest last

for ((i = 1; i < $#; i += 2)); do
  name=${!i} next=$((i + 1))
  read -ra command <<< "${!next}"
  if [ ${#command[@]} = 1 ]; then
    job "$name" small "$command" train small
    sets=$(instruction_sets "$command")
  else
    sets=$(instruction_sets "${command[@]}" | tail -n 1) # emulated: all would take long
  fi
  for isa in $sets; do
    job "$name, $isa" tiny env CAIRN_ISA="$isa" "${command[@]}" train tiny
  done
done
for isa in $(instruction_sets "$driver"); do
  job "$isa, tiny" tiny env CAIRN_ISA="$isa" "$driver" train tiny 2
  [ "$isa" = scalar ] || job "$isa" small env CAIRN_ISA="$isa" "$driver" train small 2 3
done
for threads in 1 2 3 7; do
  job "$threads threads" small "$driver" train small "$threads" 8
done
for micro_batch in 1 2; do
  job "micro-batches of $micro_batch grains" small "$driver" train small 1 "$micro_batch"
done
job "2 processes" small "$driver" train small 1 2 2
job "3 processes" small "$driver" train small 1 1 3
job "3 processes, tiny" tiny "$driver" train tiny 1 1 3

export folder
seq 0 $((jobs - 1)) | xargs -P "$(nproc)" -I{} bash -c 'bash "$folder/{}.command" > "$folder/{}.got" 2> "$folder/{}.error" || true'

failed=0
for ((i = 0; i < jobs; i++)); do
  [ -s "$folder/$i.want" ] && cmp -s "$folder/$i.want" "$folder/$i.got" && continue
  failed=$((failed + 1))
  echo "different: $(cat "$folder/$i.name"): $(cat "$folder/$i.command")"
  { diff "$folder/$i.want" "$folder/$i.got" || true; } | sed -n 's/^< /  expected /p; s/^> /  got      /p'
  sed 's/^/  /' "$folder/$i.error"
done
echo "$jobs runs, $failed different"
[ "$jobs" -gt 0 ] && [ "$failed" = 0 ]
