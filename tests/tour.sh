#!/usr/bin/env bash
# The tour twice with one seed, the second time under another instruction set, with one thread, and with the coordinator
# and volunteers killed (kill -9) as it trains: the same model, the same module. usage: tests/tour.sh PATH/TO/cairn
set -euo pipefail
cairn=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

tour() { # NAME SEED
  "$cairn" --json --site "$folder/$1" tour --seed "$2" 2>"$folder/$1.log" | tail -n 1 >"$folder/$1.json" ||
    { tail -n 20 "$folder/$1.log"; tail -c 2000 "$folder/$1.json"; exit 1; }
}
figure() { sed -n "s/.*\"$2\":\"\([0-9a-f]\{64\}\)\".*/\1/p" "$folder/$1.json"; }
expect() { # WHAT GOT EXPECTED
  if [ -z "$2" ] || [ "$2" != "$3" ]; then echo "$1: got '$2', expected '$3'"; exit 1; fi
  echo "$1: $2"
}

tour first 7
expect "the model's digest is its file's" "$(figure first model_digest)" \
  "$(sha256sum "$folder"/first/training/run/blobs/* |
    awk -v d="$(figure first model_digest)" '$1 == d {print $1; exit}')"

isa=avx2
grep -qw avx2 /proc/cpuinfo || isa=scalar
# Kills the tour's coordinator (host) or a volunteer (join) once so many rounds are merged, and waits for what follows.
strike() { # TOUR'S PID, ROUNDS, host|join
  local events child
  events="$folder/second/training/events.jsonl"
  until [ "$(grep -c '"event":"merged"' "$events" 2>/dev/null)" -ge "$2" ] 2>/dev/null; do
    kill -0 "$1" 2>/dev/null || return 0
    sleep 0.2
  done
  for child in $(pgrep -P "$1"); do
    if tr '\0' ' ' <"/proc/$child/cmdline" 2>/dev/null | grep -q " $3 "; then
      kill -9 "$child" && echo "killed after $2 rounds: $3" && return 0
    fi
  done
}
export CAIRN_ISA=$isa CAIRN_THREADS=1
tour second 7 &
shell=$!
until pid=$(pgrep -P "$shell" -f -- "--site $folder/second tour") || ! kill -0 "$shell" 2>/dev/null; do sleep 0.2; done
for blow in "2 host" "5 join" "9 join" "13 host" "16 join"; do strike "$pid" $blow; done
wait "$shell"
unset CAIRN_ISA CAIRN_THREADS
expect "killed on its way" "$(grep -c 'was killed; it is started anew' "$folder/second.log")" 2
expect "the same seed gives the same model" "$(figure first model_digest)" "$(figure second model_digest)"
expect "and the same module" "$(figure first module_digest)" "$(figure second module_digest)"

# Withdrawn at the tour's end: whatever is asked of the module is denied; what was never declared is unknown.
module=$(figure first module)
code=0; "$cairn" --site "$folder/first" can "$module" --action use --task text.translation.machine >/dev/null || code=$?
expect "translating with the module exits with" "$code" 3
code=0; "$cairn" --site "$folder/first" can "$(figure first undeclared)" --action train >/dev/null || code=$?
expect "training on what nobody declared exits with" "$code" 4
"$cairn" --site "$folder/first" log verify >/dev/null
