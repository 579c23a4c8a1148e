"""Compares sawb with transformers on whole checkpoints: python tests/oracle/agree.py SAWB FOLDER [...]

For every sentence of samples/sentences.txt and some nasty ones: tokens exactly, logits within 1e-4, attention within
1e-5 (dense). A FOLDER without a classifier gets one first: `sawb train` for one step, at a learning rate of nearly
nothing. The word "distilbert" instead of a folder stands for a DistilBERT-shaped checkpoint with random weights.
Prints the largest differences, ends with 1 when one is too large.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import torch
import transformers
from safetensors import safe_open

NASTY = [
    "", "Über-naïve café 猫 movie !!", "it's 10/10 , [MASK] !", "İstanbul ﬁlm ß", "a\tb\u00a0c\u200bd",
    "🙂 wow", "un" + "believ" * 30 + "able", "... ?!", "THE END", "x" * 120 + " ok",
]


def answer(sawb, *words):
    return subprocess.run([sawb, *map(str, words)], check=True, capture_output=True, text=True).stdout


def with_classifier(sawb, folder, work):
    if "SequenceClassification" in (folder / "config.json").read_text():
        return folder
    data = work / "data.tsv"
    data.write_text("sentence\tlabel\na good film\t1\na bad film\t0\n")
    answer(sawb, "train", data, "-m", folder, "--out", work / "model", "--max-steps", 1, "--lr", 1e-12)
    return work / "model"


def random_distilbert(vocabulary, work):
    torch.manual_seed(5)
    folder = work / "distilbert"
    config = transformers.DistilBertConfig(vocab_size=len(vocabulary.read_text().splitlines()))
    transformers.DistilBertForSequenceClassification(config).save_pretrained(folder)
    shutil.copy(vocabulary, folder / "vocab.txt")
    return folder


def check(sawb, folder, sentences, work):
    model = transformers.AutoModelForSequenceClassification.from_pretrained(folder, attn_implementation="eager").eval()
    tokenizer = transformers.BertTokenizer(str(folder / "vocab.txt"))
    export, worst = work / "export.safetensors", {"logits": 0.0, "attention": 0.0, "hidden_states": 0.0}
    for text in sentences:
        ids = json.loads(answer(sawb, "tokens", "--json", "-m", folder, "--", text))["ids"]
        wanted = tokenizer(text)["input_ids"]
        if ids != wanted:
            sys.exit(f"{folder}: {text!r}: tokens {ids}, not {wanted}")
        answer(sawb, "export", export, "--text", text, "-m", folder, "-s", "dense")
        with torch.no_grad():
            out = model(torch.tensor([ids]), output_attentions=True, output_hidden_states=True)
        theirs = {
            "logits": out.logits[0],
            "attention": torch.stack(out.attentions)[:, 0],
            "hidden_states": torch.stack(out.hidden_states)[:, 0],
        }
        with safe_open(export, "pt") as ours:
            for name, tensor in theirs.items():
                worst[name] = max(worst[name], (ours.get_tensor(name) - tensor).abs().max().item())
    print(f"{folder.name}: {len(sentences)} sentences, tokens equal, largest difference:", worst)
    return worst["logits"] < 1e-4 and worst["attention"] < 1e-5


def main():
    sawb, names = sys.argv[1], sys.argv[2:]
    root = pathlib.Path(__file__).resolve().parents[2]
    sentences = (root / "samples" / "sentences.txt").read_text().splitlines() + NASTY
    torch.set_num_threads(2)
    good = True
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        vocabulary = next((pathlib.Path(n) / "vocab.txt" for n in names if n != "distilbert"), None)
        for name in names:
            source = random_distilbert(vocabulary, work) if name == "distilbert" else pathlib.Path(name)
            good &= check(sawb, with_classifier(sawb, source, work), sentences, work)
    sys.exit(not good)


if __name__ == "__main__":
    main()
