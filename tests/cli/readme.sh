#!/bin/sh
# Every example of the README runs: the lines of its fenced sh blocks, with the embedded model and a
# small data set in place of what the reader brings and of what would have to be fetched. What `make`
# would do is only read.
. tests/cli/checks
root=$PWD
SAWB=$(realpath "$SAWB")
SAWB_SAMPLES=$root/samples
mkdir -p "$work/here/build" "$work/here/SST-2"
ln -s "$SAWB" "$work/here/build/sawb"
cp samples/tour/train.tsv samples/tour/dev.tsv "$work/here/SST-2/"
mkdir "$work/here/models"
minilm=$root/models/minilm
[ -e "$minilm/model.safetensors" ] || minilm=$root/samples/model
ln -s "$minilm" "$work/here/models/minilm"
printf 'predict "a fine film"\nassert label == POSITIVE\n' >"$work/here/experiment.sawb"
printf 'text a fine film\npredict\n' | "$SAWB" --session "$work/here/FILE" console >"$out" 2>"$err"
status=$?
check "a session to look at" status_is 0

# An example a line: those of the blocks without the comments at their ends; a quote that is open at
# the end of a line goes on in the next ones.
awk '
    /^```sh$/ { inside = 1; next }
    /^```$/ { inside = 0 }
    inside {
        line = (line == "" ? "" : line "\\n") $0
        if (gsub(/'\''/, "&", line) % 2 == 1)
            next
        sub(/ +# .*$/, "", line)
        print line
        line = ""
    }' README.md >"$work/examples"
check "the README has examples" [ "$(wc -l <"$work/examples")" -ge 25 ]

# What would wait for a terminal ends with its input instead.
while IFS= read -r example; do
    printf '%b\n' "$example" >"$work/example.sh"
    case $example in
    *" replay FILE") # the screen opens in a terminal only: there it says so
        (cd "$work/here" && sh "$work/example.sh" >"$out" 2>"$err" </dev/null)
        status=$?
        check "$example: asks for a terminal" refused 2 "opens only on a terminal"
        continue
        ;;
    make*)
        sh -c "$example -n" >"$out" 2>"$err" </dev/null
        status=$?
        ;;
    *)
        (cd "$work/here" && timeout 600 sh "$work/example.sh" >"$out" 2>"$err" </dev/null)
        status=$?
        ;;
    esac
    check "$(printf '%s' "$example" | cut -c1-70)" status_is 0
done <"$work/examples"
check "a wrong one is noticed" sh -c 'cd "$1" && ! build/sawb predict --no-such-option x 2>/dev/null' sh "$work/here"

# What they leave behind.
for file in head.svg heads.safetensors demo.cast runs/dense/model.safetensors runs/dense/log.jsonl; do
    check "$file was written" test -s "$work/here/$file"
done
