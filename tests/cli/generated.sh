#!/bin/sh
# What is made from the command table: the manual page and the completions.
. tests/cli/checks

run manual
check "manual" says '^\.TH SAWB 1'
cp "$out" "$work/sawb.1"
if command -v man >/dev/null; then
    MANWIDTH=80 man --warnings -l "$work/sawb.1" >"$out" 2>"$err" </dev/null
    check "man has nothing to say against it" [ ! -s "$err" ]
    check "man shows every command" grep -q 'compare \[A B\] FILE' "$out"
fi

for shell in bash zsh fish; do
    run completions $shell
    check "completions $shell" [ -s "$out" ]
    cp "$out" "$work/$shell"
    if command -v $shell >/dev/null; then
        $shell -n "$work/$shell" 2>"$err"
        status=$?
        check "$shell takes them" status_is 0
    fi
done

# complete WORD ...: what bash offers for the last word.
complete() {
    bash -c 'source "$1"; shift; compopt() { :; }
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _sawb; echo "${COMPREPLY[*]}"' \
        complete "$work/bash" "$@" >"$out" 2>"$err"
    status=$?
}
if command -v bash >/dev/null; then
    complete sawb trai
    check "bash completes commands" grep -qx train "$out"
    complete sawb train --ep
    check "bash completes options" grep -qx -- --epochs "$out"
    complete sawb train data --storage ""
    check "bash completes choices" grep -qx 'f32 f16' "$out"
    complete sawb predict -s light_sparse
    check "bash completes presets" says light_sparse:local
    complete sawb predict -s light_sparse : lo
    check "bash completes families" grep -qx local "$out"
    complete sawb predict --color = al
    check "bash completes values behind =" grep -qx always "$out"
    complete sawb eval samples/pres
    check "bash completes files" grep -qx samples/presets.json "$out"
    complete sawb run samples/pres
    check "also where there are words too" grep -qx samples/presets.json "$out"
    complete sawb compare samples/pres
    check "also where a pattern could stand" grep -qx samples/presets.json "$out"
    complete sawb compare dense samples/pres
    check "at each place" grep -qx samples/presets.json "$out"
    complete sawb sweep samples/pres
    check "and for sweep" grep -qx samples/presets.json "$out"
    complete sawb prune samples/pres
    check "and prune" grep -qx samples/presets.json "$out"
    complete sawb runs sampl
    check "bash completes folders of runs" grep -qx samples "$out"
    complete sawb sessions show samples/pres
    check "bash knows what stands at the second place" grep -qx samples/presets.json "$out"
    complete sawb attach samples ev
    check "the words behind a folder" grep -qx evaluate "$out"
    complete sawb save x.svg heads
    check "and views behind a file" grep -qx heads "$out"
    complete sawb -s dense --json save x.svg heads
    check "over options and their values" grep -qx heads "$out"
    complete sawb eval --color = always samples/pres
    check "also those behind =" grep -qx samples/presets.json "$out"
    complete sawb eval data.tsv ""
    check "nothing behind the last argument" grep -qx '' "$out"
    complete sawb --session samples/pres
    check "bash completes values of sawb's own options" grep -qx samples/presets.json "$out"
    complete sawb --config samples/pres
    check "of each" grep -qx samples/presets.json "$out"
    complete sawb sweep data.tsv --family topk,loc
    check "bash completes the last of a list" grep -qx topk,local "$out"
    complete sawb "a sentence" tr
    check "no commands inside of a sentence" grep -qx '' "$out"
fi
