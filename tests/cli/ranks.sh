#!/bin/sh
# One run on two ranks is that of one process, and ends as a whole whatever happens to one of them.
. tests/cli/checks

mkdir "$work/data"
dataset "$work/data/train.tsv"
head -n 9 "$work/data/train.tsv" >"$work/data/dev.tsv"

# A build without Open MPI says so; one with it cannot meet the other rank here, which is not tried.
reason=
if ! grep -q MPI_Allreduce "$SAWB"; then
    OMPI_COMM_WORLD_SIZE=2 "$SAWB" train "$work/data" -m $bert --out "$work/run" >"$out" 2>"$err" </dev/null
    status=$?
    check "a build without Open MPI says so" refused 1 'built without Open MPI'
    reason="this sawb was built without Open MPI (Debian: libopenmpi-dev)"
elif ! mpirun --version 2>/dev/null | grep -q 'Open MPI'; then
    reason="there is no mpirun of Open MPI (Debian: openmpi-bin)"
fi
if [ -n "$reason" ]; then
    echo "ok skipped: $reason"
    echo "# ranks are not tested: $reason"
    exit 0
fi

# Ranks may outnumber the processors, and root may start them.
OMPI_MCA_rmaps_base_oversubscribe=1 OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
# Open MPI does not free all it took, which the address sanitizer would tell.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
export ASAN_OPTIONS OMPI_MCA_rmaps_base_oversubscribe OMPI_ALLOW_RUN_AS_ROOT OMPI_ALLOW_RUN_AS_ROOT_CONFIRM

# ranks N WORD ...: sawb on N ranks, ended after a minute if it hangs.
ranks() {
    number=$1
    shift
    timeout -s KILL 60 mpirun -n "$number" "$SAWB" "$@" >"$out" 2>"$err" </dev/null
    status=$?
}

# ---- the same run ----

# Step, loss, norm and tokens of each step in $out.
curve() {
    sed -n 's/^{"step":\([0-9]*\),"epoch":[^,]*,"loss":\([^,]*\),"lr":[^,]*,"grad_norm":\([^,]*\),"tokens":\([0-9]*\),.*/\1 \2 \3 \4/p' "$out"
}

# like FILE FILE LINES COLUMNS TOLERANCE: two tables of numbers are the same within a tolerance.
like() {
    paste -d ' ' "$1" "$2" | awk -v lines="$3" -v columns="$4" -v most="$5" '
        NF != 2 * columns { exit 1 }
        { for (i = 1; i <= columns; i++) { d = $i - $(i + columns); if (d > most || -d > most) exit 1 } }
        END { if (NR != lines) exit 1 }'
}

# Everything that is drawn at random, and everything that happens to a gradient. At a higher rate training
# makes rounding larger: sums over ranks differ in the last digit.
set -- --max-steps 100 --batch-size 8 --accumulate 2 --lr 3e-3 --dropout 0.2 --word-dropout 0.1 --average 0.9 \
    --eval-every 25 -s 'random(0.2, step)' --clip 0.5 --freeze L0 --json
run train "$work/data" -m $bert --out "$work/one" "$@"
curve >"$work/one.curve"
for number in 2 3; do
    ranks $number train "$work/data" -m $bert --out "$work/ranks$number" "$@"
    curve >"$work/ranks.curve"
    check "$number ranks train" status_is 0
    check "one of $number speaks" [ "$(grep -c '^note: saved' "$err")" -eq 1 ]
    check "one of $number writes the log" [ "$(grep -c '"lr"' "$work/ranks$number/log.jsonl")" -eq 100 ]
    check "$number ranks have the curve of one process" like "$work/one.curve" "$work/ranks.curve" 100 4 1e-5
    check "$number ranks evaluate" [ "$(grep -c '"eval"' "$out")" -eq 4 ]
done
for folder in one ranks2; do
    run eval "$work/data/train.tsv" -m "$work/$folder" --rows --json
    sed -n 's/.*"logits":\[\([^]]*\)\].*/\1/p' "$out" | tr , ' ' >"$work/$folder.logits"
done
check "the weights answer alike" like "$work/one.logits" "$work/ranks2.logits" 32 2 1e-3

# Fewer sentences than ranks, and a teacher.
set -- train "$work/data" -m $bert --batch-size 2 --lr 1e-3 --eval-every 5 --teacher $bert --json
run "$@" --max-steps 20 --out "$work/one"
curve | tail -n 10 >"$work/one.curve"
ranks 3 "$@" --max-steps 20 --out "$work/three"
curve | tail -n 10 >"$work/ranks.curve"
check "more ranks than sentences" like "$work/one.curve" "$work/ranks.curve" 10 4 1e-4

# What a teacher is asked anew in each step: by each rank for its own part of a batch.
set -- train "$work/data" -m $bert --batch-size 8 --lr 1e-3 --eval-every 20 --teacher $bert --word-swap 0.3 --json
run "$@" --max-steps 20 --out "$work/one"
curve >"$work/one.curve"
ranks 2 "$@" --max-steps 20 --out "$work/two"
curve >"$work/ranks.curve"
check "ranks swap the same words" like "$work/one.curve" "$work/ranks.curve" 20 4 1e-4

# ---- errors ----

