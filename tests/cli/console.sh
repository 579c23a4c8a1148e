#!/bin/sh
# The console without a terminal: lines are read as they are, tables are TSV. (tests/ui/console.sh types.)
. tests/cli/checks
dataset "$work/data.tsv"
tab=$(printf '\t')

# console LINE ...: the lines are what is typed
console() {
    printf '%s\n' "$@" | "$SAWB" console -m $bert >"$out" 2>"$err"
    status=$?
}

console 'text a fine film' 'predict' 'nonsense' 'echo after'
check "lines run one after the other" line_is 1 '^A  .*a fine film$'
check "a failing one does not end it" says '^after$'
check "and is told" warns '^error: unknown command "nonsense"'
check "the status is that of the last one" status_is 0
console 'nonsense'
check "which may be a fault" status_is 2
console 'quit' 'echo never'
check "quit leaves" quiet

console "eval $work/data.tsv" 'assert rows == 32'
check "tables are TSV" line_is 1 "^arm${tab}model${tab}pattern${tab}rows${tab}"
check "with a line for each row" [ "$(awk -F "$tab" 'NF == 9' "$out" | wc -l)" -eq 2 ]
check "results are there for assert" status_is 0
console 'set' 'bookmark here' 'bookmarks' "eval $work/data.tsv --rows"
check "whichever it is: settings" line_is 1 "^setting${tab}value$"
check "bookmarks" says "^here${tab}0${tab}0${tab}0${tab}0$"
check "rows" [ "$(awk -F "$tab" 'NF == 4' "$out" | wc -l)" -eq 33 ]

console 'foreach x in a b' '  foreach y in 1..2' '    echo $x$y' '  end' 'end' 'echo last'
check "a loop is read up to its end" lines 5
check "and then run" line_is 3 '^b1$'
console 'let x = 1' 'echo $x' 'foreach x in 1'
check "variables last, and a loop is never closed" warns 'never closed'

console 'text a fine film' 'show attention --layer 1 --head 0'
check "pictures are text" says '^query "\[CLS\]" key "a": A '
check "of the sentence that was set" says '^sentence: a fine film$'
console 'text a fine film' 'show attention --draw --layer 1 --head 0'
check "or drawn with characters" [ "$(grep -c '^fine ' "$out")" -eq 3 ]
check "with the key to the shades" says 'blocked$'
check "no escape sequences without a terminal" [ -z "$(grep "$(printf '\033')" "$out" "$err")" ]

console 'predict -' 'echo still here'
check "commands that read standard input find it empty" line_is 1 '^still here$'
console 'console' 'serve --stdio'
check "doors do not open inside of each other" warns 'serve: works only in a shell'
check "there is no history without a terminal" [ ! -e "$work/state" ]
