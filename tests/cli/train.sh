#!/bin/sh
# Training from the shell: the log, the checkpoint, stopping and going on.
. tests/cli/checks

number='-?[0-9.]+(e[-+]?[0-9]+)?'
mkdir "$work/data"
dataset "$work/data/train.tsv"
head -n 9 "$work/data/train.tsv" >"$work/data/dev.tsv"

run train "$work/data" -m $bert --out "$work/run" --epochs 15 --batch-size 8 --lr 1e-2 --eval-every 20 --json
check "train succeeds" status_is 0
check "train --json is JSON" json_lines
check "a line for each step and each evaluation" lines 63
check "steps have their schema" line_is 1 \
    "^\\{\"step\":1,\"epoch\":$number,\"loss\":$number,\"lr\":$number,\"grad_norm\":$number,\"tokens\":[0-9]+,\"tokens_per_second\":$number\\}\$"
check "evaluations have their schema" line_is 63 "^\\{\"step\":60,\"eval\":\\{\"accuracy\":$number,\"loss\":$number\\}\\}\$"
check "it learned" line_is 63 '"accuracy":1,'
logged() { grep -E '"loss":' "$1/log.jsonl" | cmp -s - "$out"; }
check "the log in the folder holds the same lines" logged "$work/run"
noted() { head -n 1 "$1/log.jsonl" | grep -q '"precision":"f32"'; }
check "the log says in which precision" noted "$work/run"
for file in config.json model.safetensors vocab.txt tokenizer_config.json; do
    check "the checkpoint has $file" [ -s "$work/run/$file" ]
done
run eval "$work/data/dev.tsv" -m "$work/run" --json
check "the checkpoint is as good" says '"rows":8,"accuracy":1,'
check "nothing temporary is left" [ "$(find "$work/run" -type f | wc -l)" -le 6 ]

run train "$work/data" -m $bert --out "$work/text" --epochs 2 --batch-size 8 --storage f16 --keep-best
check "train for people" line_is 2 '^ +8 +2\.000 +[0-9.]+ +[0-9.]+ +[01]\.[0-9]{4} +0\.0 % +[0-9]+$'
check "progress is not on stdout" lines 2
check "stderr has no escape sequences" [ -z "$(grep "$(printf '\033')" "$err")" ]
check "half the bytes in f16" [ "$(wc -c <"$work/text/model.safetensors")" -lt "$(($(wc -c <"$work/run/model.safetensors") * 3 / 4))" ]

run train "$work/data/train.tsv" -m $bert --out "$work/alone" --max-steps 30 --batch-size 8 --eval-every 10
check "a run without a validation set tells how it goes" [ "$(grep -c '^note: step [12]0 of 30: loss ' "$err")" -eq 2 ]

# The same seed gives the same weights, in one go or resumed after a stop.
for name in once twice; do
    run train "$work/data" -m $bert --out "$work/$name" --epochs 3 --batch-size 8 --seed 7
done
check "the same seed gives the same weights" cmp -s "$work/once/model.safetensors" "$work/twice/model.safetensors"

# interrupted NAME SIGNAL STATUS: a long run is stopped by a signal and saves its weights.
interrupted() {
    : >"$out"
    "$SAWB" train "$work/data" -m $bert --out "$work/$1" --epochs 100000 --json >"$out" 2>"$err" </dev/null &
    run=$!
    while [ "$(wc -l <"$out")" -lt 5 ] && kill -0 $run 2>/dev/null; do sleep 0.05; done
    kill -s "$2" $run
    wait $run
    status=$?
    check "$2 ends a run" status_is "$3"
    check "$2 saves the weights" [ -s "$work/$1/model.safetensors" ]
    check "$2 says so" warns 'weights saved in'
    check "$2 leaves whole lines" json_lines
}
interrupted stopped INT 130
interrupted ended TERM 143
run predict -m "$work/stopped" fine
check "what was saved opens" status_is 0
: >"$out"
"$SAWB" train "$work/data" -m $bert --out "$work/stopped" --epochs 100000 --resume --json >"$out" 2>"$err" </dev/null &
run=$!
while [ ! -s "$out" ] && kill -0 $run 2>/dev/null; do sleep 0.05; done
kill -s TERM $run
wait $run
status=$?
check "a run goes on where it stopped" [ "$(sed -n '1s/{"step":\([0-9]*\),.*/\1/p' "$out")" -gt 5 ]
run train "$work/data" -m $bert --out "$work/stopped" --epochs 3 --resume
check "other options are refused" refused 1 "$work/stopped"
run train "$work/data" -m $bert --out "$work/new" --resume
check "nothing to resume from" refused 1 "$work/new"

run new "$work/data" --out "$work/fresh" --vocabulary 60 --hidden 16 --layers 2 --heads 2 --seed 3
check "new succeeds" status_is 0
run train "$work/data" -m "$work/fresh" --out "$work/learned" --epochs 20 --batch-size 8 --lr 5e-3 -s 'topk(0.5)' --json
check "a new encoder learns under a pattern" [ "$(tail -n 1 "$out" | grep -c '"accuracy":1,')" -eq 1 ]

