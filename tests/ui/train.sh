# Training from the screen: one goes on typing, sees curves and the attention of the weights in
# training, and ends it with the weights saved.
. tests/ui/session.inc

data=$folder/data
make_data "$data"

start 120 40 -- -m "$MODEL" "the film is slow"
check_shows "before the run" "6 tokens"
keys Tab t
check_shows "t writes the command" ": train"
type_text "$data --out $folder/out --epochs 100000 --batch-size 8 --lr 1e-3 --eval-every 50"
keys Enter
check "the run is told in the title" matches "train ▶ [0-9,]+/"
check "the attention follows the weights" matches "at step [0-9]+"
check "curves stand under the maps" matches "validation [0-9]"
keys Tab
type_text " and the ending feels good"
check_shows "typing goes on" "slow and the ending feels good"
check_shows "and is answered" "11 tokens"
keys Tab c
check "the curves have the screen" matches "loss +.* training"
check_shows "accuracy" "accuracy"
pane resize-window -x 80 -y 24
check "the curves at 80x24" matches "accuracy +.* validation"
pane resize-window -x 120 -y 40
keys Escape
check "back to the maps" matches "at step [0-9]+"
keys q
check_shows "q asks first" "q again"
keys Left
check "the question goes with the next key" lacks "q again"
check "the run goes on" matches "train ▶ [0-9,]+/"
keys s
check "s ends the run" matches "stopped after step [0-9,]+, weights saved in"
check "the checkpoint is there" test -s "$folder/out/model.safetensors"
check "the title says that it ended" matches "run of [0-9,]+ steps ended"
check "the arms have the new weights" matches "A [^ ]*out  B same"
keys Tab
type_text " ."
check_shows "and answer" "12 tokens"
leave "the screen"
check "the terminal is as it was" terminal_is_back

start 80 24 -- -m "$folder/out" "the film is bad ."
check_shows "the checkpoint is opened" "A out"
keys Tab ':'
type_text "train $data --out $folder/second --epochs 100000 --batch-size 8"
keys Enter
check "a second run" matches "train ▶ [0-9,]+/"
kill -TERM "$(number_of)"
check "SIGTERM ends it" ended 0
check "SIGTERM: the weights are saved" test -s "$folder/second/model.safetensors"
check "SIGTERM: the terminal is as it was" terminal_is_back
