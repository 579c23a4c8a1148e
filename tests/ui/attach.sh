# A run of another process on the screen: its curves from the first step on, steering, one that is killed.
. tests/ui/session.inc

data=$folder/data
make_data "$data"
run=
stop_run() {
    [ -z "$run" ] || kill -s KILL "$run" 2>/dev/null
    finish
}
trap stop_run EXIT

begin() { # a run in the background that has made steps
    "$SAWB" train "$data" -m "$MODEL" --run "$folder/run" --epochs 100000 --max-steps 100000 --eval-every 50 "$@" >"$folder/out" 2>&1 </dev/null &
    run=$!
    until_true "$SAWB" attach "$folder/run" checkpoint </dev/null
}

begin
start 80 24 -- attach "$folder/run"
check "the curves at 80x24" matches "─ run ▶ attached  step [0-9,]+ of 100,000"
check_shows "with the accuracy" "accuracy"
check "the sentence is answered by the last checkpoint" matches "A [^ ]*run  B same"
keys Space
check "Space pauses" matches "train paused [0-9,]+/100,000"
check "and the run says so" matches "paused after step [0-9]+"
keys Space
check "Space goes on" matches "train ▶ [0-9,]+/100,000"
keys ':'
type_text "run rate 3e-4"
keys Enter
check "the rate" matches "peak learning rate 0.0003 from step [0-9]+ on"
keys ':'
type_text "run sparsity topk(7)"
keys Enter
check_shows "what the run refuses" "share must be at least 0"
keys R c
check "a checkpoint" matches "checkpoint of step [0-9]+ written"
pane resize-window -x 200 -y 60
check "the curves at 200x60" matches "run ▶ attached  step [0-9,]+ of 100,000  epoch .* tok/s"
keys ':'
type_text "detach"
keys Enter
check_shows "leaving it" "run is left to itself"
keys Space
check_shows "it no longer obeys" "no run is in progress"
keys ':'
type_text "attach $folder/run"
keys Enter
check "coming back" matches "run ▶ attached"
keys q
check "q quits at once" ended 0
check "the terminal is as it was" terminal_is_back
check "the run goes on" kill -0 "$run"

start 80 24 -- attach --watch "$folder/run"
check "only watching" matches "─ run ▶ attached"
keys Space
check_shows "nothing can be asked" "it is only watched"
kill -s KILL "$run"
wait "$run" 2>/dev/null
run=
check_shows "the death of the run is told" "the run has died after step"
check "its curves stay" matches "─ run  step [0-9,]+ of 100,000"
leave "the screen"

# A run of a screen is attached to from outside.
start 120 40 -- -m "$MODEL" "the film is slow"
check_shows "a screen" "6 tokens"
keys Tab ':'
type_text "train $data --out $folder/mine --epochs 100000"
keys Enter
check "its own run" matches "train ▶ [0-9,]+/"
check "is asked from outside" "$SAWB" attach "$folder/mine" pause
check "and pauses here" matches "train paused"
check "it stops from outside" "$SAWB" attach "$folder/mine" stop
check "and the screen goes on" matches "run of [0-9,]+ steps ended"
leave "the screen of a run"
