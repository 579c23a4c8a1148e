#!/bin/sh
# Records samples/tour.sawb, a session that shows what the workbench does: drives the screen in tmux
# at the pace of somebody who reads. `make tour` runs it, `make demo` plays what it has recorded.
#     SAWB=build/sawb sh samples/make-tour.sh OUT RUN    RUN: a folder for the short training's weights
set -u
out=${1:?usage: make-tour.sh OUT RUN} run=${2:?usage: make-tour.sh OUT RUN}
: "${PAUSE:=3}" # seconds to read what is new
. tests/ui/session.inc

# What this is about must come on the screen, or the tour is of no use.
expect() {
    until_true "$@" && return
    echo "make-tour: never came true: $*" >&2
    screen >&2
    exit 1
}

# note TEXT: a marker of the timeline, whose text stands on the message line for a while
note() {
    keys ':'
    type_text "marker $1"
    keys Enter
    sleep "$PAUSE"
}

# command TEXT: typed at the prompt
command_line() {
    keys ':'
    type_text "$1"
    sleep 0.5
    keys Enter
    sleep 0.5
}

# press KEY ...: one after the other, so that each is seen
press() {
    for key in "$@"; do
        keys "$key"
        sleep 0.4
    done
}

# write TEXT: as fingers do
write() {
    rest=$1
    while [ -n "$rest" ]; do
        type_text "${rest%"${rest#?}"}"
        rest=${rest#?}
        sleep 0.07
    done
}

rm -rf "$run" "$out"
start 80 24 SAWB_SAMPLES=samples -- -m samples/model --session "$out" ""
expect shows "❯"
sleep "$PAUSE"
write "a clever and moving film , though the end is weak ."
expect shows "14 tokens"
keys Tab
note "the sentence is read while it is typed: A is dense, B keeps a fifth of the pairs"
press 1
note "1 to 3 choose B's preset: 40 % of the pairs removed"
press 3 a 1 x
note "a and a digit choose A's; x exchanges the two"
press x a 0
command_line "sparsity b local(2) + global(cls)"
expect shows "local(2)"
note "S or :sparsity writes any pattern: a window, and [CLS] sees all"
press 3 '}' ']' ']' Right Right Down
note "braces change the layer, brackets the head, arrows the shared cursor"
press m
note "m: the scores before the softmax"
press m M
note "M: the mean of the layer's heads"
press M M r
note "r: one query's row as bars over the sentence"
press r g h
expect shows "entropy"
note "g h: every head of every layer"
press '>' Down Down Right
note "ordered by a metric; Enter opens the head, Space switches it off"
press Space
note "this head is off in B: its answer has changed"
press u g m
note "g m: the mask of B, its blocks, and what it keeps"
press g p
note "g p: the logits of A and B, and what each token counts for"
press g n
note "g n: numbers of every head, A beside B"
command_line "data samples/tour/dev.tsv"
command_line "view data"
expect shows "McNemar"
note "g d: a data set with the answers of A and B; rows that flip are marked"
command_line "sweep samples/tour/dev.tsv --family topk,local"
command_line "view sweep"
expect matches "accuracy"
sleep 3
note "g s: accuracy against sparsity"
command_line "view attention"
command_line "train samples/tour --out $run --epochs 12 --batch-size 8 --lr 2e-4 --eval-every 16"
expect matches "train|step"
press g t
expect matches "run of [0-9,]+ steps ended|ended"
note "g t: a short training from the screen, its loss and accuracy"
command_line "open samples/model both"
command_line "view console"
note "g c: commands and their answers"
press g '?'
note "?: the help of the view; Ctrl-P finds every command and key"
press Escape
command_line "view attention"
command_line "split right heads"
note "views stand side by side; that is the tour, go-live goes on from here"
keys q
expect ended 0
echo "make-tour: $out has $(wc -c <"$out") bytes"
