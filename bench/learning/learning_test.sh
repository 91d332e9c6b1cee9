#!/usr/bin/env bash
# usage: learning_test.sh PROGRAM
# A short run of the program: it learns, stops when asked, goes on to the digest of an undisturbed run, and refuses what it should.
set -eu

learning=$1
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
for i in $(seq 1 400); do echo "$((i % 7)) cairns, built together, one stone each: é"; done > "$folder/text"
small=(--layers 1 --width 32 --heads 1 --context 32 --batch 4 --grain 2 --iterations 60 --warmup 5 --evaluate-every 20 --save-every 10 --sample-batches 2)
fail() { echo "learning_test: $1" >&2; exit 1; }
field() { grep -o "\"$2\":[^,}]*" "$1" | head -1 | cut -d: -f2 | tr -d '"'; }

"$learning" "$folder/text" "${small[@]}" --out "$folder/whole" --json > "$folder/whole.json"
digest=$(field "$folder/whole.json" digest)
[ "$digest" = "$(sha256sum "$folder/whole/model.safetensors" | cut -d' ' -f1)" ] || fail "the digest is not that of model.safetensors"
first=$(sed -n 2p "$folder/whole/log.jsonl" | grep -o '"validation":[0-9.]*' | cut -d: -f2)
last=$(field "$folder/whole.json" validation)
awk -v a="$first" -v b="$last" 'BEGIN {exit !(b < a - 0.5)}' || fail "the loss went from $first to $last only"

# Killed again and again, at whatever it is doing, until it comes to its end. In the foreground `timeout` waits until who
# is killed is dead: until then the folder is locked.
for life in $(seq 1 200); do
  rc=0; (timeout --foreground -s KILL "0.0$((life % 9 + 1))" "$learning" "$folder/text" "${small[@]}" --out "$folder/killed"; exit $?) >/dev/null 2>&1 || rc=$?
  [ $rc -ne 0 ] || break
done
"$learning" "$folder/text" "${small[@]}" --out "$folder/killed" --json > "$folder/killed.json" 2>/dev/null
[ "$(field "$folder/killed.json" digest)" = "$digest" ] || fail "killed and resumed, the digest differs"
# Beside times: the sum of losses begins anew with a process; the kernels are those that were faster when it began.
strip() { sed 's/"seconds":[^,}]*,\{0,1\}//; s/,}/}/; s/"training":[^,}]*,//; s/"isa":[^,}]*,//' "$1"; }
[ "$(strip "$folder/killed/log.jsonl")" = "$(strip "$folder/whole/log.jsonl")" ] || fail "killed and resumed, the log differs"
[ -z "$(ls "$folder/killed" | grep -vx -e run.safetensors -e log.jsonl -e model.safetensors -e best.safetensors)" ] || fail "leftovers"

rc=0; "$learning" "$folder/text" "${small[@]}" --out "$folder/whole" --learning-rate 0.5 2> "$folder/error" || rc=$?
[ $rc -eq 2 ] && grep -q 'was begun with learning_rate 0.001, not 0.5' "$folder/error" || fail "other settings were not refused"
rc=0; "$learning" "$folder/text" --grain 5 --out "$folder/bad" 2> "$folder/error" || rc=$?
[ $rc -eq 2 ] && grep -q 'grain is 5, expected a divisor of the 12 sequences' "$folder/error" || fail "a wrong grain was not refused"
printf 'ab\377c' > "$folder/bytes"
rc=0; "$learning" "$folder/bytes" --out "$folder/bad" 2> "$folder/error" || rc=$?
[ $rc -eq 6 ] && grep -q 'byte 2 is not UTF-8' "$folder/error" || fail "bytes that are no UTF-8 were not refused"
echo "learning_test: passed"
