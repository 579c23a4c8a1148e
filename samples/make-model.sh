#!/bin/sh
# Trains the small encoder that ships with sawb on GLUE SST-2:
#     sh samples/make-model.sh build/sawb SST-2 models/minilm samples/model
# The folder SST-2 holds train.tsv and dev.tsv. MiniLM is fine-tuned first; the small encoder begins
# with the word pieces that train.tsv needs and the principal components of their embeddings, and
# learns what MiniLM says of its sentences with words swapped for others. That takes a CPU with
# bfloat16; another one makes other weights.
set -eu
sawb=${1:?usage: make-model.sh SAWB DATA MINILM OUT} data=$2 minilm=$3 out=$4
work=$(mktemp -d "${TMPDIR:-/tmp}/sawb-model.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
"$sawb" train "$data" -m "$minilm" --out "$work/teacher" -s dense --seed 1 --epochs 1 \
    --batch-size 32 --lr 5e-5 --hold 0.9 --average 0.998 --precision bf16
"$sawb" new "$data" --out "$work/start" --words-from "$work/teacher" --vocabulary 10600 \
    --hidden 128 --layers 4 --heads 4 --feed-forward 256 --positions 256 --seed 1
"$sawb" train "$data" -m "$work/start" --out "$work/trained" -s dense --seed 1 --epochs 3 \
    --batch-size 64 --lr 6e-4 --warmup 0.06 --hold 0.5 --weight-decay 0.05 --dropout 0.1 \
    --average 0.999 --teacher "$work/teacher" --alpha 1 --temperature 2 --word-swap 0.4 \
    --precision bf16 --storage f16
mkdir -p "$out"
for file in config.json vocab.txt tokenizer_config.json model.safetensors; do
    cp "$work/trained/$file" "$out/$file"
done
"$sawb" eval "$data/dev.tsv" -m "$out" -s dense
