#!/bin/sh
# The keys of a replay stand in the table of all keys: `keys` and the manual page list them.
. tests/cli/checks

run keys replay
check "the keys of a replay" status_is 0
check "seek" says 'seek +10'
check "the way to the views" says 'focus-map'
run keys
check "they are among all keys" says 'play toggle'
run manual
check "and in the manual page" says '^\.SS While a session is replayed'
