"""Makes the vectors that the engine's tests compare with: python tests/oracle/engine.py [FOLDER]

Everything is computed with torch and transformers in float64, dropout off, and stored as float32. FOLDER is
tests/model/vectors unless another is given; the same seed gives the same files.

bert/, distilbert/      a tiny random classifier as save_pretrained writes it (float32), with a vocab.txt.
                        V 40, C 16, L 2, NH 2, F 24, P 32; BERT: K 2; DistilBERT: K 3. No weight is zero,
                        so that a bias left out shows. Word pieces 0-4: [PAD] [UNK] [CLS] [SEP] [MASK].

<family>_<pattern>.safetensors, pattern one of dense, local (local(1)), topk (topk(0.5)):
    three sentences S = 0, 1, 2 of T = 2, 7, 12 tokens, ids from [CLS] to [SEP], no padding
    sS.ids              [T]         float32, whole numbers
    sS.label            [1]         float32, a whole number
    sS.scores           [L,NH,T,T]  before the softmax and before the mask
    sS.mask             [L,NH,T,T]  uint8, 1 kept
    sS.attention        [L,NH,T,T]  after the softmax, 0 where removed
    sS.hidden_states    [L+1,T,C]   the embeddings' output, then each layer's
    sS.logits           [K]
    sS.loss             [1]         cross-entropy at the label
    grad.<weight>       gradient of the mean of the three losses (a batch of three packed sentences)
    s1.grad.<weight>    gradient of s1.loss alone
    <weight> as in the checkpoint, e.g. "bert.encoder.layer.0.attention.self.query.bias". The gradient of a
    key bias is zero but for rounding (it shifts a whole row of scores): compare it absolutely.

adamw.safetensors, adamw.tsv: ten steps of AdamW on bert/ (dense), each on the same batch of all six rows of
adamw.tsv, so that shuffling changes nothing but the order of sums. Mean cross-entropy; global norm clipped to
1 as clip_grad_norm_ does (norm + 1e-6); betas 0.9, 0.999; epsilon 1e-8; weight decay 0.01, not on biases
and LayerNorm; peak learning rate 5e-3; linear warm-up over 2 steps and linear decay to 0 over the remaining 8 as
transformers' get_linear_schedule_with_warmup: step t (from 0) has t / 2, later (10 - t) / 8 of the peak.
    rowR.ids            [T]   float32, the tokens of row R = 0..5
    labels              [6]   float32
    learning_rates      [10]  of each step
    gradient_norms      [10]  before clipping
    losses              [10]  before each step's update
    loss_after          [1]   after the last update
    final.<weight>      after the last update. Leave out the key biases: their gradient is rounding noise, which
                        Adam scales up; nothing else depends on them.
"""

import pathlib
import sys

import torch
import transformers
from safetensors.torch import save_file

import patterns

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = (
    "the a an film story scene actor song joke ending is was feels warm cold slow bright dull good bad "
    "fine never always and but not very ##ly ##er ##ing ##s , . ! ?"
).split()
CLS, SEP = 2, 3
LENGTHS = (2, 7, 12)
PATTERNS = {"dense": patterns.dense, "local": patterns.local(1), "topk": patterns.topk(0.5)}
TRAINING = [
    ("the film is warm and bright .", 1),
    ("a dull story , slow and cold", 0),
    ("good", 1),
    ("the ending was never very good !", 0),
    ("a fine actor but the joke is bad .", 0),
    ("always a bright song", 1),
]
STEPS, WARMUP, PEAK, DECAY = 10, 2, 5e-3, 0.01


def bert_config():
    return transformers.BertConfig(
        vocab_size=40, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24,
        max_position_embeddings=32, id2label={0: "NEGATIVE", 1: "POSITIVE"},
        label2id={"NEGATIVE": 0, "POSITIVE": 1},
    )


def distilbert_config():
    return transformers.DistilBertConfig(
        vocab_size=40, dim=16, n_layers=2, n_heads=2, hidden_dim=24, max_position_embeddings=32,
        id2label={0: "NEGATIVE", 1: "NEUTRAL", 2: "POSITIVE"},
        label2id={"NEGATIVE": 0, "NEUTRAL": 1, "POSITIVE": 2},
    )


FAMILIES = {
    "bert": (transformers.BertForSequenceClassification, bert_config, 11),
    "distilbert": (transformers.DistilBertForSequenceClassification, distilbert_config, 12),
}


