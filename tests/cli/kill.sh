#!/bin/sh
# Killed without warning at random moments, also within a save, a run goes on to the same bits.
# KILLS (default: 8) says how often, KILL_SEED which moments.
. tests/cli/checks

kills=${KILLS:-8} seed=${KILL_SEED:-1}
mkdir "$work/data"
dataset "$work/data/train.tsv"
head -n 9 "$work/data/train.tsv" >"$work/data/dev.tsv"

# Everything that a checkpoint has to hold: an average, the best weights (of a step well before the end), a schedule,
# random patterns and dropout.
train() {
    folder=$1
    shift
    set -- train "$work/data" -m $bert --out "$folder" --max-steps 200 --eval-every 4 --batch-size 4 --accumulate 2 \
        --lr 3e-2 --word-dropout 0.2 --average 0.9 --layer-decay 0.9 --keep-best \
        --sparsity-schedule 'random(0.2..0.6, step)@0-100; topk(0.5)@100-' "$@"
    exec "$SAWB" "$@" >"$out" 2>"$err" </dev/null
}

# moment N: seconds until kill N, more often short than long.
moment() { awk -v seed="$seed" -v n="$1" 'BEGIN { srand(seed * 1000 + n); rand(); u = rand(); printf "%.3f", 0.02 + 0.5 * u * u }'; }

(train "$work/whole")
status=$?
check "the unbroken run ends" status_is 0

killed=0 tries=0 resumed=0
while [ $killed -lt "$kills" ] && [ $tries -lt $((10 * kills)) ]; do
    tries=$((tries + 1))
    if [ -e "$work/broken/trainer_state.safetensors" ]; then
        resumed=$((resumed + 1))
        train "$work/broken" --resume &
    else
        train "$work/broken" &
    fi
    process=$!
    sleep "$(moment $tries)"
    kill -s KILL $process 2>/dev/null
    wait $process 2>/dev/null
    status=$?
    case $status in
    137) killed=$((killed + 1)) ;;
    0) rm -rf "$work/broken" ;; # ended before its moment: again from the start
    *) check "try $tries goes on from what is there" false ;;
    esac
done
check "killed $kills times" [ $killed -eq "$kills" ]
check "and gone on in between" [ $resumed -gt 0 ]
if [ -e "$work/broken/trainer_state.safetensors" ]; then
    (train "$work/broken" --resume)
else
    (train "$work/broken")
fi
status=$?
check "the run ends" status_is 0
check "no temporary file of a killed save is left" [ -z "$(find "$work/broken" -name '.sawb-*')" ]
for file in model.safetensors trainer_state.safetensors config.json vocab.txt tokenizer_config.json; do
    check "$file is that of the unbroken run" cmp -s "$work/whole/$file" "$work/broken/$file"
done
