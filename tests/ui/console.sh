#!/bin/sh
# The console on a terminal: completion with help, history across sessions, pasted lines, Ctrl-C, the pager.
. tests/ui/session.inc
history=$folder/state/sawb/history

console() {
    start 80 24 XDG_STATE_HOME="$folder/state" "$@" -- -m "$MODEL" console
    check_shows "the console opens" 'Ctrl-D leaves'
    check "and waits" shows 'sawb>'
}

# line TEXT: types it and Enter
line() {
    type_text "$1"
    keys Enter
}

awk 'BEGIN {print "sentence\tlabel"; for (i = 0; i < 4000; i++) print "a fine film .\t" i % 2}' >"$folder/data.tsv"

console
type_text 'tokens film --j'
keys Tab Enter
check_shows "TAB completes options, and results are printed" '{"text":"film","tokens":["[CLS]",'
keys C-l
type_text 'ex'
keys Tab
check "TAB lists what there is, with help" matches '^export +write scores'
type_text 'po'
keys Tab
type_text '--gr'
keys Tab
check_shows "options of the command" 'export --gradients'
keys C-c
check_shows "Ctrl-C drops the line" '--gradients ^C'
keys C-l
type_text 'ablate 0'
keys Tab
keys Tab
check "TAB knows the model's heads" matches '^0\.1'
keys C-u C-l
line 'let greeting = good evening'
type_text 'echo $gr'
keys Tab Enter
check "and variables" matches '^good evening$'
line 'foreach x in 1..2'
check_shows "a loop is read up to its end" '  ...'
line 'echo turn $x'
line 'end'
check "and run" matches '^turn 2$'
line 'echo wow! !! !$'
check "nothing is expanded behind a !" matches '^wow! !! !\$$'
line 'echo $nothing'
check "errors are told" grep -q '^error: there is no variable nothing' "$folder/errors"

pane set-buffer "$(printf 'echo first\necho second\n')"
pane paste-buffer -p
keys Enter
check "pasted lines run one after the other" matches '^second$'

keys C-l
line "train $folder/data.tsv --validation $folder/data.tsv --out $folder/run --epochs 9999 --eval-every 5"
check_shows "long work tells what it does" 'val loss'
keys C-c C-c
check "Ctrl-C ends the command" test -s "$folder/run/model.safetensors"
line 'echo alive'
check "and not the console" matches '^alive$'
line 'foreach x in 1..99999; predict "round $x"; end'
check_shows "a loop runs" 'round 9'
keys C-c
check "Ctrl-C ends all of it" grep -q '^error: interrupted' "$folder/errors"
line 'echo still alive'
check "and goes on" matches '^still alive$'
line 'help'
check_shows "long answers go through the pager" 'usage: sawb'
check "which waits" matches '^:$|lines'
keys q
check "and leaves" shows 'sawb>'
keys C-u C-d
check "Ctrl-D leaves" ended 0
check "the terminal is as it was" terminal_is_back
check "the history is the user's alone" [ "$(stat -c %a "$history")" = 600 ]

console
keys Up Up
check_shows "the history lasts" 'sawb> echo still alive'
keys C-u C-r
type_text 'foreach x in 1..2'
check_shows "loops are one line of it" 'foreach x in 1..2; echo turn $x; end'
keys C-c
keys C-u
line 'quit'
check "quit leaves" ended 0

awk 'BEGIN {for (i = 0; i < 3000; i++) print "echo line " i}' >"$history"
console
line 'quit'
check "quit leaves again" ended 0
check "the history is bounded" [ "$(wc -l <"$history")" -le 1001 ]

start 80 24 XDG_STATE_HOME="$folder/state" NO_COLOR=1 PAGER=no-such-pager -- -m "$MODEL" console
check "without a pager" shows 'sawb>'
line 'help'
check_shows "answers are printed" '--version'
line "eval $folder/data.tsv"
check "tables are aligned on a terminal" matches '^A +tests/mod.* +dense +4000 '
keys C-d
check "Ctrl-D leaves without a pager" ended 0

# A pager that keeps what it is given, and then says so.
cat >"$folder/pager" <<END
#!/bin/sh
cat >"$folder/paged"
echo >"$folder/paged.done"
END
chmod +x "$folder/pager"

# paged LINE COMMAND ...: the line's answer goes to the pager, and the command holds
paged() {
    rm -f "$folder/paged" "$folder/paged.done"
    line "$1"
    shift
    until_true test -s "$folder/paged.done" && "$@"
}

turns() {
    [ "$(grep -c '^turn ' "$folder/paged")" = "$1" ] && [ "$(wc -l <"$folder/paged")" = "$1" ]
}

start 80 24 XDG_STATE_HOME="$folder/state" PAGER="$folder/pager" -- -m "$MODEL" console
check "the pager of one's own" shows 'sawb>'
check "a long answer goes to it whole" paged 'help' grep -q -- '--version' "$folder/paged"
check "and not to the screen" lacks 'usage: sawb'
check "parts that come at once are one answer" paged 'foreach x in 1..30; echo turn $x; end' turns 30
rm -f "$folder/paged"
line 'foreach x in 1..22; echo short $x; end'
check "what fits is printed" matches '^short 22$'
line 'foreach x in 1..99999; predict "round $x"; end'
check "what comes slowly is printed as it comes" shows 'round 9'
keys C-c
check "until it ends" grep -q '^error: interrupted' "$folder/errors"
line 'echo the end'
check "the end of it is printed too" matches '^the end$'
check "without the pager" test ! -e "$folder/paged"
keys C-d
check "Ctrl-D leaves with a pager" ended 0
