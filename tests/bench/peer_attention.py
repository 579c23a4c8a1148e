"""Times PyTorch's attention, alone, at the shapes of `sawb bench kernel`.

    python tests/bench/peer_attention.py [--lengths 128,512] [--width 64] [--heads 12] [--threads 2]
                                         [--sparsity 0.8] [--seconds 1] [--peers sdpa,flex_local]

Prints one JSON object a line: {"peer", "n", "width", "heads", "threads", "median_ms", "p10_ms",
"p90_ms", "runs"}, or "error" in place of the times where a peer does not work here (the torch of
many systems cannot compile). Batch 1, float32, no gradients unless the peer's name ends in _train
(forward and backward). Needs torch.
"""

import argparse
import json
import math
import statistics
import time

import torch
import torch.nn.functional as F


def band_width(share, n):
    """The width of local(share): the band whose share of removed pairs is nearest, of two the wider."""
    removed = [n * n - (n * (2 * w + 1) - w * (w + 1)) for w in range(n)]
    return min(range(n), key=lambda w: (abs(removed[w] - share * n * n), -w))


def distance(n):
    place = torch.arange(n)
    return (place[:, None] - place[None, :]).abs()


def sdpa(q, k, v, args):
    return lambda: F.scaled_dot_product_attention(q, k, v)


def sdpa_mask(q, k, v, args):
    n = q.shape[2]
    mask = (distance(n) <= band_width(args.sparsity, n))[None, None]
    return lambda: F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


def eager(q, k, v, args):
    factor = 1 / math.sqrt(q.shape[3])

    def run():
        probabilities = torch.softmax(q @ k.transpose(2, 3) * factor, dim=-1)
        return probabilities @ v, probabilities

    return run


def flex(q, k, v, keeps, block):
    from torch.nn.attention.flex_attention import create_block_mask, flex_attention

    n = q.shape[2]
    mask = create_block_mask(keeps, None, None, n, n, device="cpu", BLOCK_SIZE=min(block, n))
    torch._dynamo.reset()  # otherwise the ninth shape is no longer compiled
    compiled = torch.compile(flex_attention, dynamic=False)
    return lambda: compiled(q, k, v, block_mask=mask)


def flex_local(q, k, v, args):
    width = band_width(args.sparsity, q.shape[2])
    return flex(q, k, v, lambda b, h, i, j: (i - j).abs() <= width, args.block)


def flex_block_local(q, k, v, args):
    blocks = -(-q.shape[2] // 16)
    reach = round((1 - args.sparsity) * blocks / 2)
    return flex(q, k, v, lambda b, h, i, j: (i // 16 - j // 16).abs() <= reach, args.block)


def train(q, k, v, forward):
    for x in (q, k, v):
        x.requires_grad_(True)
    gradient = torch.randn_like(q)

    def run():
        q.grad = k.grad = v.grad = None
        forward().backward(gradient)

    return run


def sdpa_train(q, k, v, args):
    return train(q, k, v, lambda: F.scaled_dot_product_attention(q, k, v))


PEERS = {
    "sdpa": sdpa,
    "sdpa_mask": sdpa_mask,
    "eager": eager,
    "flex_local": flex_local,
    "flex_block_local": flex_block_local,
    "sdpa_train": sdpa_train,
}


def times_of(run, seconds):
    """Milliseconds of single runs, sorted; at least 5, after a warm-up of 3."""
    times = []
    for _ in range(3):
        run()
    begin = time.perf_counter()
    while len(times) < 5 or time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        run()
        times.append(1e3 * (time.perf_counter() - start))
    return sorted(times)


def measure(name, n, args):
    line = {"peer": name, "n": n, "width": args.width, "heads": args.heads, "threads": args.threads}
    generator = torch.Generator().manual_seed(1)
    q, k, v = (torch.randn(1, args.heads, n, args.width, generator=generator) for _ in range(3))
    try:
        run = PEERS[name](q, k, v, args)
        with torch.set_grad_enabled(name.endswith("_train")):
            times = times_of(run, args.seconds)
    except Exception as error:  # a peer that cannot run here is no reason to stop
        return {**line, "error": f"{type(error).__name__}: {str(error).splitlines()[0][:200]}"}
    return {
        **line,
        "median_ms": round(statistics.median(times), 4),
        "p10_ms": round(times[len(times) // 10], 4),
        "p90_ms": round(times[len(times) * 9 // 10], 4),
        "runs": len(times),
    }


def main():
    parser = argparse.ArgumentParser(description="Time PyTorch's attention, alone.")
    parser.add_argument("--lengths", default="32,64,128,256,512,1024,2048,4096")
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--heads", type=int, default=12)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--sparsity", type=float, default=0.8)
    parser.add_argument("--block", type=int, default=64, help="FlexAttention's block size")
    parser.add_argument("--seconds", type=float, default=1.0, help="of runs, for each line")
    parser.add_argument("--peers", default=",".join(PEERS))
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    for name in args.peers.split(","):
        for n in map(int, args.lengths.split(",")):
            print(json.dumps(measure(name, n, args)), flush=True)


if __name__ == "__main__":
    main()
