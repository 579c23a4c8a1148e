#!/bin/sh
# Draws the README's pictures with the model in samples: the screen in tmux, and figures of two views.
#     SAWB=build/sawb sh samples/make-pictures.sh samples
set -u
out=${1:?usage: make-pictures.sh FOLDER}
. tests/ui/session.inc
sentence="a warm , witty film that earns every laugh ."

"$SAWB" save "$out/heads.svg" heads -m samples/model -s aggressive_sparse --text "$sentence" || exit 1
"$SAWB" save "$out/attention.svg" attention -m samples/model -s aggressive_sparse --text "$sentence" \
    --layer 2 --head 3 || exit 1

start 160 44 COLORTERM=truecolor SAWB_SAMPLES=samples -- -m samples/model --no-session "$sentence"
check_shows "the sentence" "tokens" || exit 1
keys Tab '}' '}'
check_shows "the layer" "layer 2" || exit 1
keys ':'
type_text "picture $out/workbench.svg"
keys Enter
check "the picture" test -s "$out/workbench.svg" || exit 1
leave "the screen"
