#!/bin/sh
# The command line as programs rely on it: exit status, what goes where, and the JSON of each command.
. tests/cli/checks

number='-?[0-9.]+(e[-+]?[0-9]+)?'
string='"([^"\\]|\\.)*"'
strings="\\[$string(,$string)*\\]"
numbers="\\[$number(,$number)*\\]"
sparsity="\\{\"spec\":$string,\"target\":($number|null),\"realised\":$number\\}"
evaluation="\"rows\":[0-9]+,\"accuracy\":$number,\"loss\":$number,\"seconds\":$number,\"sparsity\":$sparsity"
prediction="^\\{\"text\":$string,\"tokens\":$strings,\"ids\":$numbers,\"logits\":$numbers,\"probs\":$numbers,\"label\":\"(NEGATIVE|POSITIVE)\",\"sparsity\":$sparsity\\}\$"
dataset "$work/data.tsv"
tab=$(printf '\t')

run --version
check "version" says '^sawb [0-9]'
run --help
check "help lists commands" says '^  predict '
check "help goes to stdout" [ ! -s "$err" ]
run train --help
check "help of a command" says '^usage: sawb train'

# ---- predict
run predict -m $bert --json "a fine film"
check "predict --json succeeds" status_is 0
check "predict --json is JSON" json_lines
check "predict --json has its schema" line_is 1 "$prediction"
run --json -m $bert -s 'topk(0.5)' predict "a fine film" "dull"
check "options in front of the command" line_is 2 "$prediction"
check "target and realised" says '"spec":"topk(0.5)","target":0.5,"realised":0.[0-9]*}'
run predict -m $bert "a fine film"
check "predict for people" line_is 1 '^(NEGATIVE|POSITIVE) +[01]\.[0-9]{3}  sparsity +[0-9.]+ %  a fine film$'
run -m $bert a fine film
check "a sentence without a terminal" line_is 1 'a fine film$'
run -m $bert --json a fine film
check "a sentence with --json" line_is 1 "$prediction"
run -m $bert -- predict well
check "-- makes a sentence of a command" line_is 1 'predict well$'
run -m $bert --color always "a fine film"
check "no escape sequences without a terminal" [ -z "$(grep "$(printf '\033')" "$out")" ]

# ---- drawings in colour
escape=$(printf '\033')
draw() { # draw always|auto|never [NAME=VALUE]: an attention map, on what would be a terminal of 256 colours
    env -u COLORTERM -u NO_COLOR TERM=xterm-256color ${2:+"$2"} "$SAWB" -m $bert --color "$1" \
        show attention --text "a fine film" --layer 1 --head 0 --draw >"$out" 2>"$err" </dev/null
    status=$?
}
plain() { status_is 0 && says '^fine ' && ! grep -q "$escape" "$out"; }
draw never
check "--color never draws without colours" plain
sed 's/ *$//' "$out" >"$work/plain"
draw always
check "--color always draws in colours" says "$escape\\[0;[0-9;]*[34]8;5;[0-9]"
sed "s/$escape\\[[0-9;]*m//g; s/ *\$//" "$out" >"$work/stripped"
check "the same picture" cmp "$work/plain" "$work/stripped"
draw always NO_COLOR=1
check "--color always wins over NO_COLOR" says "$escape\\[0;[0-9;]*[34]8;5;[0-9]"
draw always COLORTERM=truecolor
check "true colours where there are" says "$escape\\[0;[0-9;]*[34]8;2;[0-9]"
draw always TERM=dumb
check "a terminal without colours gets none" plain
draw auto
check "--color auto: none without a terminal" plain

# ---- tokens
run tokens -m $bert --json "Fine Film!"
check "tokens --json is JSON" json_lines
check "tokens --json" says '"offsets":\[\[0,0\],\[0,4\],\[5,9\],\[9,10\],\[0,0\]\]}'
check "tokens --json has its schema" line_is 1 \
    "^\\{\"text\":$string,\"tokens\":$strings,\"ids\":$numbers,\"offsets\":\\[\\[[][0-9,]*\\]\\]\\}\$"
run tokens -m $bert "a fine film"
check "tokens are a table of TSV" line_is 1 "^id${tab}begin${tab}end${tab}piece\$"
check "with a row for each" lines 6

# ---- eval
run eval -m $bert --json "$work/data.tsv" --rows
check "eval --rows is JSON" json_lines
check "eval --rows answers each row" lines 33
check "eval rows have their schema" line_is 1 \
    "^\\{\"row\":0,\"text\":$string,\"gold\":\"(NEGATIVE|POSITIVE)\",\"logits\":$numbers,\"label\":\"(NEGATIVE|POSITIVE)\"\\}\$"
