# What must hold of a session with training: recorded and replayed, its last screen is the live one
# cell by cell, no prediction has drifted, and going back to the start and forward again shows the
# same screens. `make check-session MINUTES=30` does it for so long, `make test` for some seconds.
#     SAWB_SESSION_SECONDS=N   how long the session lasts (usually 6)
#     SAWB_SESSION_STOPS=N     moments that are compared on the way back and forth (usually 8)
. tests/ui/session.inc
MODEL=${SAWB_SESSION_MODEL:-$MODEL}
seconds=${SAWB_SESSION_SECONDS:-6}
stops=${SAWB_SESSION_STOPS:-8}
record=$folder/recorded.sawb

data=$folder/data
make_data "$data"

# Typing, looking about and steering while the run goes on.
use() {
    for key in ']' '}' Right Down '[' 1 Down '{' 3 Right m m; do
        keys $key
        sleep 0.1
    done
    keys ':'
    type_text "text the film is slow and the $1 feels very warm"
    keys Enter
    sleep 0.5
    keys g "$2"
    sleep 1
    keys Escape
    keys ':'
    type_text "view attention"
    keys Enter
}

start 80 24 -- -m "$MODEL" --session "$record" "the film is slow"
until_true shows "6 tokens"
keys Tab ':'
type_text "train $data --out $folder/out --epochs 100000 --batch-size 8 --lr 1e-4 --eval-every 50"
keys Enter
check "the run is under way" matches "train ▶ [0-9,]+/"
end=$(($(date +%s) + seconds))
while [ "$(date +%s)" -lt "$end" ]; do
    for view in h m p n t c; do
        use "joke" $view
        [ "$(date +%s)" -lt "$end" ] || break
        use "story" $view
        [ "$(date +%s)" -lt "$end" ] || break
        [ "$seconds" -lt 60 ] || sleep 5
    done
done
keys ':'
type_text "view attention"
keys Enter
keys s
check "the run ends" matches "run of [0-9,]+ steps ended"
keys ':'
type_text "marker the end"
keys Enter
check_shows "a marker is set" "marker the end"

# Nothing moves any more.
still() {
    colors >"$folder/one"
    sleep 0.7
    colors >"$folder/two"
    cmp -s "$folder/one" "$folder/two"
}
# The end is in the console, where events and commands tell what they have to, each once; that of
# the view attention is compared by tests/ui/replay.sh.
keys ':'
type_text "view console"
keys Enter
check_shows "the console opens" " console "
check "all is settled" still
screen >"$folder/live"
colors | head -n 21 >"$folder/live.colors"
kill -TERM "$(number_of)" # no key that would change the screen
check "the session ends" ended 0

"$SAWB" sessions show "$record" | grep -v '^marker' | sed 's/^/# /'
"$SAWB" replay "$record" "$folder/last.txt" --to svg
# A terminal says nothing of blanks at the end of a line.
sed 's/ *$//' "$folder/live" >"$folder/live.txt"
sed 's/ *$//' "$folder/last.txt" >"$folder/again.txt"
same_end() {
    diff "$folder/live.txt" "$folder/again.txt"
}
check "the last screen is the live one, cell by cell" same_end ||
    diff "$folder/live.txt" "$folder/again.txt" | sed 's/^/# /'
"$SAWB" replay --verify "$record" >"$folder/verified" 2>&1
status=$?
sed 's/^/# /' "$folder/verified"
check "no prediction has drifted" test $status = 0
check "and some were checked" grep -qE '^[1-9][0-9]* of .* no drift' "$folder/verified"
check "data is as it was" sh -c '! grep -q "^note: data" "$1"' sh "$folder/verified"

# ---- back and forth ------------------------------------------------------------------------------

length=$("$SAWB" sessions show "$record" --json | sed 's/.*"seconds":\([0-9]*\).*/\1/')

# seek SECONDS: waits until what was there then is shown
seek() {
    moment=$(printf '%d:%02d' $(($1 / 60)) $(($1 % 60)))
    keys ':'
    type_text "seek $moment"
    keys Enter
    until_true shows "Space play" && until_true still_enough
}

still_enough() {
    colors >"$folder/one"
    sleep 0.3
    colors >"$folder/two"
    cmp -s "$folder/one" "$folder/two"
}

# All but the message line, where stands what is typed at the replay.
beheld() {
    colors | sed 23d
}

start 80 25 -- replay "$record"
check_shows "the replay opens" "Space play"
keys End
same_colors() {
    colors | head -n 21 | cmp -s - "$folder/live.colors"
}
check "the last screen in all its colours" same_colors ||
    colors | head -n 21 | diff - "$folder/live.colors" | cat -v | sed 's/^/# /'
place=0
while [ $place -le "$stops" ]; do
    seek $((length * place / stops)) || echo "not ok seek to $((length * place / stops)) s"
    beheld >"$folder/forth.$place"
    place=$((place + 1))
done
differ=0
while [ $place -gt 0 ]; do
    place=$((place - 1))
    seek $((length * place / stops)) || echo "not ok seek back to $((length * place / stops)) s"
    beheld >"$folder/back.$place"
    cmp -s "$folder/forth.$place" "$folder/back.$place" && continue
    differ=$((differ + 1))
    diff "$folder/forth.$place" "$folder/back.$place" | sed 's/^/# /'
done
check "$((stops + 1)) screens are the same on the way back" test $differ = 0

# All keys before have been followed, and what came of them is drawn.
followed() {
    keys ':'
    type_text "no command"
    until_true shows "no command" || return 1
    keys Escape
    until_true lacks "no command" && until_true still_enough
}

for way in 1 2; do
    keys End
    until_true same_colors
    for key in Left Left Left Left Left Left; do keys $key; done
    followed || echo "not ok six steps back are followed"
    colors >"$folder/left.$way"
    for key in Right Right Right Right Right Right; do keys $key; done
    check "six steps back and six forward: the end again" same_colors
done
check "six steps back twice: the same" cmp "$folder/left.1" "$folder/left.2"
keys q
check "the replay ends" ended 0
