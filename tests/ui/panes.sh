# Panes: as many as have room, split, focused, zoomed, closed, and what a resize makes of them.
. tests/ui/session.inc

# Verticals in a row tell of panes side by side.
verticals() {
    [ "$(screen | grep -c " │ ")" -ge "$1" ]
}

resize() {
    pane resize-window -x "$1" -y "$2"
}

start 120 40 -- -m "$MODEL" "the film is slow"
check "120x40: two panes" matches "^[─❯] heads"
check "120x40: one above the other" eval '! verticals 3'
resize 80 24
check "80x24: one pane" eval '! matches "^[─❯] heads"'
resize 200 60
check "200x60: three panes" matches "prediction.* ──|── prediction"
check "200x60: two of them side by side" verticals 20
check "200x60: the borders meet" shows "┬"

resize 120 40
keys Tab C-w o
check "only: one pane" eval '! matches "^[─❯] heads"'
keys C-w v
check "split right" verticals 15
check_shows "split right: the command is shown" ": split right"
keys g t
check_shows "another view in the new pane" "No run yet"
check "the other pane is as it was" shows "B − A"
keys C-w s g '?'
check "help in a third one" matches "❯ help ─"
keys C-w k
check "the pane above has the keys" matches "❯( training|──)"
keys z
check "zoom: that pane alone" eval '! matches "[❯─] help ─"'
check_shows "zoom: there are others" "one of 3 panes"
keys z
check "zoom again: all of them" matches "─ help ─"
keys C-w
check_shows "Ctrl-W: what may follow" "split down"
keys Escape
check "Ctrl-W Esc: nothing" lacks "split down"
resize 60 16
keys C-w h
check "60x16: panes without room say what they are" matches "─ (training|help)"
resize 40 10
check_shows "too small is said" "sawb needs 60 x 16"
resize 120 40
check "and nothing is lost" verticals 15
check "not the text either" matches "[❯─] help ─"
keys C-w c C-w c
check "closed: one pane" eval '! verticals 3'

keys ':'
type_text "layout three"
keys Enter
check "layout three" verticals 10
keys ':'
type_text "bind F5 layout one"
keys Enter F5
check "a key of one's own" eval '! verticals 3'
check_shows "it shows its command" ": layout one"
keys ':'
type_text "close"
keys Enter
check_shows "the last pane stays" "last pane"
leave "the screen"
check "the terminal is as it was" terminal_is_back

start 120 40 -- --ascii -m "$MODEL" "the film is slow"
check "ASCII: two panes" matches "^[->] heads"
keys Tab C-w v
check "ASCII: borders" matches "\+>?.*A dense"
leave "ASCII"
