# Pastes and other odd input: nothing is taken for keys, nothing reaches the terminal raw.
. tests/ui/session.inc

paste_file() { # FILE [-p]: as a terminal does, -p with the marks of a bracketed paste
    pane load-buffer "$1"
    shift
    pane paste-buffer -r "$@"
}

start 80 24 -- -m "$MODEL" "the"
check_shows "start" "3 tokens"
printf ' film\nis\tslow\r\nq' >"$folder/lines"
paste_file "$folder/lines" -p
check "line breaks and tabs become blanks" shows "❯ the film is slow q"
keys C-u
printf 'bright \377\376 film \303( \355\240\200 end' >"$folder/invalid"
paste_file "$folder/invalid" -p
check "invalid UTF-8 in a paste is left out" shows "❯ bright  film (  end"
check_shows "and that is said" "left out"
keys C-u
printf 'a \033[31mred\033[0m \033]0;title\007 \033[2J film' >"$folder/sequences"
paste_file "$folder/sequences" -p
check "escape sequences in a paste are text" shows "❯ a [31mred[0m ]0;title [2J film"
check_shows "the screen is whole" "B − A"
keys C-u
paste_file "$folder/invalid"
check "invalid UTF-8 typed is left out too" shows "❯ bright  film (  end"
check_shows "typed: that is said" "not UTF-8"
keys C-u

awk 'BEGIN { for (i = 0; i < 2000; i++) printf "film " }' >"$folder/long"
paste_file "$folder/long" -p
check "10,000 characters: truncation is said" shows "cut to 32 tokens"
check "10,000 characters: the end is in sight" matches "❯ ….*film film "
keys Home
check "10,000 characters: the start is in sight" matches "❯ film film .*…"
keys End
type_text "x"
check "10,000 characters: typing goes on" matches "film x +cut"
keys C-u
check_shows "and all of it can be cut" "2 tokens"

awk 'BEGIN { for (i = 0; i < 60000; i++) printf "abc " }' >"$folder/huge"
paste_file "$folder/huge" -p
check "more than a line holds: an error" shows "the line is full"
keys C-u
keys Tab
paste_file "$folder/lines" -p
check "a paste over the map goes to the sentence" shows "❯  film is slow q"
keys Tab ':'
printf 'preset b\ndense' >"$folder/command"
paste_file "$folder/command" -p
check "a paste at the prompt is not run" shows ": preset b dense"
keys Enter
check "until Enter" matches "B dense +0 %"
keys Tab
printf '\033[200~open' >"$folder/open"
paste_file "$folder/open"
check "a paste without an end is over after a while" shows "slow qopen"
keys 'C-u'
type_text "z"
check "and keys are keys again" matches "❯ z +[0-9]+ tokens"
# Any bytes but Ctrl-C, Ctrl-Z, letters, which could write files on the map, and Ctrl-P, whose
# list runs what it finds; the same ones in each build.
LC_ALL=C awk 'BEGIN {
    for (i = 0; i < 20000; i++) {
        state = (state * 16807 + 1) % 2147483647
        printf "%c", int(state / 4096) % 255 + 1
    }
}' | tr -d '\003\020\032a-zA-Z:' >"$folder/binary"
paste_file "$folder/binary"
check_shows "random bytes that are no text are left out" "not UTF-8"
keys Escape
keys C-l
check "they do no harm" matches "^ sawb  A bert"
leave "the screen"
check "the terminal is as it was" terminal_is_back
