#!/bin/sh
# Lines of stdin: each is answered before the next one comes, faults are told with their line.
. tests/cli/checks
status=0

mkfifo "$work/in" "$work/answers"
timeout 60 "$SAWB" predict -m $bert --json - <"$work/in" >"$work/answers" 2>"$err" &
reader=$!
exec 3>"$work/in" 4<"$work/answers"
for text in "a fine film" "dull" "a warm story"; do
    echo "$text" >&3
    read -r answer <&4
    echo "$answer" >"$out"
    check "answers \"$text\" before the next line" says "^{\"text\":\"$text\","
done
exec 3>&-
wait $reader
status=$?
check "ends with its input" status_is 0
exec 4<&-

printf 'a fine film\n\nbad \377 line\nlast' | "$SAWB" predict -m $bert --json - >"$out" 2>"$err"
status=$?
check "goes on after a line that is not UTF-8" lines 3
check "is JSON" json_lines
check "answers an empty line" line_is 2 '^\{"text":"","tokens":\["\[CLS\]","\[SEP\]"\],'
check "answers a last line without a line break" line_is 3 '^\{"text":"last"'
check "names the line" warns '^error: line 3: byte 4 '
check "tells the failure at the end" status_is 1

printf 'a\000b\nfine\n' | "$SAWB" predict -m $bert --json - >"$out" 2>"$err"
status=$?
check "refuses NUL in a line" [ "$status" -eq 1 ]
check "and goes on" lines 1
printf 'a fine\r\nfilm\r\n' | "$SAWB" tokens -m $bert --json - >"$out" 2>"$err"
status=$?
check "takes line breaks of Windows" line_is 1 '^\{"text":"a fine",'

awk 'BEGIN { for (i = 0; i < 10000; i++) printf "film "; print "" }' >"$work/long"
"$SAWB" predict -m $bert --json - <"$work/long" >"$out" 2>"$err"
status=$?
check "predicts 10,000 words" status_is 0
check "says what was left out" warns 'line 1: the text is longer than 32 tokens, its end was left out'
check "answers with as many tokens as fit" [ "$(grep -o '"film"' "$out" | wc -l)" -eq 30 ]

"$SAWB" predict -m $bert fine >/dev/full 2>"$err"
status=$?
: >"$out"
check "a full disk on stdout is told" refused 1 'standard output: '

mkfifo "$work/idle"
: >"$out"
timeout 60 "$SAWB" predict -m $bert - <"$work/idle" >"$out" 2>"$err" &
reader=$!
exec 3>"$work/idle"
echo fine >&3
while [ ! -s "$out" ]; do sleep 0.05; done
kill -INT $reader # which timeout passes on
wait $reader
status=$?
check "an interrupt ends the wait for a line" status_is 130
exec 3>&-