def randomise(model, seed):
    """Large enough for the attention to differ from uniform and for each bias to matter."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            noise = torch.randn(weight.shape, generator=generator)
            if "LayerNorm.weight" in name or "layer_norm.weight" in name:
                weight.copy_(1 + 0.2 * noise)
            elif weight.dim() == 1:
                weight.copy_(0.2 * noise)
            else:
                weight.copy_(0.35 * noise)


def make_checkpoint(family, folder):
    kind, config, seed = FAMILIES[family]
    model = kind(config())
    randomise(model, seed)
    model.save_pretrained(folder)
    (folder / "model.safetensors").chmod(0o644)
    (folder / "vocab.txt").write_text("".join(piece + "\n" for piece in SPECIAL + WORDS))


def open_checkpoint(family, folder):
    kind, _, _ = FAMILIES[family]
    return kind.from_pretrained(folder, attn_implementation="eager").double().eval()


def make_sentences(labels, seed):
    """Ids without [PAD]: torch leaves that row of the embedding without a gradient."""
    generator = torch.Generator().manual_seed(seed)
    sentences = []
    for index, length in enumerate(LENGTHS):
        middle = torch.randint(len(SPECIAL), 40, (length - 2,), generator=generator)
        ids = torch.cat([torch.tensor([CLS]), middle, torch.tensor([SEP])])
        sentences.append((ids, index % labels))
    return sentences


def run(model, ids, label):
    out = model(input_ids=ids[None], output_hidden_states=True)
    loss = torch.nn.functional.cross_entropy(out.logits, torch.tensor([label]))
    return out, loss


def gradients(model, loss):
    model.zero_grad()
    loss.backward()
    return {name: weight.grad.clone() for name, weight in model.named_parameters()}


def check_eager(model, sentences):
    """The recorder's dense attention must be transformers' own."""
    plain = []
    model.set_attn_implementation("eager")
    for ids, label in sentences:
        out = model(input_ids=ids[None], output_attentions=True)
        plain.append((out.logits.detach(), torch.stack(out.attentions)[:, 0].detach()))
    recorder = patterns.install(model, patterns.dense)
    for (ids, label), (logits, attention) in zip(sentences, plain):
        recorder.clear()
        out, _ = run(model, ids, label)
        torch.testing.assert_close(out.logits.detach(), logits, rtol=0, atol=1e-12)
        torch.testing.assert_close(torch.stack(recorder.attention)[:, 0], attention, rtol=0, atol=1e-12)


def check_no_close_call(scores, mask):
    """A kept and a removed score that nearly tie could be chosen otherwise in float32."""
    kept = scores.masked_fill(~mask, float("inf")).amin(-1)
    removed = scores.masked_fill(mask, float("-inf")).amax(-1)
    assert (kept - removed).min() > 1e-5, "take another seed: two scores are too close"


def make_vectors(model, sentences, pattern):
    recorder = patterns.install(model, pattern)
    tensors, losses = {}, []
    for index, (ids, label) in enumerate(sentences):
        recorder.clear()
        out, loss = run(model, ids, label)
        losses.append(loss)
        scores, mask = torch.stack(recorder.scores)[:, 0], torch.stack(recorder.masks)[:, 0]
        if pattern is PATTERNS["topk"]:
            check_no_close_call(scores, mask)
        prefix = f"s{index}."
        tensors |= {
            prefix + "ids": ids,
            prefix + "label": torch.tensor([label]),
            prefix + "scores": scores,
            prefix + "mask": mask.to(torch.uint8),
            prefix + "attention": torch.stack(recorder.attention)[:, 0],
            prefix + "hidden_states": torch.stack(out.hidden_states)[:, 0],
            prefix + "logits": out.logits[0],
            prefix + "loss": loss[None],
        }
        if index == 1:
            for name, gradient in gradients(model, run(model, ids, label)[1]).items():
                tensors[f"s1.grad.{name}"] = gradient
    for name, gradient in gradients(model, torch.stack(losses).mean()).items():
        tensors["grad." + name] = gradient
    return tensors


def train(model, sentences):
    patterns.install(model, patterns.dense)
    spared, decayed = [], []
    for name, weight in model.named_parameters():
        (spared if name.endswith("bias") or "LayerNorm" in name else decayed).append(weight)
    optimiser = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": DECAY}, {"params": spared, "weight_decay": 0.0}],
        lr=PEAK, betas=(0.9, 0.999), eps=1e-8,
    )
    schedule = transformers.get_linear_schedule_with_warmup(optimiser, WARMUP, STEPS)

    def batch_loss():
        return torch.stack([run(model, ids, label)[1] for ids, label in sentences]).mean()

    rates, norms, losses = [], [], []
    for _ in range(STEPS):
        optimiser.zero_grad()
        loss = batch_loss()
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0).item())
        rates.append(schedule.get_last_lr()[0])
        losses.append(loss.item())
        optimiser.step()
        schedule.step()
    tensors = {
        "learning_rates": torch.tensor(rates),
        "gradient_norms": torch.tensor(norms),
        "losses": torch.tensor(losses),
        "loss_after": batch_loss()[None],
    }
    return tensors | {f"final.{name}": weight for name, weight in model.named_parameters()}


def training_rows():
    vocabulary = {piece: index for index, piece in enumerate(SPECIAL + WORDS)}
    return [
        (torch.tensor([CLS] + [vocabulary[word] for word in text.split()] + [SEP]), label)
        for text, label in TRAINING
    ]


def save(tensors, path):
    """Whole numbers become float32 too (they are small), masks stay bytes."""
    save_file(
        {
            name: tensor.detach().to(torch.uint8 if tensor.dtype == torch.uint8 else torch.float32).contiguous()
            for name, tensor in tensors.items()
        },
        path,
    )
    path.chmod(0o644)


def main():
    here = pathlib.Path(__file__).resolve().parent
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here.parent / "model" / "vectors"
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    assert len(SPECIAL + WORDS) == 40
    for family in FAMILIES:
        make_checkpoint(family, folder / family)
        model = open_checkpoint(family, folder / family)
        sentences = make_sentences(model.config.num_labels, seed=21)
        check_eager(model, sentences)
        for name, pattern in PATTERNS.items():
            save(make_vectors(model, sentences, pattern), folder / f"{family}_{name}.safetensors")

    rows = training_rows()
    tensors = train(open_checkpoint("bert", folder / "bert"), rows)
    tensors["labels"] = torch.tensor([label for _, label in rows])
    tensors |= {f"row{index}.ids": ids for index, (ids, _) in enumerate(rows)}
    save(tensors, folder / "adamw.safetensors")
    lines = ["sentence\tlabel"] + [f"{text}\t{label}" for text, label in TRAINING]
    (folder / "adamw.tsv").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
