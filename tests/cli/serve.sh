#!/bin/sh
# sawb serve --stdio as another program sees it: a line in, a line out, and a clean end.
. tests/cli/checks
dataset "$work/data.tsv"

# ask LINE ...: the requests
ask() {
    printf '%s\n' "$@" | "$SAWB" serve --stdio -m $bert >"$out" 2>"$err"
    status=$?
}

ask '{"id":1,"command":"predict \"a fine film\""}' 'rubbish' '{"id":2,"argv":["nonsense"]}' '' '{"id":3,"command":"echo on"}'
check "the end of input ends it cleanly" status_is 0
check "every line is one object" json_lines
check "every request has its answer" lines 4
check "results are what --json prints" line_is 1 '^\{"id":1,"status":0,"results":\[\{"text":"a fine film",.*\],"notes":\[\],"error":null\}$'
check "what is no request has status 2" line_is 2 '^\{"id":null,"status":2,"results":\[\],"notes":\[\],"error":"request: '
check "a command that is not there too" line_is 3 '^\{"id":2,"status":2,'
check "and it goes on" line_is 4 '^\{"id":3,"status":0,"results":\[\{"echo":"on"\}\]'
check "nothing on standard error" [ ! -s "$err" ]

ask "{\"id\":1,\"command\":\"let x = 5\"}" '{"id":2,"command":"foreach y in 1..2\necho $x$y\nend"}'
check "the workbench lasts from request to request" line_is 2 '"results":\[\{"echo":"51"\},\{"echo":"52"\}\]'

ask "{\"id\":\"t\",\"command\":\"train $work/data.tsv --validation $work/data.tsv --out $work/run --epochs 60\"}" '{"id":2,"command":"quit"}' '{"id":3,"command":"echo never"}'
check "long work tells its progress" says '^{"id":"t","progress":"'
check "and then answers" says '^{"id":"t","status":0,"results":\[{"step":1,'
check "quit ends it" [ -z "$(grep never "$out")" ]
check "after its own answer" [ "$(tail -n 1 "$out" | cut -c 1-18)" = '{"id":2,"status":0' ]

# One answer as soon as it is there: the second request is written after the first answer was read.
mkfifo "$work/in" "$work/answers"
"$SAWB" serve --stdio <"$work/in" >"$work/answers" 2>"$err" &
server=$!
exec 3>"$work/in" 4<"$work/answers"
echo '{"id":1,"command":"echo one"}' >&3
read -r first <&4
echo '{"id":2,"command":"echo two"}' >&3
read -r second <&4
exec 3>&- 4<&-
wait $server
status=$?
check "answers do not wait for more requests" [ "$first$second" = '{"id":1,"status":0,"results":[{"echo":"one"}],"notes":[],"error":null}{"id":2,"status":0,"results":[{"echo":"two"}],"notes":[],"error":null}' ]
check "and the server ends" status_is 0

run serve
check "serve says what it needs" refused 2 'sawb serve --stdio'
run serve --stdio
check "no requests, no answers" quiet