ranks 2 train "$work/data" -m $bert --out "$work/wrong" --lr nothing
check "a fault of usage is told once" [ "$(grep -c '^error: ' "$err")" -eq 1 ]
check "and has its status" status_is 2
ranks 2 train "$work/nowhere" -m $bert --out "$work/wrong"
check "an error is told once" [ "$(grep -c '^error: ' "$err")" -eq 1 ]
check "and ends the run" status_is 1
ranks 1 train "$work/data" -m $bert --out "$work/wrong" : -n 1 "$SAWB" train "$work/nowhere" -m $bert --out "$work/wrong"
check "the error of one rank is told by the first" warns '^error: rank 1 on .*nowhere'
ranks 1 train "$work/data" -m $bert --out "$work/wrong" : -n 1 "$SAWB" train "$work/data" -m "$work/nobody" --out "$work/wrong"
check "also before the run begins" warns '^error: rank 1 on .*nobody'
ranks 1 train "$work/data" -m $bert --out "$work/wrong" : -n 1 "$SAWB" train "$work/data" -m "$work/one" --out "$work/wrong"
check "other weights are refused" warns '^error: rank 1 on .*has other weights, data or options than rank 0'
ranks 1 train "$work/data" -m $bert --out "$work/wrong" --lr 1e-3 : -n 1 "$SAWB" train "$work/data" -m $bert --out "$work/wrong" --lr 2e-3
check "so are other options" warns '^error: rank 1 on .*has other weights, data or options than rank 0'
cp -r "$work/data" "$work/undev"
rm "$work/undev/dev.tsv"
ranks 1 train "$work/data" -m $bert --out "$work/wrong" : -n 1 "$SAWB" train "$work/undev" -m $bert --out "$work/wrong"
check "so is other data to evaluate on" warns '^error: rank 1 on .*has other data or intervals of evaluation than rank 0'

# ---- ends ----

# rank_of NUMBER: the process that is this rank.
rank_of() {
    for process in $(cat "/proc/$mpirun/task/$mpirun/children"); do
        if tr '\0' '\n' <"/proc/$process/environ" | grep -qx "OMPI_COMM_WORLD_RANK=$1"; then echo "$process"; fi
    done
}

# ended NAME SIGNAL WHOM: a long run, of which a rank or mpirun gets a signal after two evaluations.
ended() {
    : >"$out"
    timeout -s KILL 60 mpirun -n 2 "$SAWB" train "$work/data" -m $bert --out "$work/$1" --epochs 100000 --batch-size 8 \
        --eval-every 10 --json >"$out" 2>"$err" </dev/null &
    run=$!
    while [ "$(grep -c '"eval"' "$out")" -lt 2 ] && kill -0 $run 2>/dev/null; do sleep 0.05; done
    read -r mpirun _ <"/proc/$run/task/$run/children"
    case $3 in mpirun) whom=$mpirun ;; *) whom=$(rank_of "$3") ;; esac
    kill -s "$2" "$whom"
    wait $run
    status=$?
}

# goes_on NAME [STEPS WORD ...]: one process, or WORD ..., goes on behind the last checkpoint for some steps (1);
# leaves the first that it made.
goes_on() {
    folder=$work/$1 steps=${2:-1}
    shift $(($# < 2 ? $# : 2))
    : >"$out"
    "$@" "$SAWB" train "$work/data" -m $bert --out "$folder" --epochs 100000 --batch-size 8 --eval-every 10 --json --resume \
        >"$out" 2>"$err" </dev/null &
    run=$!
    while [ "$(grep -c '"lr"' "$out")" -lt "$steps" ] && kill -0 $run 2>/dev/null; do sleep 0.05; done
    kill -s TERM $run
    wait $run
    status=$?
    first=$(sed -n '1s/{"step":\([0-9]*\),.*/\1/p' "$out")
}

for rank in 1 0; do
    ended killed$rank KILL $rank
    check "a rank $rank that is killed ends the run" status_is 137
    check "mpirun says which ($rank)" warns "rank $rank .*exited on signal 9"
    goes_on killed$rank
    check "the last checkpoint is whole (rank $rank)" [ "$((${first:-0} % 10))" -eq 1 ]
done

# The same checkpoint, gone on from by one process and by three.
cp -r "$work/killed0" "$work/three_on"
goes_on killed0 20
alone=$first
curve | head -n 20 >"$work/one.curve"
goes_on three_on 20 mpirun -n 3
check "other ranks go on from the same step" [ "${first:-0}" -eq "${alone:-1}" ]
curve | head -n 20 >"$work/ranks.curve"
check "with the curve of one process" like "$work/one.curve" "$work/ranks.curve" 20 4 1e-4
cp -r "$work/killed0" "$work/torn"
: >"$work/torn/trainer_state.safetensors"
ranks 2 train "$work/data" -m $bert --out "$work/torn" --epochs 100000 --batch-size 8 --resume
check "what cannot be resumed is told once" [ "$(grep -c '^error: .*cannot resume' "$err")" -eq 1 ]
check "and ends all ranks" status_is 1

ended stopped INT mpirun
check "Ctrl-C on mpirun ends the run" [ "$status" -ne 0 ] && [ "$status" -ne 137 ]
check "with a model" [ -s "$work/stopped/model.safetensors" ]
goes_on stopped
check "which goes on" [ "${first:-0}" -gt 20 ]

ended asked USR1 mpirun
check "SIGUSR1 reaches all ranks" warns '^note: stopped after step .*, weights saved in'
step=$(sed -n 's/^note: stopped after step \([0-9]*\),.*/\1/p' "$err")
goes_on asked
check "the weights are those of the last step" [ "${first:-0}" -eq "$((${step:-0} + 1))" ]
ended one_stopped TERM 1
check "a signal to one rank stops all" warns '^note: stopped after step .*, weights saved in'
