"""Fine-tune a Hugging Face encoder with PyTorch by the recipe of `sawb train`, as its peer.

usage: finetune.py MODEL DATA [--batches random|split|grouped] [--seed N] ...

`random` pads each random batch to its longest sentence; `split` makes the same batches but runs each
as four parts of similar length whose gradients are added (the same mathematics with less padding);
`grouped` lets sentences of similar length share a batch. One JSON line per evaluation, as
`sawb train --json` has them, and a last one with the real tokens a second and the resident memory.
With --steps N only that last line: N steps after a warm-up, as `sawb bench train --steps N` makes them.
Needs torch and transformers (tests/oracle/requirements.txt).
"""

import argparse
import json
import random
import statistics
import time

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer


WARM_UP_STEPS = 3


def read_rows(path):
    with open(path, encoding="utf-8") as lines:
        next(lines)
        rows = [line.rstrip("\n").rsplit("\t", 1) for line in lines]
    return [text for text, _ in rows], [int(label) for _, label in rows]


def make_batches(lengths, size, kind, rng):
    order = list(range(len(lengths)))
    rng.shuffle(order)
    if kind == "grouped":
        window = size * 50
        order = [row for begin in range(0, len(order), window)
                 for row in sorted(order[begin:begin + window], key=lambda row: -lengths[row])]
    batches = [order[begin:begin + size] for begin in range(0, len(order), size)]
    if kind == "grouped":
        rng.shuffle(batches)
    return batches


def parts_of(batch, lengths, kind):
    if kind != "split":
        return [batch]
    batch = sorted(batch, key=lambda row: lengths[row])
    quarter = max(1, len(batch) // 4)
    return [batch[begin:begin + quarter] for begin in range(0, len(batch), quarter)]


def tensors(rows, ids, labels, pad):
    longest = max(len(ids[row]) for row in rows)
    padded = torch.full((len(rows), longest), pad)
    mask = torch.zeros((len(rows), longest), dtype=torch.long)
    for place, row in enumerate(rows):
        padded[place, :len(ids[row])] = torch.tensor(ids[row])
        mask[place, :len(ids[row])] = 1
    return padded, mask, torch.tensor([labels[row] for row in rows])


def evaluate(model, ids, labels, pad):
    model.eval()
    order = sorted(range(len(ids)), key=lambda row: len(ids[row]))
    right, loss = 0, 0.0
    with torch.no_grad():
        for begin in range(0, len(order), 64):
            padded, mask, gold = tensors(order[begin:begin + 64], ids, labels, pad)
            logits = model(input_ids=padded, attention_mask=mask).logits
            right += int((logits.argmax(-1) == gold).sum())
            loss += float(torch.nn.functional.cross_entropy(logits, gold, reduction="sum"))
    model.train()
    return {"accuracy": right / len(ids), "loss": loss / len(ids)}


def make_optimiser(model, options):
    decayed = [p for name, p in model.named_parameters() if p.ndim == 2]
    spared = [p for name, p in model.named_parameters() if p.ndim != 2]
    return torch.optim.AdamW([{"params": decayed, "weight_decay": options.weight_decay},
                              {"params": spared, "weight_decay": 0.0}],
                             lr=options.lr, betas=(0.9, 0.999), eps=1e-8)


def rate(step, steps, warmup):
    rising = warmup if warmup >= 1 else warmup * steps
    return (step + 1) / rising if step + 1 < rising else (steps - step) / max(1.0, steps - rising)


def peak_resident_mb():
    with open("/proc/self/status", encoding="utf-8") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024 / 1e6


class Tuning:
    """A model, its optimiser and its schedule, a step at a time."""

    def __init__(self, model, ids, labels, pad, options, steps):
        self.model, self.ids, self.labels, self.pad, self.options = model, ids, labels, pad, options
        self.lengths = [len(row) for row in ids]
        self.optimiser = make_optimiser(model, options)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimiser, lambda step: rate(step, steps, options.warmup))
        model.train()

    def step(self, batch):
        """Returns its real tokens and seconds."""
        begin = time.perf_counter()
        for rows in parts_of(batch, self.lengths, self.options.batches):
            padded, mask, gold = tensors(rows, self.ids, self.labels, self.pad)
            with torch.autocast("cpu", torch.bfloat16, enabled=self.options.bf16):
                logits = self.model(input_ids=padded, attention_mask=mask).logits
            loss = torch.nn.functional.cross_entropy(logits.float(), gold, reduction="sum")
            (loss / len(batch)).backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.schedule.step()
        self.optimiser.zero_grad()
        return sum(self.lengths[row] for row in batch), time.perf_counter() - begin


def report(measured, **more):
    tokens, seconds = sum(row[0] for row in measured), sum(row[1] for row in measured)
    print(json.dumps({"tokens": tokens, "tokens_per_second": tokens / seconds,
                      "median": statistics.median(row[0] / row[1] for row in measured),
                      "resident_mb": peak_resident_mb(), **more}), flush=True)


def time_steps(tuning, batches, steps):
    for batch in batches[:WARM_UP_STEPS]:
        tuning.step(batch)
    measured = [tuning.step(batch) for batch in batches[WARM_UP_STEPS:WARM_UP_STEPS + steps]]
    report(measured, steps=steps)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("model")
    parser.add_argument("data")
    parser.add_argument("--batches", choices=["random", "split", "grouped"], default="random")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lr", type=float, default=5e-5)
    parser.add_argument("--warmup", type=float, default=0.06)
    parser.add_argument("--weight-decay", type=float, default=0.01)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--max-steps", type=int, default=0)
    parser.add_argument("--steps", type=int, default=0, help="only time so many steps")
    parser.add_argument("--evals", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--bf16", action="store_true")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = AutoModelForSequenceClassification.from_pretrained(options.model, num_labels=2)
    texts, labels = read_rows(options.data + "/train.tsv")
    ids = tokenizer(texts, truncation=True, max_length=128)["input_ids"]
    lengths = [len(row) for row in ids]
    batches = make_batches(lengths, options.batch_size, options.batches,
                           random.Random(options.seed))
    tuning = Tuning(model, ids, labels, tokenizer.pad_token_id, options, len(batches))
    if options.steps:
        time_steps(tuning, batches, options.steps)
        return
    dev_texts, dev_labels = read_rows(options.data + "/dev.tsv")
    dev_ids = tokenizer(dev_texts, truncation=True, max_length=128)["input_ids"]
    steps = options.max_steps or len(batches)
    measured = []
    for step, batch in enumerate(batches[:steps], 1):
        measured.append(tuning.step(batch))
        if step % max(1, steps // options.evals) == 0 or step == steps:
            speed = sum(row[0] for row in measured) / sum(row[1] for row in measured)
            print(json.dumps({"step": step, "tokens_per_second": round(speed),
                              "eval": evaluate(model, dev_ids, dev_labels,
                                               tokenizer.pad_token_id)}), flush=True)
    report(measured)


if __name__ == "__main__":
    main()
