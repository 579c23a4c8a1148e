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
run run "$work/nowhere.sawb"
check "a script that is not there" refused 1 "nowhere.sawb"
run -c 'echo $nothing'
check "a variable that is not there" refused 2 "there is no variable nothing"
