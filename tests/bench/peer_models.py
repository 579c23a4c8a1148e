"""Whole encoders of PyTorch, ONNX Runtime and OpenVINO as peers of sawb's.

The shapes are MiniLM-L6 and DistilBERT with random weights, made and saved by transformers, so that
sawb opens the same folder. Each peer is asked for logits and the attentions of all layers.
"""

import os
import string

import numpy
import torch
import transformers

VOCABULARY = 30522
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()


def make_vocabulary(path, pieces):
    """The given word pieces and made-up ones, as many as the pretrained models have."""
    words, letters, number = list(pieces), string.ascii_lowercase, 0
    while len(words) < VOCABULARY:
        word, rest = "", number
        for _ in range(4):
            word += letters[rest % 26]
            rest //= 26
        words.append("[" + word + letters[rest % 26] * (1 + rest // 26) + "]")
        number += 1
    with open(path, "w", encoding="utf-8") as out:
        out.write("\n".join(words) + "\n")


def config_of(shape):
    if shape == "minilm":
        return transformers.BertConfig(hidden_size=384, num_hidden_layers=6, num_attention_heads=12,
                                       intermediate_size=1536, num_labels=2,
                                       attn_implementation="eager")
    return transformers.DistilBertConfig(num_labels=2, attn_implementation="eager")


def make_folder(shape, folder, pieces=SPECIAL):
    """A folder that transformers and sawb open, which knows these word pieces; made once."""
    if os.path.exists(os.path.join(folder, "model.safetensors")):
        return folder
    os.makedirs(folder, exist_ok=True)
    torch.manual_seed(1)
    model = transformers.AutoModelForSequenceClassification.from_config(config_of(shape))
    make_vocabulary(os.path.join(folder, "vocab.txt"), pieces)
    model.save_pretrained(folder)
    return folder


def open_torch(folder):
    return transformers.AutoModelForSequenceClassification.from_pretrained(
        folder, attn_implementation="eager").eval()


class Outputs(torch.nn.Module):
    """Logits, and with `attentions` those of every layer."""

    def __init__(self, model, attentions):
        super().__init__()
        self.model = model
        self.attentions = attentions

    def forward(self, ids, mask):
        out = self.model(input_ids=ids, attention_mask=mask, output_attentions=self.attentions)
        return (out.logits, *out.attentions) if self.attentions else (out.logits,)


def make_onnx(folder, attentions):
    path = os.path.join(folder, "attentions.onnx" if attentions else "logits.onnx")
    if os.path.exists(path):
        return path
    model = Outputs(open_torch(folder), attentions)
    ids = torch.ones(2, 16, dtype=torch.long)
    names = ["logits"] + [f"attention{i}" for i in range(6 if attentions else 0)]
    axes = {"ids": {0: "b", 1: "n"}, "mask": {0: "b", 1: "n"}, "logits": {0: "b"}}
    axes.update({name: {0: "b", 2: "n", 3: "n"} for name in names[1:]})
    torch.onnx.export(model, (ids, torch.ones_like(ids)), path + ".part", dynamo=False,
                      input_names=["ids", "mask"], output_names=names, dynamic_axes=axes)
    os.replace(path + ".part", path)
    return path


# Each peer gives run(ids, mask) -> logits [B, 2], of int64 arrays [B, n].

def pytorch(folder, threads, attentions=True):
    torch.set_num_threads(threads)
    model = Outputs(open_torch(folder), attentions)

    def run(ids, mask):
        with torch.inference_mode():
            return model(torch.from_numpy(ids), torch.from_numpy(mask))[0].numpy()

    return run


def onnx_runtime(folder, threads, attentions=True):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(make_onnx(folder, attentions), options,
                                           providers=["CPUExecutionProvider"])
    return lambda ids, mask: session.run(None, {"ids": ids, "mask": mask})[0]


def openvino_at(precision):
    def openvino(folder, threads, attentions=True):
        import openvino
        core = openvino.Core()
        model = core.compile_model(core.read_model(make_onnx(folder, attentions)), "CPU",
                                   {"INFERENCE_NUM_THREADS": threads,
                                    "PERFORMANCE_HINT": "LATENCY",
                                    "INFERENCE_PRECISION_HINT": precision})
        request = model.create_infer_request()

        def run(ids, mask):
            request.infer({"ids": ids, "mask": mask})
            return numpy.array(request.get_output_tensor(0).data)

        return run

    return openvino


MODELS = {"PyTorch eager": (pytorch, "fp32"), "ONNX Runtime": (onnx_runtime, "fp32"),
          "OpenVINO": (openvino_at("f32"), "fp32"), "OpenVINO bf16": (openvino_at("bf16"), "bf16")}
