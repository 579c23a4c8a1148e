# The mouse: panes get the keys, borders move, texts scroll, the terminal gets it back.
. tests/ui/session.inc

# sgr BUTTON COLUMN ROW FINAL: as a terminal tells of the mouse, from 1
sgr() {
    type_text "$(printf '\033[<%d;%d;%d%s' "$1" "$2" "$3" "$4")"
}

click() { # COLUMN ROW
    sgr 0 "$1" "$2" M
    sgr 0 "$1" "$2" m
}

mouse_is() {
    [ "$(pane display-message -p '#{mouse_any_flag}')" = "$1" ]
}

vertical_at() { # COLUMN, from 1
    screen | sed -n 20p | grep -qE "^.{$(($1 - 1))}│"
}

start 120 40 -- -m "$MODEL" "the film is slow"
check_shows "start" "6 tokens"
check "the terminal tells of the mouse" mouse_is 1
keys Tab C-w o C-w v g t
check_shows "two panes" "No run yet"
check "the new one has the keys" matches "┬❯"
click 20 25
check "a click gives the keys to the other" matches "^❯"
click 100 25
check "and back" matches "┬❯"

click 8 2
type_text "new "
check_shows "a click into the sentence puts the cursor there" "the new film is slow"

sgr 0 61 20 M
sgr 32 50 22 M
sgr 32 40 22 M
sgr 0 40 22 m
check "a border is dragged" vertical_at 40
sgr 32 70 22 M
keys Tab C-l
check "and let go" vertical_at 40

click 20 25
keys '?'
check "help" matches "❯ help ─+ 1-"
sgr 65 10 25 M
check "the wheel scrolls" matches "❯ help ─+ 4-"
sgr 64 10 25 M
check "and back" matches "❯ help ─+ 1-"
keys Escape

keys ':'
type_text "mouse off"
keys Enter
check "mouse off: the terminal has it" mouse_is 0
keys ':'
type_text "mouse on"
keys Enter
check "mouse on" mouse_is 1
# Broken and foreign ones are nothing, and no keys.
type_text "$(printf '\033[<0;999999999;99999999M\033[<;;M\033[<99999;1;1M\033[<0;0;0M\033[<2;3;4M')"
keys C-l
check_shows "odd reports do nothing" "the new film is slow"
leave "the screen"
check "the terminal is as it was" terminal_is_back

start 120 40 -- -m "$MODEL" "the film is slow"
until_true mouse_is 1
kill -SEGV "$(number_of)"
check "a crash: ends" matches "ended (139|1)"
check "a crash: the terminal is as it was" terminal_is_back

# Ctrl-Z: the shell has the mouse.
start 120 40 -- -m "$MODEL" "the film is slow"
until_true shows "6 tokens"
keys C-c C-c
until_true ended 0
sed -e '1i set -m' -e 's/^echo "ended.*/echo stopped; read -r line; fg >\/dev\/null; &/' \
    "$folder/program" >"$folder/jobs"
pane respawn-pane -k "sh '$folder/jobs'"
until_true mouse_is 1
keys C-z
check_shows "Ctrl-Z: the shell is there" "stopped"
check "Ctrl-Z: the terminal has the mouse" mouse_is 0
keys Enter
check "fg: sawb has it again" mouse_is 1
leave "after fg"
check "after fg: the terminal is as it was" terminal_is_back

start 120 40 TERM=vt220 -- -m "$MODEL" "the film is slow"
check_shows "a terminal without a mouse" "6 tokens"
check "is not asked for it" mouse_is 0
leave "without a mouse"