check "eval ends with its summary" line_is 33 "^\\{$evaluation\\}\$"
run eval -m $bert "$work/data.tsv" -s aggressive_sparse
check "eval is a table of TSV" line_is 2 "^A${tab}$bert${tab}aggressive_sparse${tab}32${tab}[01]\\.[0-9]{4}${tab}[0-9.]+${tab}80\\.0${tab}[0-9.]+${tab}[0-9.]+\$"
printf '{"sentence":"a fine\\tfilm\\nof old","label":1}\n' >"$work/one.jsonl"
run eval -m $bert "$work/one.jsonl" --rows
check "eval --rows: a tab or line break in a text breaks no row" line_is 2 "^0${tab}(right|wrong)${tab}[A-Z]+${tab}a fine film of old\$"
check "and no other line" lines 4
run bench -m $bert tokenize
check "bench is a table of TSV" line_is 1 "^name${tab}n${tab}runs${tab}median ms${tab}p10 ms${tab}p90 ms\$"
run keys data
check "so are keys" line_is 1 "^view${tab}key${tab}command${tab}note\$"
run presets
check "and presets" line_is 2 "^preset${tab}dense${tab}dense${tab}\$"
run prune -m $bert "$work/data.tsv" --until 1
check "and prune" line_is 1 "^heads_off${tab}head${tab}accuracy${tab}loss\$"
run -m $bert --color always eval "$work/data.tsv"
check "TSV has no colours" [ -z "$(grep "$(printf '\033')" "$out")" ]

# ---- compare
run compare -m $bert --json dense 'topk(0.8)' "$work/data.tsv"
check "compare --json is JSON" json_lines
check "compare --json has its schema" line_is 1 \
    "^\\{\"a\":\\{\"model\":$string,$evaluation\\},\"b\":\\{\"model\":$string,$evaluation\\},\"a_only\":[0-9]+,\"b_only\":[0-9]+,\"mcnemar_p\":$number,\"flips\":\\[[0-9,]*\\]\\}\$"
run compare $bert "$bert=local(1)" "$work/data.tsv"
check "compare takes folders" says '^B.*local(1)'

# ---- export
run export "$work/x.safetensors" -m $bert --text "a fine film" --gradients 1
check "export succeeds" status_is 0
header() { tr '{,' '\n\n' <"$work/x.safetensors" | grep -acE "^\"$1\":"; }
check "export writes its tensors" [ "$(header '(scores|attention|mask|hidden_states|logits)')" -eq 5 ]
check "export writes gradients" [ "$(header 'grad\.[a-zA-Z0-9_.]*')" -gt 20 ]
check "export prints no result" quiet

# ---- bench
run bench -m $bert --json tokenize
check "bench --json is JSON" json_lines
check "bench --json has its schema" line_is 1 \
    "^\\{\"name\":\"tokenize\",\"n\":[0-9]+,\"runs\":[0-9]+,\"median_ms\":$number,\"p10_ms\":$number,\"p90_ms\":$number\\}\$"

# ---- scripts
run -m $bert -c 'text a fine film; sparsity b "topk(0.5);dense@L0"; predict --json; presets'
check "-c runs commands" line_is 2 "$prediction"
check "-c knows both arms" line_is 2 '"spec":"topk\(0\.5\);dense@L0"'
printf '# a comment\ntext a fine film\n\npredict\neval %s\n' "$work/none.tsv" >"$work/script"
run -m $bert run "$work/script"
check "run stops at the first failure" status_is 1
check "run says where" warns "^error: $work/script:5: "
check "run keeps what was answered" lines 2

# ---- wrong usage
while IFS='|' read -r words pattern; do
    # The words are meant to be split.
    # shellcheck disable=SC2086
    run $words
    check "usage: sawb $words" refused 2 "$pattern"
done <<'TABLE'
|only on a terminal
--json|only on a terminal
predict|no text
evla|did you mean "eval"
trian samples|did you mean "train"
predict x --nonsense|unknown option "--nonsense"
--nonsense|unknown option "--nonsense"
predict x -m|--model needs a value
eval|usage: eval FILE
eval a b|too many arguments
train x|--out is missing
train x --out y --lr fast|--lr must be a number
train x --out y --epochs -1|--epochs must be a whole number
compare dense x|compare A B FILE
-c quit more|-c takes one argument
--seed x predict y|--seed must be a whole number
--color blue predict y|must be one of auto
predict y -s topk(1.8)|column 6
TABLE
