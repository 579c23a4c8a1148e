#!/bin/sh
# Runs of other processes: watched, steered, killed, listed; a watcher that is killed or halted; the socket.
. tests/cli/checks

mkdir "$work/data"
dataset "$work/data/train.tsv"
head -n 9 "$work/data/train.tsv" >"$work/data/dev.tsv"
trap 'kill -s KILL $train $watchers 2>/dev/null; rm -rf "$work"' EXIT
train='' watchers=''

# until_true COMMAND ...: within 20 seconds.
until_true() {
    for _ in $(seq 400); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.05
    done
    return 1
}
# begin FOLDER OPTION ...: a run in the background, which is waited for until it has made a step.
begin() {
    folder=$1
    shift
    "$SAWB" train "$work/data" -m $bert --run "$folder" --batch-size 8 "$@" >"$work/train.out" 2>"$work/train.err" </dev/null &
    train=$!
    until_true state_is "$folder" running
}
# watch NAME OPTION ...: a watcher in the background; its output goes to $work/NAME.out and .err.
watch() {
    name=$1
    shift
    "$SAWB" attach "$work/run" "$@" >"$work/$name.out" 2>"$work/$name.err" </dev/null &
    watcher=$!
    watchers="$watchers $watcher"
}
last_step() { sed -n 's/^{"step":\([0-9]*\),.*/\1/p' "$1" | tail -n 1; }
state_is() { "$SAWB" runs "$1" --json </dev/null | grep -q "\"state\":\"$2\""; }
begins_running() { head -n 1 "$1" | grep -q '"state":"running"'; }
grows() { # FILE: more lines come
    before=$(wc -l <"$1")
    until_true sh -c "[ \$(wc -l <'$1') -gt $before ]"
}

run attach "$work/nothing"
check "a folder without a run" refused 1 'no run writes or has written there'
run runs "$work/data"
check "no runs below a folder" warns '^note: no run below'
check "that is no failure" status_is 0

begin "$work/run" --epochs 100000 --eval-every 50
check "the run is listed" state_is "$work" running
check "the socket is the owner's" [ "$(stat -c %a "$work/run/run.socket")" = 600 ]
watch first --json
first=$watcher
watch second --json --watch
second=$watcher
watch text
check "the watchers get the whole history" until_true grep -q '^{"step":1,' "$work/second.out"
check "from when the run began" until_true begins_running "$work/first.out"
check "and what comes" grows "$work/second.out"
kill -s KILL $first
wait $first 2>/dev/null
check "a killed watcher does nothing to the run" grows "$work/run/log.jsonl"
check "nor to another" grows "$work/second.out"

run attach "$work/run" pause
check "pause" status_is 0
check "is answered" warns '^note: paused after step'
check "and listed" state_is "$work" paused
paused=$(last_step "$work/run/log.jsonl")
run attach "$work/run" rate 2e-4
check "rate" warns '^note: peak learning rate 0.0002 from step'
run attach "$work/run" sparsity 'topk(0.5)' --json
check "sparsity, as an object" says '"steered":"sparsity","done":true'
run attach "$work/run" evaluate
check "evaluate tells what it was" says '^step [0-9]*  accuracy [0-9.]*  loss'
run attach "$work/run" checkpoint
check "checkpoint" [ -s "$work/run/trainer_state.safetensors" ]
check "no step was made meanwhile" [ "$(last_step "$work/run/log.jsonl")" = "$paused" ]
run attach "$work/run" rate fast
check "what is no rate" refused 2 'a number from 0 to 100 is wanted'
run attach "$work/run" sparsity 'topk(0.5)@L9'
check "a pattern that does not fit" refused 2 'L'
run attach "$work/run" branch "$work/elsewhere"
check "what only the session can" refused 2 'cannot follow'
run attach --watch "$work/run" pause
check "a watcher asks nothing" refused 2 'only watches'
run train "$work/data" -m $bert --run "$work/run" --epochs 1
check "a second run in the folder" refused 1 'another run is in progress there'
run train "$work/data" -m $bert --run "$work/run" --out "$work/other"
check "two folders" refused 2 'two names of one folder'
run attach "$work/run" continue
check "continue" state_is "$work" running
check "the watcher sees what was asked" until_true grep -q '"steered":"continue","done":true' "$work/second.out"
check "and the new rate" until_true grep -q '"change":{"lr":0.0002}' "$work/second.out"

# One that is halted: the run goes on, and the other watcher sees it.
watch halted --json
halted=$watcher
until_true [ -s "$work/halted.out" ]
kill -s STOP $halted
check "a halted watcher holds nobody up" grows "$work/second.out"
check "the run goes on" grows "$work/run/log.jsonl"
kill -s CONT $halted
check "and is caught up" grows "$work/halted.out"

kill -s KILL $train
wait $train 2>/dev/null
wait $second
check "the end of a killed run is told" [ $? -eq 1 ]
check "in words" grep -q '^error: .*the run has died' "$work/second.err"
check "to the one that reads text too" until_true grep -q '^error: the run has died' "$work/text.err"
check "with the table of its evaluations" grep -qE '^ +50 ' "$work/text.out"
check "they have all lines" cmp -s "$work/second.out" "$work/run/log.jsonl"
check "the run is listed as dead" state_is "$work" died
run attach "$work/run" pause
check "nothing can be asked of it" refused 1 'is not in progress'
run attach "$work/run" --json
check "its history is still there" grep -q '"step":1,' "$out"
check "with its end" status_is 1

# What it left does not stand in the way.
check "its socket is left" [ -S "$work/run/run.socket" ]
begin "$work/run" --epochs 100000 --eval-every 50 --lr 1e-4
run attach "$work/run" stop
check "stop" status_is 0
wait $train
check "ends the run" [ $? -eq 1 ]
check "with its weights" [ -s "$work/run/model.safetensors" ]
check "which is listed" state_is "$work" stopped
check "the socket is removed" [ ! -e "$work/run/run.socket" ]

# One that is only starting hears what it is asked when it has begun.
mkdir "$work/large"
for _ in $(seq 300); do sed 1d "$work/data/train.tsv"; done | { head -n 1 "$work/data/train.tsv" && cat; } >"$work/large/train.tsv"
"$SAWB" train "$work/large" -m $bert --run "$work/starting" --epochs 100000 >"$work/train.out" 2>"$work/train.err" </dev/null &
train=$!
until_true [ -e "$work/starting/log.jsonl" ]
run attach "$work/starting" pause
check "a run that starts is paused when it has begun" status_is 0
check "as it says" warns '^note: paused after step'
run attach "$work/starting" stop
wait $train
rm -r "$work/starting"

deep=$work/$(printf 'a%.0s' $(seq 120))/$(printf 'b%.0s' $(seq 120))
begin "$deep" --epochs 100000
run attach "$deep" stop
check "a folder deeper than an address can be" status_is 0
wait $train
run train "$work/data" -m $bert --run "$work/short" --max-steps 3
run runs "$work" --json
check "runs --json is JSON" json_lines
check "all runs, the newest first" line_is 1 '"folder":"[^"]*/short","state":"done","step":3,"total":3,'
check "as many as there are" lines 3
run runs "$work"
check "runs is a table of TSV" line_is 1 "^folder$(printf '\t')state$(printf '\t')step$(printf '\t')of"
cd "$work" && case $SAWB in /*) ;; *) SAWB=$OLDPWD/$SAWB ;; esac
run runs
check "without a folder those of the present one" says "^short$(printf '\t')done"
run attach short
check "a run that has ended is shown" line_is 2 '^ +3 '
check "and is no failure" status_is 0
