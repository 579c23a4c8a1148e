#!/bin/sh
# Files and texts that are wrong: a clear error, status 1 or 2, nothing half-written left behind.
. tests/cli/checks

# broken NAME: a copy of the tiny model in $work/NAME, to be broken.
broken() {
    rm -rf "${work:?}/$1"
    mkdir "$work/$1"
    cp $bert/config.json $bert/model.safetensors $bert/vocab.txt "$work/$1/"
    model=$work/$1
}

# refuses NAME PATTERN: predict, eval, export and train all refuse $model, and leave nothing.
dataset "$work/data.tsv"
refuses() {
    run predict -m "$model" fine
    check "$1: predict" refused 1 "$2"
    run eval -m "$model" "$work/data.tsv"
    check "$1: eval" refused 1 "$2"
    run export "$work/export.safetensors" -m "$model" --text fine
    check "$1: export" refused 1 "$2"
    check "$1: export leaves nothing" [ ! -e "$work/export.safetensors" ]
    run train "$work/data.tsv" -m "$model" --out "$work/run"
    check "$1: train" refused 1 "$2"
    check "$1: train leaves nothing" [ ! -e "$work/run" ]
}

# ---- models
model=$work/nowhere
refuses "no folder" "$work/nowhere"
broken truncated
size=$(wc -c <$bert/model.safetensors)
head -c $((size / 2)) $bert/model.safetensors >"$model/model.safetensors"
refuses "truncated weights" "truncated/model.safetensors"
for bytes in 0 4 8 100; do
    head -c $bytes $bert/model.safetensors >"$model/model.safetensors"
    run predict -m "$model" fine
    check "weights of $bytes bytes" refused 1 "truncated/model.safetensors"
done

broken size
{ printf '\377\377\377\377\377\377\377\177'; tail -c +9 $bert/model.safetensors; } >"$model/model.safetensors"
refuses "header of 2^63 bytes" "size/model.safetensors"
{ printf '\377\377\377\377\000\000\000\000'; tail -c +9 $bert/model.safetensors; } >"$model/model.safetensors"
run predict -m "$model" fine
check "header longer than the file" refused 1 "size/model.safetensors"

# lie NAME FROM TO: the header says TO, which is as long as FROM.
lie() {
    broken lie
    sed "s/$2/$3/" $bert/model.safetensors >"$model/model.safetensors"
    cmp -s $bert/model.safetensors "$model/model.safetensors" && echo "not ok $1: nothing was changed"
    run predict -m "$model" fine
    check "$1" refused 1 "lie/model.safetensors"
}
lie "a shape that lies" '"shape":\[40,16\]' '"shape":[90,16]'
lie "a shape that overflows" '"shape":\[40,16\],"' '"shape":[9e9999],"'
lie "a type that lies" '"dtype":"F32"' '"dtype":"F64"'
lie "offsets that lie" '"data_offsets":\[0,' '"data_offsets":[9,'
lie "a header that is no JSON" '{"' '{{'
lie "a name that is missing" 'classifier.weight' 'classifier.heavyy'

broken vocabulary
head -n 30 $bert/vocab.txt >"$model/vocab.txt"
refuses "a vocabulary that is too short" "vocabulary"
: >"$model/vocab.txt"
run predict -m "$model" fine
check "an empty vocabulary" refused 1 "vocab.txt"
rm "$model/vocab.txt"
run predict -m "$model" fine
check "no vocabulary" refused 1 "vocab.txt"

broken config
echo '{"model_type": "bert", ' >"$model/config.json"
refuses "a config that is no JSON" "config/config.json"
while IFS='|' read -r name edit; do
    sed "$edit" $bert/config.json >"$model/config.json"
    cmp -s $bert/config.json "$model/config.json" && echo "not ok $name: nothing was changed"
    run predict -m "$model" fine
    check "config: $name" refused 1 "config"
