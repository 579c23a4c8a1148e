"""Makes tests/inspect/vectors/metrics.tsv: python tests/oracle/metrics.py [FILE]

The metrics of every head of the two small models of engine.py, on its sentences, in float64: A is dense, B has the
pattern of the row. Written straight from the definitions, without any code of sawb; the importance is torch's
gradient of a gate on the output of each head, at the predicted label.

A line: family pattern sentence arm layer head, then the metrics in the order of METRICS; nan where not defined.
`own_mass` is the mass kept with the dense attention taken as the softmax of the arm's own scores, and
`given_importance` the importance at the label that engine.py gives the sentence.
"""

import math
import pathlib
import sys

import torch

import engine
import patterns

METRICS = (
    "entropy normalised distance cls sep self previous next sparsity blocks mass divergence importance "
    "own_mass given_importance"
).split()
BLOCK = 4


def entropy(row):
    return -sum(p * math.log(p) for p in row if p > 0)


def divergence(p, q):
    def kl(a, b):
        return sum(x * math.log(x / y) for x, y in zip(a, b) if x > 0)

    middle = [(a + b) / 2 for a, b in zip(p, q)]
    return (kl(p, middle) + kl(q, middle)) / 2


def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else float("nan")


def empty_blocks(mask):
    n = len(mask)
    starts = range(0, n, BLOCK)
    blocks = [
        any(mask[i][j] for i in range(a, min(a + BLOCK, n)) for j in range(b, min(b + BLOCK, n)))
        for a in starts for b in starts
    ]
    return mean(not kept for kept in blocks)


def of_head(ids, attention, mask, scores, dense, other):
    n = len(ids)
    own = torch.softmax(scores, -1)
    rows = attention.tolist()
    kept = mask.sum(-1).tolist()
    return {
        "entropy": mean(entropy(row) for row in rows),
        "normalised": mean(entropy(row) / math.log(k) for row, k in zip(rows, kept) if k > 1),
        "distance": mean(sum(p * abs(i - j) for j, p in enumerate(row)) for i, row in enumerate(rows)),
        "cls": mean(sum(p for p, token in zip(row, ids) if token == engine.CLS) for row in rows),
        "sep": mean(sum(p for p, token in zip(row, ids) if token == engine.SEP) for row in rows),
        "self": mean(rows[i][i] for i in range(n)),
        "previous": mean(rows[i][i - 1] for i in range(1, n)),
        "next": mean(rows[i][i + 1] for i in range(n - 1)),
        "sparsity": 1 - mask.double().mean().item(),
        "blocks": empty_blocks(mask.tolist()),
        "mass": (dense * mask).sum(-1).mean().item(),
        "divergence": mean(divergence(p, q) for p, q in zip(rows, other.tolist())),
        "own_mass": (own * mask).sum(-1).mean().item(),
    }


def output_layers(model):
    """The linear layer behind the heads' outputs, of each layer."""
    suffixes = "attention.output.dense", "attention.out_lin"
    return [module for name, module in model.named_modules() if name.endswith(suffixes)]


def importance(model, ids, label):
    """[L,NH] |d loss / d gate|; label None: the predicted one."""
    layers, heads = output_layers(model), model.config.num_attention_heads
    gates = torch.ones(len(layers), heads, dtype=torch.float64, requires_grad=True)

    def gate(layer):
        def hook(_, arguments):
            context = arguments[0]
            gated = context.view(*context.shape[:-1], heads, -1) * gates[layer][:, None]
            return (gated.reshape(context.shape),)

        return hook

    handles = [module.register_forward_pre_hook(gate(layer)) for layer, module in enumerate(layers)]
    logits = model(input_ids=ids[None]).logits
    chosen = logits.argmax(-1) if label is None else torch.tensor([label])
    torch.nn.functional.cross_entropy(logits, chosen).backward()
    for handle in handles:
        handle.remove()
    return gates.grad.abs()


def capture(model, ids, pattern):
    recorder = patterns.install(model, pattern)
    with torch.no_grad():
        model(input_ids=ids[None])
    return tuple(torch.stack(part)[:, 0] for part in (recorder.attention, recorder.masks, recorder.scores))


def lines(family, folder):
    model = engine.open_checkpoint(family, folder / family)
    for name, pattern in engine.PATTERNS.items():
        for index, (ids, label) in enumerate(engine.make_sentences(model.config.num_labels, seed=21)):
            arms = [capture(model, ids, engine.PATTERNS["dense"]), capture(model, ids, pattern)]
            for arm, chosen in enumerate((engine.PATTERNS["dense"], pattern)):
                patterns.install(model, chosen)
                gradients = importance(model, ids, None), importance(model, ids, label)
                attention, mask, scores = arms[arm]
                for layer in range(attention.shape[0]):
                    for head in range(attention.shape[1]):
                        at = layer, head
                        # What the pattern took from: the other arm when that is dense, as in sawb.
                        reference = arms[1 - arm]
                        dense = reference[0] if reference[1].all() else torch.softmax(scores, -1)
                        values = of_head(
                            ids.tolist(), attention[at], mask[at], scores[at],
                            dense[at], arms[1 - arm][0][at],
                        )
                        values["importance"] = gradients[0][at].item()
                        values["given_importance"] = gradients[1][at].item()
                        yield [family, name, index, "AB"[arm], layer, head] + [f"{values[m]:.9g}" for m in METRICS]


def main():
    here = pathlib.Path(__file__).resolve().parent.parent
    path = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here / "inspect" / "vectors" / "metrics.tsv"
    torch.set_num_threads(1)
    rows = [["family", "pattern", "sentence", "arm", "layer", "head"] + METRICS]
    for family in engine.FAMILIES:
        rows += lines(family, here / "model" / "vectors")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))


if __name__ == "__main__":
    main()
