# The window changes while sawb runs: nothing of the state is lost, too small is said.
. tests/ui/session.inc

resize() {
    pane resize-window -x "$1" -y "$2"
}

start 80 24 -- -m "$MODEL" "the film is slow but the actor feels warm"
check_shows "80x24" "11 tokens"
keys Tab ']' Down Down Right
check_shows "a place on the map" "head 1"

resize 200 60
check "200x60 uses the room" shows "─ from film ─"
check "200x60 keeps the place" matches "^ → the +B  score"
resize 60 16
check "60x16 still does the job" matches "^ → the +B  score"
check "60x16 leaves out what has no room" lacks "logit"
resize 40 10
check_shows "40x10 says what is needed" "sawb needs 60 x 16"
keys 1
resize 120 40
check "120x40: a key was heard meanwhile" matches "B light_sparse +40 %"
resize 80 24
check "80x24 again" matches "^ → the +B  score"
check "80x24 again: sentence" shows "❯ the film is slow but the actor feels warm"
for size in "61 17" "199 16" "60 59" "7 3" "1 1" "90 30" "80 24"; do
    # shellcheck disable=SC2086
    resize $size
done
check "after many sizes at once" shows "logit 0 logit 1"
leave "the screen"
