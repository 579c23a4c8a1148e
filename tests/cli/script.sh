#!/bin/sh
# Scripts as files: from a file, from standard input, from -c; what stops them and what is said then.
. tests/cli/checks
dataset "$work/data.tsv"

cat >"$work/tour.sawb" <<END
# An experiment in one file.
let data = $work/data.tsv
foreach pattern in dense topk(0.5)
    eval \$data -s \$pattern
    assert rows == 32
    foreach seed in 1..2
        predict "the fine film" -s \$pattern --seed \$seed
        assert sparsity.spec == \$pattern
    end
end
foreach row in rows \$data 3
    predict "\$row"
    assert text == "\$row"
    echo \${row.row} \${row.label}
end
END
run -m $bert run "$work/tour.sawb"
check "a script runs to its end" status_is 0
check "loops inside of loops" [ "$(grep -c 'the fine film$' "$out")" -eq 4 ]
check "rows of a data set with their labels" says '^2 NEGATIVE$'
run run "$work/tour.sawb" -m $bert --json
check "a script with --json answers in JSON only" json_lines
check "asserts hold with --json" status_is 0

"$SAWB" -m $bert run - <"$work/tour.sawb" >"$out" 2>"$err"
status=$?
check "a script on standard input" status_is 0
printf 'echo one\n\nnonsense\necho two\n' | "$SAWB" run - >"$out" 2>"$err"
status=$?
check "its failing line is said" warns '^error: standard input:3: unknown command "nonsense"'
check "and it ends there" lines 1
check "with the status of the failing command" status_is 2

run -m $bert -c 'predict "a fine film"; assert label == NOTHING; echo never'
check "-c ends at an assertion that fails" status_is 1
check "which says what it is instead" warns '^error: assert: label is \(NEGATIVE\|POSITIVE\), but == NOTHING was asserted$'
check "nothing runs behind it" lines 1
run -c 'let s = two words; foreach x in $s; echo <$x>; end'
check "-c knows variables and loops" line_is 2 '^<words>$'

printf 'echo never\nforeach x in a b\necho $x\n' >"$work/open.sawb"
run run "$work/open.sawb"
check "a loop without end is refused before anything runs" refused 2 "open.sawb:2: foreach: it is never closed"
printf 'foreach x in 1..2\n  run %s\nend\n' "$work/open.sawb" >"$work/outer.sawb"
run run "$work/outer.sawb"
check "scripts say where they ran each other" refused 2 "outer.sawb:2: $work/open.sawb:2: "
printf 'echo one\nnonsense\n' | "$SAWB" >"$out" 2>"$err"
status=$?
check "without a command, standard input is the script" warns '^error: standard input:2: unknown command "nonsense"'
check "of which what comes before has run" line_is 1 '^one$'
printf '\357\273\277echo one\n' >"$work/mark.sawb"
run run "$work/mark.sawb"
check "a byte order mark is none of the commands" line_is 1 '^one$'
printf 'assert a == 1\n' >"$work/first.sawb"
run run "$work/first.sawb"
check "an assertion in front is told that nothing has run" refused 2 "no command has run yet"
run -c 'presets; assert pattern != none; echo between; assert pattern != none'
check "assertions look at what presets lists" status_is 0
run -m $bert -c "text a fine film; bookmark here; assert layer == 0; set; assert setting == 'sparsity b'; data $work/data.tsv; assert all.rows == 32"
check "and at bookmarks, settings, data sets" status_is 0
run run "$work/nowhere.sawb"
check "a script that is not there" refused 1 "nowhere.sawb"
run -c "$(printf 'echo a\npredict "x"\nnonsense\n')" -m $bert
check "-c says the line of several" warns '^error: -c:3: unknown command "nonsense"'
run -c 'echo $nothing'
check "a variable that is not there" refused 2 "there is no variable nothing"
