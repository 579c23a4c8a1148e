# The user's configuration: commands that run before the first key.
. tests/ui/session.inc

mkdir -p "$folder/sawb"
cat >"$folder/sawb/config" <<'END'
# comments and empty lines are fine

set sparsity b local(2)
set palette light
bind z view mask
END
start 80 24 -- -m "$MODEL" "the film is slow"
check_shows "the configuration is in force" "B local(2)"
keys Tab z
check_shows "its keys are bound" "mask"
leave "the screen"

start 80 24 -- --config none -m "$MODEL" "the film is slow"
check_shows "--config none" "B aggressive_sparse"
leave "without it"

echo "palette nowhere" >"$folder/other"
start 80 24 -- --config "$folder/other" -m "$MODEL" "the film is slow"
check_shows "a mistake is told" "nowhere"
until_true shows "6 tokens"
check_shows "and the screen is there all the same" "B aggressive_sparse"
leave "after a mistake"

start 80 24 -- --config "$folder/missing" -m "$MODEL" "the film is slow"
check_shows "a file that is not there is told" "No such file"
leave "without the file"
