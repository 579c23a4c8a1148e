# However sawb ends, the terminal is as it was.
. tests/ui/session.inc

ends_with() { # NAME STATUS
    check "$1: ends" ended "$2"
    check "$1: the terminal is as it was" terminal_is_back
}

alternate_is() { # 1 on, 0 off
    [ "$(pane display-message -p '#{alternate_on}')" = "$1" ]
}

begin() {
    start 80 24 -- -m "$MODEL" "the film is slow"
    until_true shows "6 tokens"
}

begin
check "while it runs the alternate screen is on" alternate_is 1
keys Tab q
ends_with "q" 0

begin
keys Tab ':'
type_text "quit"
keys Enter
ends_with ":quit" 0

begin
keys C-c
check_shows "Ctrl-C asks first" "Ctrl-C again quits"
keys C-c
ends_with "Ctrl-C twice" 0

for signal in TERM HUP INT; do
    begin
    kill -$signal "$(number_of)"
    ends_with "SIG$signal" 0
done

# A crash: the shell sees 128 plus the signal's number, unless a sanitizer reports it in its own way.
for signal in SEGV:139 ABRT:134 BUS:135 FPE:136 ILL:132; do
    begin
    kill -${signal%:*} "$(number_of)"
    check "SIG${signal%:*}: ends" matches "ended (${signal#*:}|1)"
    check "SIG${signal%:*}: the terminal is as it was" terminal_is_back
done

# Ctrl-Z needs a shell with jobs: this one brings sawb back when a line is entered.
start 80 24 -- -m "$MODEL" "the film is slow"
until_true shows "6 tokens"
keys C-c C-c
until_true ended 0
sed -e '1i set -m' -e 's/^echo "ended.*/echo stopped; read -r line; fg >\/dev\/null; &/' \
    "$folder/program" >"$folder/jobs"
pane respawn-pane -k "sh '$folder/jobs'"
until_true shows "6 tokens"
type_text " but"
until_true shows "7 tokens"
keys C-z
check "Ctrl-Z: the shell is there" shows "stopped"
check "Ctrl-Z: the alternate screen is left" alternate_is 0
pane resize-window -x 100 -y 30
keys Enter
check_shows "fg: the screen is back" "the film is slow but"
keys BSpace BSpace BSpace BSpace
check_shows "fg: keys are heard" "6 tokens"
leave "after fg"
check "after fg: the terminal is as it was" terminal_is_back

start 80 24 TERM=dumb -- -m "$MODEL" "the film"
check "TERM=dumb: an error" ended 1
check "TERM=dumb: it says why" grep -q "TERM=dumb cannot place text" "$folder/errors"
start 80 24 TERM=no-such-terminal -- -m "$MODEL" "the film"
check "unknown TERM: an error" ended 1
check "unknown TERM: it says why" grep -q "TERM=no-such-terminal is not known" "$folder/errors"
