#!/bin/sh
# What training costs: its plan of memory against what a run then has, and its speed by operation.
. tests/cli/checks

awk 'BEGIN {
    print "sentence\tlabel"
    for (i = 0; i < 1500; i++) {
        line = ""
        for (k = 0; k < 6 + i % 23; k++)
            line = line "w" (i * 31 + k * 7) % 4001 " "
        print line "\t" i % 2
    }
}' >"$work/train.tsv"
head -n 200 "$work/train.tsv" >"$work/dev.tsv"
run new "$work/train.tsv" --out "$work/model" --vocabulary 6000 --hidden 384 --heads 6 --layers 4
check "a model of some size" status_is 0

# The most memory that the command had resident, in kilobytes.
peak() {
    "$SAWB" "$@" >"$out" 2>"$err" </dev/null &
    process=$! most=0
    while now=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$process/status" 2>/dev/null) && [ -n "$now" ]; do
        most=$now
        sleep 0.01
    done
    wait $process
    status=$?
}

# plan_holds NAME OPTION ...: within 5 % of what it is.
plan_holds() {
    case=$1
    shift
    run memory "$work/train.tsv" -m "$work/model" --validation "$work/dev.tsv" --max-steps 6 --eval-every 2 "$@" --json
    check "$case: a plan" json_lines
    planned=$(sed -n 's/.*"most at once","bytes":\([0-9.e+]*\).*/\1/p' "$out")
    peak train "$work/train.tsv" -m "$work/model" --validation "$work/dev.tsv" --max-steps 6 --eval-every 2 "$@" --out "$work/$case"
    check "$case: the run" status_is 0
    echo "# $case: planned $planned bytes, resident $most kB"
    check "$case: within 5 %" \
        awk -v planned="$planned" -v kb="$most" 'BEGIN { off = planned / (1024 * kb) - 1; exit !(off > -0.05 && off < 0.05) }'
}

if ldd "$SAWB" | grep -q 'lib[a-z]*san'; then
    echo "ok memory is not measured under a sanitizer"
else
    plan_holds plain --batch-size 64
    plan_holds average --average 0.99 --keep-best --batch-size 8
    plan_holds frozen --freeze embeddings,L0-1 --accumulate 2 --batch-size 16
    plan_holds teacher --teacher "$work/model" --batch-size 16
    plan_holds swap --teacher "$work/model" --word-swap 0.3 --batch-size 16
fi

run memory "$work/train.tsv" -m $bert
tab=$(printf '\t')
check "a table of TSV" says "^run${tab}.*weights in training.*${tab}[0-9.]*\$"
check "with the sum" says 'most at once'
run memory "$work/nothing.tsv" -m $bert
check "a file that is not there" refused 1 'nothing.tsv'

run bench train "$work/train.tsv" -m $bert --steps 3 --batch-size 8 --profile --json
check "the profile is JSON" json_lines
check "products are in it" says '"operation":"products, forward","ms":'
check "the speed is last" [ "$(tail -n 1 "$out" | grep -c '^{"name":"train".*"steps":3,.*"tokens_per_second":[0-9]')" -eq 1 ]
run bench train -m $bert --steps 2
check "on drawn sentences, for people" lines 1
check "it says tokens a second" says '^[0-9]* tokens/s (median of 2 steps'
run bench train -m $bert --steps 2 --profile --threads 1
check "a table by operation" says "^clip and AdamW$tab"
check "one thread never waits" [ "$(awk -F "$tab" '$1 == "all" { print $4 }' "$out")" = 0.0 ]
run bench train "$work/nothing.tsv" -m $bert
check "data that is not there" refused 1 'nothing.tsv'
