#!/bin/sh
# Recorded sessions in a shell: listed, written as scripts and tables, verified, never written over.
. tests/cli/checks
dataset "$work/data.tsv"
XDG_STATE_HOME=$work/state
export XDG_STATE_HOME
session=$work/console.sawb
printf '%s\n' "text a fine film" predict "eval $work/data.tsv" "rows $work/data.tsv" |
    "$SAWB" -m $bert --session "$session" console >"$out" 2>"$err"
status=$?
check "a console is recorded" status_is 0

run replay --verify "$session"
check "it is verified" status_is 0
check "its evaluation is worked out again" says '^1 of 1 evaluations checked: no drift$'
check "and its rows" says '^[1-9][0-9]* of [1-9][0-9]* rows checked: no drift$'
run replay --verify "$session" --json
check "in JSON too" says '"evaluations":{"recorded":1,"checked":1,"drifted":0}'
run replay --verify "$session" --to tsv
check "verifying writes nothing" refused 2 "two things"
run replay "$session" --to tsv
check "a table has the loss of an evaluation" says 'evaluation		loss	'
run replay "$session" "$session" --to tsv
check "a session is not written over" refused 2 "is the session itself"
ln "$session" "$work/linked.tsv"
run replay "$session" "$work/linked.tsv" --to tsv
check "under another name neither" refused 2 "is the session itself"
run replay "$session" "$work/picture.tsv" --to svg
check "a picture is not called like a table" refused 2 "name it otherwise"
run replay "$session" "$work/p.svg" --to svg --at 99:00
check "a time beyond the end is told" refused 1 "beyond the end"
run replay "$session" "$work/screen.txt" --to svg
check "the arms show the answer of the console" grep -q 'film' "$work/screen.txt"
check "no tab is drawn as a question mark" sh -c '! grep -q "?0?\|?1?" "$1"' sh "$work/screen.txt"

run replay "$session" --to script
cp "$out" "$work/again.sawb"
run run "$work/again.sawb"
check "its script runs to its end" status_is 0

run sessions show nothing
check "where a session was looked for is told" refused 1 "$work/state/sawb/sessions"

# One that is being recorded.
mkdir -p "$work/state/sawb/sessions"
mkfifo "$work/lines"
"$SAWB" -m $bert --session "$work/state/sawb/sessions/now.sawb" console <"$work/lines" >"$out" 2>"$err" &
exec 3>"$work/lines"
echo "predict fine" >&3
tries=0
until grep -q fine "$out" || [ $tries -gt 300 ]; do
    sleep 0.1
    tries=$((tries + 1))
done
"$SAWB" sessions list >"$work/list" 2>&1
check "a session under way is listed as such" grep -q "being recorded" "$work/list"
exec 3>&-
wait
"$SAWB" sessions list >"$work/list" 2>&1
check "and when it has ended as that" grep -q "ended" "$work/list"

# The tour: its script runs to its end, in a folder of its own.
run replay samples/tour.sawb --to script
sed "s|build/tour|$work/tour|" "$out" >"$work/tour.sawb"
run run "$work/tour.sawb"
check "the tour's script runs to its end" status_is 0
check "nothing goes wrong in it" sh -c '! grep -q "^error" "$1"' sh "$err"
