"""Reads what `sawb export` writes, with numpy alone, and checks what must hold of it.

    sawb export x.safetensors --text "a fine film" -s "topk(0.5)"
    python3 read_export.py x.safetensors

A safetensors file is the length of its header (8 bytes, little endian), the header (JSON: name of a
tensor -> its type, shape and the bytes that are its own), and the bytes.
"""

import json
import struct
import sys

import numpy

TYPES = {"F32": numpy.float32, "F16": numpy.float16, "F64": numpy.float64, "I64": numpy.int64,
         "I32": numpy.int32, "U8": numpy.uint8, "BOOL": numpy.bool_}


def read(path):
    """All tensors of a file by their names, and its metadata."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        body = file.read()
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        values = numpy.frombuffer(body[begin:end], dtype=TYPES[entry["dtype"]])
        tensors[name] = values.reshape(entry["shape"])
    return tensors, metadata


def check(tensors):
    """Attention is a softmax over the pairs that are kept. The largest difference from that."""
    attention = tensors["attention"].astype(numpy.float64)
    scores = tensors["scores"].astype(numpy.float64)
    kept = tensors["mask"].astype(bool)
    rows = numpy.abs(attention.sum(axis=-1) - 1).max()
    assert rows < 1e-5, f"a row of attention sums to 1 only within {rows}"
    assert (attention[~kept] == 0).all(), "a pair that is removed has weight"
    masked = numpy.where(kept, scores, -numpy.inf)
    weights = numpy.exp(masked - masked.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    difference = numpy.abs(weights - attention).max()
    assert difference < 1e-5, f"the softmax of the scores differs by {difference}"
    return max(rows, difference)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: read_export.py FILE.safetensors")
    tensors, metadata = read(sys.argv[1])
    for name, values in sorted(tensors.items()):
        print(f"{name}\t{values.dtype}\t{list(values.shape)}")
    for name, text in metadata.items():
        print(f"# {name}: {text}")
    print(f"ok: rows sum to 1, weights are the softmax of the kept scores, within {check(tensors):.1e}")


if __name__ == "__main__":
    main()
