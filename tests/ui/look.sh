# What a first user does: sees a frame, types, changes patterns, moves about, asks for help.
. tests/ui/session.inc

start 80 24 -- -m "$MODEL" "the film is slow"
check_shows "first frame: arms" "B aggressive_sparse"
check_shows "first frame: difference" "B − A"
check_shows "first frame: answer" "6 tokens"
check_shows "first frame: hints" "Tab to the map"

type_text " but the actor feels warm"
check_shows "typing is shown" "slow but the actor feels warm"
check_shows "typing is answered" "11 tokens"
keys C-w
check_shows "cutting a word is answered" "10 tokens"
keys C-a
type_text "joke "
check_shows "insertion at the start" "❯ joke the film is slow but"
keys C-k
type_text "."
check_shows "cut to the end" "❯ joke ."

keys Tab
check_shows "the map has the keys" "0-3 B"
keys 2
check_shows "2: moderate for B" "B moderate_sparse"
check_shows "2: its target" "60 %"
check_shows "2: the command is shown" ": preset b moderate_sparse"
keys 0
check "0: dense for B" matches "B dense +0 % +0.0 %"
keys a
check_shows "a: what may follow" "3 aggressive_sparse"
keys 3
check_shows "a 3: aggressive for A" "A aggressive_sparse"
keys x
check_shows "x: exchanged" "A dense"

check_shows "cursor at the start" "→ [CLS]"
keys Right
check_shows "cursor to the right" "→ joke"
keys Down Down
check "cursor down" matches "^ [.] +A  score"
keys ']'
check_shows "next head" "layer 0  head 1"
keys '}'
check_shows "next layer" "layer 1  head 1"
keys m
check_shows "scores" "─ score"
keys m
check_shows "logarithms" "─ log"
keys m
check_shows "weights" "─ weight"

keys '?'
check_shows "help begins with the view it was asked from" "In the view of attention"
keys /
type_text "sentence"
keys Enter
check_shows "help: a search" "help with \"sentence\""
keys n
check_shows "help: all of it again" "─ help ─"
keys End
check_shows "help: the patterns at its end" "heads_off"
keys Escape
check_shows "back from help" "layer 1  head 1"

# Undo, a place to come back to, the search over commands, the console.
keys 2
check_shows "a pattern" "B moderate_sparse"
keys u
check_shows "undo" "B aggressive_sparse"
keys U
check_shows "redo" "B moderate_sparse"
keys '"'
check_shows "a bookmark" "layer 1 head 1"
keys '['
check_shows "another head" "layer 1  head 0"
keys "'"
type_text "1"
keys Enter
check_shows "jump" "layer 1  head 1"
keys C-p
type_text "exch"
check_shows "the search finds by a few letters" "exchange A and B"
keys Enter
check_shows "and runs it" "A moderate_sparse"
keys u
keys ':'
type_text "view console"
keys Enter
check_shows "the console has what was said" "layer 1 head 1"
keys ':'
type_text "nonsense"
keys Enter
check_shows "and errors" "nonsense"
keys g a
check_shows "back at the map" "layer 1  head 1"
keys 3
keys c
check_shows "curves without a run" "No run yet"
keys Escape
check "back to the attention" matches "^ [.] +A  score"

keys ':'
check_shows "prompt: candidates" "fine-tune on DIR"
type_text "pres"
keys Tab
type_text " b li"
keys Tab
check_shows "prompt: completion" ": preset b light_sparse"
keys Enter
check "prompt: run" matches "B light_sparse +40 %"
keys ':'
type_text "sparsity b topk(1.8)"
keys Enter
check_shows "prompt: an error names the column" "column 6"
keys ']'
check "errors leave with the next key" lacks "column 6"
keys ':'
type_text "picture $folder/screen.svg"
keys Enter
check "picture as SVG" grep -q "</svg>" "$folder/screen.svg"
keys ':'
type_text "picture $folder/screen.txt"
keys Enter
check "picture as text" grep -q "B light_sparse" "$folder/screen.txt"

keys Enter
keys C-u
type_text "café 猫"
check_shows "accents and wide characters" "❯ café 猫"
keys BSpace
check "a wide character is deleted whole" matches "❯ café +[0-9]+ tokens"
keys BSpace BSpace
check "a letter with its accent is deleted whole" matches "❯ caf +[0-9]+ tokens"
keys Enter C-u
leave "the screen"
check "the terminal is as it was" terminal_is_back
