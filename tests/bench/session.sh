# What recording a session costs: of training on the screen (with and without, turn by turn, medians
# of all steps of a turn), of a key, and in bytes an hour. `make bench-session` runs it.
#     TURNS=N   of each (usually 5)     STEPS=N   of a turn (usually 300)     UNIT=build/unit
MODEL=samples/model
. tests/ui/session.inc
turns=${TURNS:-5} steps=${STEPS:-300}

# turn NAME OPTION ...: trains, and appends the tokens a second in the middle to NAME
turn() {
    name=$1
    shift
    rm -rf "$folder/out"
    start 80 24 -- -m "$MODEL" "$@" "the film is slow"
    until_true shows "6 tokens" || exit 1
    keys Tab ':'
    type_text "train samples/tour --out $folder/out --epochs 10000 --batch-size 16 --max-steps $steps --eval-every 100"
    keys Enter
    until_true matches "run of [0-9,]+ steps ended" || exit 1
    kill -TERM "$(number_of)"
    until_true ended 0
    sed -n 's/.*"tokens_per_second":\([0-9.]*\).*/\1/p' "$folder/out/log.jsonl" | sort -n |
        awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }' >>"$folder/$name"
}

count=0
while [ $count -lt "$turns" ]; do
    count=$((count + 1))
    turn plain --no-session
    turn recorded --session "$folder/$count.sawb"
    "$SAWB" sessions show "$folder/$count.sawb" --json >>"$folder/sizes"
done
paste "$folder/plain" "$folder/recorded" | awk '{ print $2 / $1 "\t" $1 "\t" $2 }' | sort -n |
    awk '{ ratio[NR] = $1; plain += $2; recorded += $3 }
        END {
            middle = NR % 2 ? ratio[(NR + 1) / 2] : (ratio[NR / 2] + ratio[NR / 2 + 1]) / 2
            printf "tokens a second   %.0f plain, %.0f recorded (means of %d turns)\n", plain / NR, recorded / NR, NR
            printf "share of training %.2f %% (median of the ratios; from %.2f to %.2f %%)\n", 100 * (1 - middle), 100 * (1 - ratio[NR]), 100 * (1 - ratio[1])
        }'
sed 's/.*"seconds":\([0-9.]*\),"bytes":\([0-9]*\).*/\1 \2/' "$folder/sizes" |
    awk '{ seconds += $1; bytes += $2 } END { printf "an hour of this   %.1f MB\n", bytes / seconds * 3600 / 1e6 }'
if [ -x "${UNIT-}" ]; then SAWB_MEASURE=1 "$UNIT" tests_tui_recorder | grep '^#'; fi
