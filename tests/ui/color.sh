# Colours, fewer, none; UTF-8 and ASCII.
. tests/ui/session.inc

colored() { # any colour in what is shown
    screen -e | grep -qE "$(printf '\033')\\[([0-9;]*;)?(3[0-8]|4[0-8]|9[0-7]|10[0-7])[;m]"
}
many_colors() {
    screen -e | grep -q "$(printf '\033')\\[[0-9;]*[34]8;5;"
}
rgb_colors() {
    screen -e | grep -q "$(printf '\033')\[[0-9;]*[34]8;2;"
}
plain() {
    ! colored
}
only_ascii() {
    shows "B - A" && ! screen | LC_ALL=C grep -q '[^ -~]'
}
reversed() {
    screen -e | grep -q "$(printf '\033')\\[[0-9;]*7m"
}

start 80 24 -- -m "$MODEL" "the film is slow"
until_true shows "6 tokens"
check "256 colours where there are" many_colors
check "256 colours: not RGB" eval '! rgb_colors'
start 80 24 COLORTERM=truecolor -- -m "$MODEL" "the film is slow"
until_true shows "6 tokens"
check "COLORTERM=truecolor: RGB" rgb_colors
start 80 24 COLORTERM=truecolor TERM=screen-256color TMUX= -- -m "$MODEL" "the film is slow"
until_true shows "6 tokens"
check "GNU screen: not RGB" eval '! rgb_colors'
start 80 24 COLORFGBG="0;15" -- -m "$MODEL" "the film is slow"
until_true shows "6 tokens"
check "a light terminal: the palette for it" eval 'screen -e | grep -q "38;5;130m"'
start 80 24 TERM=screen -- -m "$MODEL" "the film is slow"
until_true shows "6 tokens"
check "8 colours: coloured" colored
check "8 colours: no more than that" eval '! many_colors'
start 80 24 NO_COLOR=1 -- -m "$MODEL" "the film is slow"
until_true shows "6 tokens"
check "NO_COLOR: none" plain
check "NO_COLOR: the cursor is seen all the same" reversed
check "NO_COLOR: blocked, tiny and full differ" matches "[▁].*[·]"
start 80 24 NO_COLOR= -- -m "$MODEL" "the film is slow"
until_true shows "6 tokens"
check "an empty NO_COLOR means nothing" colored
start 80 24 -- --color never -m "$MODEL" "the film is slow"
until_true shows "6 tokens"
check "--color never" plain
start 80 24 NO_COLOR=1 -- --color always -m "$MODEL" "the film is slow"
until_true shows "6 tokens"
check "--color always" colored

# What is printed on a terminal.
set -- -m "$MODEL" show attention --text "the film is slow" --layer 1 --head 0 --draw
start 80 40 -- "$@"
until_true ended 0
check "a drawing on a terminal is coloured" many_colors
start 80 40 NO_COLOR=1 -- "$@"
until_true ended 0
check "NO_COLOR: a drawing is not" plain
check "and is there" shows "[CLS]"
start 80 40 NO_COLOR=1 -- --color always "$@"
until_true ended 0
check "--color always: a drawing is all the same" many_colors

start 80 24 -- --ascii -m "$MODEL" "the film is slow"
until_true shows "6 tokens"
check "--ascii" only_ascii
start 80 24 LC_ALL=C -- -m "$MODEL" "the film is slow"
until_true shows "6 tokens"
check "a locale without UTF-8: ASCII" only_ascii
type_text "猫é"
check "a locale without UTF-8: what it cannot show has its width" shows "slow???"
start 80 24 LC_ALL= LANG= LC_CTYPE= -- -m "$MODEL" "the film is slow"
check "no locale at all: UTF-8" shows "B − A"
leave "the screen"