done <<'TABLE'
another family|s/"model_type": "bert"/"model_type": "gpt2"/
heads that do not divide|s/"num_attention_heads": 2/"num_attention_heads": 3/
no layers|s/"num_hidden_layers": 2/"num_hidden_layers": 0/
a size that is text|s/"hidden_size": 16/"hidden_size": "16"/
another size than the weights|s/"intermediate_size": 24/"intermediate_size": 25/
a size that is huge|s/"hidden_size": 16/"hidden_size": 1e300/
TABLE

# ---- texts
run predict -m $bert "$(printf 'bad \377')"
check "invalid UTF-8 in an argument" refused 1 'byte 4'
run tokens -m $bert "$(printf 'bad \303')"
check "a character that is cut" refused 1 'byte 4'
run export "$work/export.safetensors" -m $bert --text "$(printf 'bad \377')"
check "invalid UTF-8 for export" refused 1 'byte 4'
check "export leaves nothing" [ ! -e "$work/export.safetensors" ]
run predict -m $bert --json ""
check "an empty text" says '"tokens":\["\[CLS\]","\[SEP\]"\]'

# ---- data sets
# data NAME PATTERN: $work/bad.tsv is refused by eval, compare and train.
data() {
    run eval -m $bert "$work/bad.tsv"
    check "$1: eval" refused 1 "$2"
    run compare -m $bert dense 'local(1)' "$work/bad.tsv"
    check "$1: compare" refused 1 "$2"
    run train "$work/bad.tsv" -m $bert --out "$work/run"
    check "$1: train" refused 1 "$2"
    check "$1: train leaves nothing" [ ! -e "$work/run" ]
}
printf 'sentence\tlabel\nfine\t1\nbad\t2\n' >"$work/bad.tsv"
data "a label out of range" 'bad.tsv.*3'
printf 'sentence\tlabel\nfine\t1\nbad\t-2\n' >"$work/bad.tsv"
data "a negative label" 'bad.tsv.*3'
printf 'sentence\tlabel\nfine\tgood\n' >"$work/bad.tsv"
data "a label that is no number" 'bad.tsv.*2'
printf 'sentence\tlabel\nfine\n' >"$work/bad.tsv"
data "a row without a label" 'bad.tsv.*2'
printf 'text\tvalue\nfine\t1\n' >"$work/bad.tsv"
data "a header without the columns" 'bad.tsv'
printf 'sentence\tlabel\nbad \377\t1\n' >"$work/bad.tsv"
data "a row that is not UTF-8" 'bad.tsv'
: >"$work/bad.tsv"
data "an empty file" 'bad.tsv'
rm "$work/bad.tsv"
data "no file" 'bad.tsv'

# ---- places that cannot be written to; also root cannot make a folder below a file or in /proc
: >"$work/file"
for place in "$work/file/run" /proc/run; do
    part=${place%/run}
    run train "$work/data.tsv" -m $bert --out "$place"
    check "train into ${place#"$work/"}" refused 1 "$part"
    run new "$work/data.tsv" --out "$place" --vocabulary 40 --hidden 8
    check "new into ${place#"$work/"}" refused 1 "$part"
    run export "$place" -m $bert --text fine
    check "export into ${place#"$work/"}" refused 1 "$part"
done
run export "$work" -m $bert --text fine
check "export onto a folder" refused 1 "$work"
check "no temporary files are left" [ -z "$(find "$work" -name '*.tmp*' -o -name '*~' -o -name 'export*')" ]

# ---- a file that outgrows the limit of the shell (ulimit -f): an error, not a signal
limited() {
    (
        ulimit -f 8
        "$SAWB" "$@" >"$out" 2>"$err" </dev/null
    )
    status=$?
}
limited export "$work/export.safetensors" -m $bert --text "one two three four five six" --gradients 0
check "file size limit: export" refused 1 "File too large"
check "file size limit: nothing is left" [ -z "$(ls "$work" | grep export)" ]