# The options of the regime, from the command line.
run train "$work/data" -m $bert --out "$work/accumulated" --max-steps 3 --batch-size 4 --accumulate 2 --freeze embeddings,L0 \
    --layer-decay 0.8 --sparsity-schedule 'dense@0-1; topk(0.2..0.4)@1-2' --json
check "a schedule is followed and said" warns '^note: pattern topk(0.4) from step 3 on, by the schedule'
check "and is in the log" grep -q '"step":2,"change":{"sparsity":"topk(0.4)"}' "$work/accumulated/log.jsonl"
check "steps are those of the optimiser" [ "$(grep -c '"loss":.*"lr"' "$out")" -eq 3 ]
run train "$work/data" -m $bert --out "$work/wrong" --sparsity-schedule 'dense@0-5; topk(1.8)@5-'
check "a fault in a schedule has its column" refused 2 'column 17: share must be'
run train "$work/data" -m $bert --out "$work/wrong" --freeze L0,classifier
check "what cannot be frozen" refused 2 'column 4'
run train "$work/data" -m $bert --out "$work/wrong" --freeze L0-9
check "layers that the model does not have" refused 1 'there is no layer 9, the model has L0-1'
check "a mistyped option leaves no folder" [ ! -e "$work/wrong" ]
run train "$work/data/train.tsv" -m $bert --out "$work/wrong" --stop-after 2
check "early stopping needs a validation set" refused 1 'validation'

run train "$work/data" -m $bert --out "$work/early" --epochs 1000 --batch-size 8 --lr 0 --eval-every 2 --stop-after 3
check "a run ends early" warns 'ended after step 8: no better evaluation in 3 since step 2'
check "with the best weights" warns 'the weights of step 2'
cp "$work/early/model.safetensors" "$work/early.safetensors"
rm "$work/early/model.safetensors"
run train "$work/data" -m $bert --out "$work/early" --epochs 1000 --batch-size 8 --lr 0 --eval-every 2 --stop-after 3 --resume
check "and has ended when it is resumed" warns 'all 8 steps were made before'
check "what a kill took from it is written" cmp -s "$work/early.safetensors" "$work/early/model.safetensors"

run train "$work/data" -m "$work/fresh" --out "$work/pupil" --max-steps 4 --batch-size 8 --teacher "$work/learned" --temperature 3 --alpha 0.8
check "a run with a teacher" warns 'distilling from .*/learned at temperature 3, alpha 0.8'
run train "$work/data" -m "$work/fresh" --out "$work/wrong" --teacher "$work/nobody"
check "a teacher that is not there" refused 1 'teacher.*nobody'
check "leaves no folder" [ ! -e "$work/wrong" ]
run train "$work/data" -m "$work/fresh" --out "$work/foreign" --max-steps 4 --batch-size 8 --teacher $bert
check "a teacher of another vocabulary" warns "distilling from $bert"
run new "$work/data" --out "$work/lent" --vocabulary 60 --hidden 8 --layers 1 --heads 2 --words-from $bert
check "word pieces from another model" warns "choosing 60 word pieces of $bert for [0-9]* rows of"
check "all of them are its own" [ "$(sort "$bert/vocab.txt" "$bert/vocab.txt" "$work/lent/vocab.txt" | uniq -c | grep -c '^ *1 ')" -eq 0 ]
run train "$work/data" -m "$work/lent" --out "$work/swapped" --max-steps 4 --batch-size 8 --teacher $bert --word-swap 0.2
check "words are swapped for such a teacher" warns '0.2 of the words are swapped'
check "and the run ends well" status_is 0
run train "$work/data" -m "$work/fresh" --out "$work/foreign" --max-steps 4 --teacher $bert --word-swap 0.2
check "not for one without the word pieces" refused 1 'does not have the word piece.*new --words-from'
run train "$work/data" -m "$work/lent" --out "$work/alone" --word-swap 0.2
check "not without a teacher" refused 2 'word-swap needs a teacher.*--teacher DIR'
run memory "$work/data" -m "$work/lent" --word-swap 0.2
check "nor is memory for it" refused 2 'word-swap needs a teacher'
run train "$work/data" -m "$work/lent" --out "$work/alone" --teacher $bert --word-swap 0.6
check "nor more than half of the words" refused 2 'word-swap is 0.6, it must be at least 0 and at most 0.5'
run new "$work/data" --out "$work/none" --vocabulary 20 --hidden 8 --layers 1 --heads 2 --words-from "$work/nobody"
check "word pieces from nobody" refused 1 'words-from.*nobody'
check "leave no folder" [ ! -e "$work/none" ]
run new "$work/data" --out "$work/few" --vocabulary 7 --hidden 8 --layers 1 --heads 2 --words-from $bert
check "too few word pieces for all characters" refused 1 '7 word pieces is too small'
run new "$work/data" --out "$work/wide" --vocabulary 60 --hidden 64 --layers 1 --heads 2 --words-from $bert
check "word embeddings from a narrower model" refused 1 'cannot give word embeddings to an encoder of 64'
