#!/bin/sh
# What `export` writes is read by the example in Python (tests/oracle/read_export.py), where there is numpy.
. tests/cli/checks

run export "$work/heads.safetensors" -m $bert --text "a warm film" -s "topk(0.5)"
check "export" status_is 0
check "a file that begins with the length of its header" [ "$(od -An -tu8 -N8 "$work/heads.safetensors")" -gt 100 ]
if ! python3 -c 'import numpy' 2>/dev/null; then
    echo "# skipped (python3 has no numpy): read_export.py"
    exit
fi

# read FILE: the example's answer.
read_file() {
    python3 tests/oracle/read_export.py "$1" >"$out" 2>"$err" </dev/null
    status=$?
}
read_file "$work/heads.safetensors"
check "numpy reads it" status_is 0
check "the attention is that of the kept scores" says '^ok: rows sum to 1, weights are the softmax of the kept scores'
check "a tensor has its type and shape" says '^attention	float32	\[[0-9, ]*\]$'
check "the metadata tells the sentence" says '^# .*a warm film'

head -c 2000 "$work/heads.safetensors" >"$work/cut.safetensors"
read_file "$work/cut.safetensors"
check "one that is cut is noticed" [ $status -ne 0 ]
