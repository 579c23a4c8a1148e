#!/bin/sh
# Trains the small encoder that ships with sawb, from scratch, on GLUE SST-2:
#     sh samples/make-model.sh build/sawb SST-2 samples/model
# The folder SST-2 holds train.tsv and dev.tsv; the vocabulary is learned from train.tsv.
set -eu
sawb=${1:?usage: make-model.sh SAWB DATA OUT} data=$2 out=$3
work=$(mktemp -d "${TMPDIR:-/tmp}/sawb-model.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
"$sawb" new "$data" --out "$work/start" --vocabulary 4000 --hidden 160 --layers 4 --heads 4 \
    --feed-forward 640 --positions 256 --seed 1
"$sawb" train "$data" -m "$work/start" --out "$work/trained" -s dense --seed 1 --epochs 3 \
    --batch-size 64 --lr 3e-4 --warmup 0.1 --weight-decay 0.05 --dropout 0.2 \
    --word-dropout 0.3 --label-smoothing 0.1 --average 0.999 --storage f16
mkdir -p "$out"
for file in config.json vocab.txt tokenizer_config.json model.safetensors; do
    cp "$work/trained/$file" "$out/$file"
done
"$sawb" eval "$data/dev.tsv" -m "$out" -s dense
