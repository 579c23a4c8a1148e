#!/bin/sh
# How much faster two ranks of one thread train than one: runs of each in turn, medians of their steps.
#     tests/bench/ranks.sh SAWB FOLDER [MODEL]
# FOLDER takes what is made. Without a model one of MiniLM's shape is made, with random weights.
set -eu
sawb=$1 folder=$2 model=${3:-}
rounds=${ROUNDS:-3} steps=${STEPS:-12}

command -v mpirun >/dev/null || { echo "error: there is no mpirun (Debian: openmpi-bin)" >&2; exit 1; }
OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_rmaps_base_oversubscribe OMPI_ALLOW_RUN_AS_ROOT OMPI_ALLOW_RUN_AS_ROOT_CONFIRM

mkdir -p "$folder"
awk 'BEGIN { print "sentence\tlabel" } { print $0 "\t" NR % 2 }' samples/sentences.txt >"$folder/once.tsv"
{ sed 1q "$folder/once.tsv"; for round in 1 2 3 4 5 6 7 8; do sed 1d "$folder/once.tsv"; done; } >"$folder/data.tsv"
if [ -z "$model" ]; then
    model=$folder/model
    [ -e "$model/model.safetensors" ] ||
        "$sawb" new "$folder/data.tsv" --out "$model" --hidden 384 --layers 6 --heads 12 2>/dev/null
fi

# speed N: tokens a second of each step on N ranks, but for the first two, appended to a file.
speed() {
    mpirun -n "$1" "$sawb" train "$folder/data.tsv" -m "$model" --out "$folder/run" --threads 1 --max-steps "$steps" \
        --json 2>/dev/null </dev/null | sed -n 's/.*"tokens_per_second":\([0-9.]*\)}.*/\1/p' | sed 1,2d >>"$folder/speed$1"
}
median() { sort -g "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

rm -f "$folder/speed1" "$folder/speed2"
for round in $(seq "$rounds"); do
    speed 1
    speed 2
done
one=$(median "$folder/speed1") two=$(median "$folder/speed2")
awk -v one="$one" -v two="$two" -v steps="$(wc -l <"$folder/speed1")" 'BEGIN {
    printf "ranks\ttokens/s\tefficiency\n1\t%.0f\t100 %%\n2\t%.0f\t%.0f %%\n", one, two, 50 * two / one
    printf "# median of %d steps each, batch 32, one thread a rank\n", steps }'
