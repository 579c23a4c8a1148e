# samples/tour.sawb, which `make demo` plays: what it says can still be worked out, and it opens on a
# small terminal and ends with the screen it ended with when it was recorded.
#     UPDATE_GOLDEN=1   writes that screen anew, after `make tour`
. tests/ui/session.inc
tour=samples/tour.sawb
golden=tests/ui/golden/tour.txt

check "it is small" test "$(wc -c <"$tour")" -lt 1000000
check "it names no folder of the machine it was made on" sh -c '! grep -qaE "\"(/home|/root|/work|/tmp)" "$1"' sh $tour
# Other processors, and other versions of the kernels, round otherwise: logits of about 1 may be off
# by some 1e-6, and by more where two scores of a top-k are nearly the same. A different pattern or
# model is off by 1e-1.
"$SAWB" replay --verify $tour --tolerance 0.01 >"$folder/verified" 2>&1
status=$?
check "every prediction comes out again" test $status = 0
check "more than a hundred of them" grep -qE '^[1-9][0-9]{2} of ' "$folder/verified"
check "its data and model are as they were" sh -c '! grep -qE "^note: (data|model) changed" "$1"' sh "$folder/verified"
sed 's/^/# /' "$folder/verified"

start 80 24 -- replay $tour --play
check "it plays at once" matches "▶ 0:0[0-9] /"
keys Space
check_shows "and is held" "‖ 0:0"
for seen in "g h: every head" "g m: the mask" "g p: the logits" "g n: numbers" "g d: a data set" \
    "g s: accuracy" "g t: a short training" "g c: commands"; do
    keys /
    type_text "$seen"
    keys Enter
    check_shows "it shows: $seen" "marker $seen"
done
keys End
check_shows "its last screen" "Space play"
settled() {
    screen >"$folder/screen"
    if [ -n "${UPDATE_GOLDEN-}" ]; then cp "$folder/screen" $golden; fi
    cmp "$folder/screen" $golden
}
check "its last screen is that of the recording" settled
keys ':'
type_text "go-live"
keys Enter
check_shows "it goes on live" "live again from this state"
keys q
check "it ends" ended 0
