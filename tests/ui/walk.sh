# Walks every key of every view twice at four sizes, then at random: keys, pastes, resizes and the
# mouse. sawb has to answer all the time, to end well, and to give the terminal back.
#     SAWB_WALK=N      so many random steps (usually 400)
#     SAWB_WALK_SEED=N another way
. tests/ui/session.inc

MODEL=$PWD/$MODEL
mkdir "$folder/here"
cd "$folder/here" || exit 1 # whatever a key writes goes there

# What tmux calls the keys that `sawb keys` lists, a binding a line; those that would end sawb are
# left out.
keys_of() { # VIEW
    "$SAWB" keys "$1" --json |
        grep -vE '"key":"q"|"command":"(leave|interrupt|suspend|quit)"' |
        sed -e 's/.*"key":"//' -e 's/","command":.*//' -e 's/\\\(.\)/\1/g' \
            -e 's/Ctrl-/C-/g' -e 's/Alt-/M-/g' -e 's/Shift-Tab/BTab/g' -e 's/Esc/Escape/g' \
            -e 's/PgUp/PPage/g' -e 's/PgDn/NPage/g' -e 's/Backspace/BSpace/g' \
            -e 's/Delete/DC/g' -e 's/Insert/IC/g' -e 's/;$/\\;/'
}

alive() {
    kill -0 "$(cat "$folder/pid")" 2>/dev/null
}

# Presses keys and goes back to the view, from wherever they have led. Esc and what follows it at
# once would be Alt with it, hence Ctrl-L.
press_in() { # VIEW KEY ...
    view=$1
    shift
    pane send-keys "$@" Escape C-l Escape C-l Escape C-l ':' \; send-keys -l "view $view" \; \
        send-keys Enter
}

# Every key twice in a view; the sentence tells that sawb has heard them all.
walk_view() { # VIEW SIZE
    while read -r binding; do
        # shellcheck disable=SC2086
        press_in "$1" $binding $binding
    done <"$folder/keys"
    keys Escape C-l Escape C-l ':'
    type_text "only"
    keys Enter ':'
    type_text "view attention"
    keys Enter ':'
    type_text "text the $1 at $2"
    keys Enter
    check "$2: every key of $1" shows "❯ the $1 at $2"
}

views=$("$SAWB" keys --json | sed -e 's/.*"view":"//' -e 's/".*//' |
    grep -vE '^(sentence|text|prompt|replay)$' | uniq)
check "there are views with keys" test -n "$views"
for size in "80 24" "120 40" "200 60" "60 16"; do
    # shellcheck disable=SC2086
    start $size -- -m "$MODEL" "the film is slow"
    until_true shows "6 tokens"
    keys Tab
    for view in $views; do
        keys_of "$view" >"$folder/keys"
        press_in "$view" C-l
        walk_view "$view" "$size"
    done
    leave "$size"
    check "$size: the terminal is as it was" terminal_is_back
done

# ---- at random -----------------------------------------------------------------------------------

steps=${SAWB_WALK:-400}
"$SAWB" keys --json >/dev/null && for view in $views; do keys_of "$view"; done | sort -u |
    grep -v 'C-z' >"$folder/all"

# What to do next, a step a line: k KEY..., t TEXT, p, r COLUMNS ROWS, m BUTTON COLUMN ROW. Letters
# that could become `quit` at the prompt are left out.
awk -v steps="$steps" -v seed="${SAWB_WALK_SEED:-1}" '
    { bound[NR] = $0 }
    END {
        srand(seed)
        split("80 24,120 40,200 60,60 16,40 10,61 17,90 30", sizes, ",")
        for (i = 0; i < steps; i++) {
            what = rand()
            if (what < 0.7)
                print "k", bound[1 + int(rand() * NR)]
            else if (what < 0.8)
                printf "t %c%c\n", 97 + int(rand() * 16), 32 + int(rand() * 64)
            else if (what < 0.83)
                print "p"
            else if (what < 0.87)
                print "r", sizes[1 + int(rand() * 7)]
            else if (what < 0.95)
                print "m", 64 * (rand() < 0.3) + 32 * (rand() < 0.3), 1 + int(rand() * 120), 1 + int(rand() * 40)
            else
                print "k Escape C-l"
        }
    }' "$folder/all" >"$folder/steps"

begin() {
    start 80 24 -- -m "$MODEL" "the film is slow"
    until_true shows "6 tokens"
    keys Tab
}

printf 'a\tfilm\n\033[2J \377 caf\303\251 \347\214\253 :' >"$folder/paste"
begin
ends=0 number=0
while read -r what first rest; do
    number=$((number + 1))
    case $what in
    # shellcheck disable=SC2086
    k) keys "$first" $rest ;;
    t) type_text "$first$rest" ;;
    p)
        pane load-buffer "$folder/paste"
        pane paste-buffer -p
        ;;
    r) pane resize-window -x "$first" -y "$rest" ;;
    m) type_text "$(printf '\033[<%d;%d;%dM' "$first" ${rest})" ;;
    esac
    [ $((number % 50)) -eq 0 ] || continue
    # The prompt can complete a command that ends sawb: then it has ended well.
    if ! alive; then
        until_true matches "ended [0-9]+"
        shows "ended 0" && terminal_is_back || break
        ends=$((ends + 1))
        begin
    fi
done <"$folder/steps"
check "$number random steps: sawb has not failed" eval 'alive || shows "ended 0"'
echo "# it was ended $ends times"
if alive; then
    pane resize-window -x 80 -y 24
    keys Escape C-l Escape C-l Escape C-l
    keys C-c
    keys C-c
fi
check "after them it ends" ended 0
check "after them the terminal is as it was" terminal_is_back
check "nothing was said on stderr" test ! -s "$folder/errors"
