# A session on a real terminal is recorded by default, and looked at again.
. tests/ui/session.inc

only_session() {
    set -- "$folder"/state/sawb/sessions/*.sawb
    [ -e "$1" ] && echo "$1"
}

# The screen but for its last rows: the message, the hints and a replay's bar.
upper() {
    screen | head -n 21
}

start 80 24 -- -m "$MODEL" "the film is slow"
until_true shows "6 tokens"
type_text " and fine"
until_true shows "8 tokens"
keys Tab ']' Down Right
keys ':'
type_text "marker here"
keys Enter
check_shows "a marker is set" "marker here"
sleep 0.5
upper >"$folder/live"
keys q
check "the session ends" ended 0
session=$(only_session)
check "it was recorded" test -n "$session"
check "its file is the owner's alone" test "$(stat -c %a "$session")" = 600
check "it is as it was: verify" "$SAWB" replay --verify "$session"
check "show tells the marker" sh -c '"$1" sessions show "$2" | grep -q "marker .* here"' sh "$SAWB" "$session"

same_upper() {
    upper >"$folder/again"
    cmp -s "$folder/live" "$folder/again"
}
start 80 25 -- replay "$session"
check_shows "a replay opens" "Space play"
keys End
check "the last screen is the one that was live" same_upper
keys Home
check_shows "back to the start" "the model reads the sentence"
keys /
type_text "and fi"
keys Enter
check_shows "a text is found" "and fi"
keys End
check "the last screen again" same_upper
keys ':'
type_text "text another"
keys Enter
check_shows "a replay only looks" "this is a replay"
keys ':'
type_text "go-live"
keys Enter
check_shows "it goes on live" "live again from this state"
sleep 0.5
keys q
check "the replay ends" ended 0
later=$(ls "$folder"/state/sawb/sessions/*.sawb | grep -vxF "$session")
check "what came after it is recorded too" test -n "$later"
check "and says where it came from" sh -c '"$1" replay "$2" --to tsv | grep -q "live.*$3"' sh "$SAWB" "$later" "$session"
check "it can be verified" "$SAWB" replay --verify "$later"
rm -f "$later"

# Killed: what was written is there.
rm -f "$session"
start 80 24 -- -m "$MODEL" "the film is slow"
until_true shows "6 tokens"
type_text " and fine"
until_true shows "8 tokens"
sleep 0.5
kill -9 "$(number_of)"
check "a killed session ends" ended 137
session=$(only_session)
check "it can be verified all the same" "$SAWB" replay --verify "$session"

# Not recorded, or not here.
rm -f "$session"
start 80 24 -- -m "$MODEL" --no-session "the film is slow"
until_true shows "6 tokens"
keys Tab q
check "without a session it ends" ended 0
check "nothing is recorded" test -z "$(only_session)"
start 80 24 XDG_STATE_HOME=/dev/null/no -- -m "$MODEL" "the film is slow"
check_shows "a folder that cannot be is told" "not recorded"
keys Tab q
check "and nothing else" ended 0
