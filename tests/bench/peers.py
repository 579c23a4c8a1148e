"""sawb and its peers, measured in turns on this machine: a table of ratios (time of sawb / time of
the peer; below 1 sawb is ahead), saved with a description of the machine.

usage: peers.py SAWB OUT.tsv [--parts attention,model,train,eval] [--rounds N] [--seconds X] ...

Each figure is the median over rounds of the ratio of two short measurements made one right after
the other, sawb by `sawb serve --stdio` so that no start of a process is measured. A peer that
cannot be installed or run is named with the reason. Needs tests/bench/requirements.txt.
"""

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time
import warnings

LENGTHS = [8, 16, 32, 64, 128, 256, 512]
KERNEL_LENGTHS = [32, 128, 512, 2048, 4096]
SHAPES = ["minilm", "distilbert"]
WIDTHS = {"minilm": 32, "distilbert": 64}
PACKAGES = ["torch", "transformers", "onnxruntime", "openvino"]
PAUSE = 0.05  # in which the threads of the one before end their waiting
FLAGS = ["avx2", "fma", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16", "asimd", "sve"]


class Sawb:
    """A serving sawb with one model; answers are lists of objects."""

    def __init__(self, program, options):
        self.process = subprocess.Popen(
            [program, *options, "serve", "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)

    def ask(self, *words):
        request = {"id": 1, "argv": [str(word) for word in words]}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise RuntimeError("sawb has ended")
            answer = json.loads(line)
            if "progress" in answer:
                continue
            if answer["status"] != 0:
                raise RuntimeError(answer["error"])
            return answer["results"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def time_runs(run, seconds):
    """Median and p10, in milliseconds, of runs over so many seconds, at least 5."""
    run()
    times, begin = [], time.perf_counter()
    while len(times) < 5 or time.perf_counter() - begin < seconds:
        before = time.perf_counter()
        run()
        times.append(1e3 * (time.perf_counter() - before))
    return statistics.median(times), sorted(times)[len(times) // 10]


def time_sawb(sawb, options, name, tokens, *more):
    """The same of one of sawb's measurements."""
    row = sawb.ask("bench", name, "--lengths", tokens, "--seconds", options.seconds, *more)[0]
    return row["median_ms"], row["p10_ms"]


class Report:
    """Rows as they come, on the terminal and for the file."""

    def __init__(self, options):
        self.options = options
        self.rows, self.failures = [], []
        self.about = describe()

    def head(self, title):
        print(f"\n{title}\n{'case':<34}{'n':>6}  {'peer':<22}{'peer':>11}{'sawb':>11}"
              f"{'ratio':>8}{'of p10':>8}  spread", flush=True)

    def compare(self, part, case, tokens, peer, run_peer, run_sawb, unit="ms"):
        """Rounds of peer and sawb in turns; a failure of either is a line of its own."""
        try:
            pairs = []
            for turn in range(self.options.rounds):
                values = {}
                for run in (run_peer, run_sawb) if turn % 2 else (run_sawb, run_peer):
                    values[run] = run()
                    time.sleep(PAUSE)
                pairs.append((values[run_peer], values[run_sawb]))
        except Exception as error:
            self.fail(part, f"{peer}, {case}, n {tokens}", error)
            return
        # Speeds become times, so that a ratio below 1 is always sawb ahead.
        ratio = lambda theirs, ours: ours / theirs if unit == "ms" else theirs / ours
        ratios = [ratio(theirs[0], ours[0]) for theirs, ours in pairs]
        row = {"part": part, "case": case, "n": tokens, "peer": peer, "unit": unit,
               "peer_value": statistics.median(theirs[0] for theirs, _ in pairs),
               "sawb_value": statistics.median(ours[0] for _, ours in pairs),
               "ratio": statistics.median(ratios), "least": min(ratios), "most": max(ratios),
               "ratio_p10": statistics.median(ratio(theirs[1], ours[1]) for theirs, ours in pairs),
               "rounds": len(pairs)}
        self.rows.append(row)
        print(f"{case:<34}{tokens:>6}  {peer:<22}{row['peer_value']:>11.3f}"
              f"{row['sawb_value']:>11.3f}{row['ratio']:>8.3f}{row['ratio_p10']:>8.3f}  "
              f"{row['least']:.2f}-{row['most']:.2f}", flush=True)

    def fail(self, part, what, error):
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        self.failures.append((part, what, reason))
        print(f"left out: {what}: {reason}", flush=True)

    def save(self, path):
        with open(path + ".part", "w", encoding="utf-8") as out:
            for name, value in self.about.items():
                out.write(f"# {name}: {value}\n")
            for part, what, reason in self.failures:
                out.write(f"# left out ({part}): {what}: {reason}\n")
            columns = ["part", "case", "n", "peer", "unit", "peer_value", "sawb_value", "ratio",
                       "least", "most", "ratio_p10", "rounds"]
            out.write("\t".join(columns) + "\n")
            for row in self.rows:
                out.write("\t".join(f"{row[name]:.6g}" if isinstance(row[name], float)
                                    else str(row[name]) for name in columns) + "\n")
        os.replace(path + ".part", path)


def describe():
    """What the figures depend on; a load above a fraction of a core spoils them."""
    model, flags = platform.machine(), []
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            fields = dict(line.split(":", 1) for line in lines if ":" in line)
        fields = {name.strip(): value.strip() for name, value in fields.items()}
        model = fields.get("model name", model)
        present = fields.get("flags", fields.get("Features", "")).split()
        flags = [flag for flag in FLAGS if flag in present]
    except OSError:
        pass
    about = {"date": datetime.date.today().isoformat(), "cpu": model, "flags": " ".join(flags),
             "cores": os.cpu_count(), "load before": f"{os.getloadavg()[0]:.2f}",
             "kernel": platform.release(), "python": platform.python_version()}
    for name in PACKAGES:
        try:
            about[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            about[name] = "not installed"
    return about


# ---- attention ---------------------------------------------------------------------------------

# A peer of peer_attention.py, and the pattern of sawb that is set against it.
KERNELS = [("eager", "dense"), ("sdpa", "dense"), ("sdpa", "local"), ("sdpa", "block_local"),
           ("sdpa_mask", "local"), ("flex_local", "local"), ("flex_block_local", "block_local")]


def run_attention(options, report):
    import peer_attention
    import peer_models
    import torch
    torch.set_num_threads(options.threads)
    report.head("attention of one layer, 12 heads, 80 % removed where sparse, milliseconds")
    for shape in SHAPES:
        folder = peer_models.make_folder(shape, os.path.join(options.work, shape))
        sawb = Sawb(options.sawb, ["-m", folder, "--threads", str(options.threads)])
        for tokens in options.lengths or KERNEL_LENGTHS:
            for peer, family in KERNELS:
                if peer != "eager" or tokens <= 2048:  # its probabilities fill the memory
                    time_attention(options, report, sawb, WIDTHS[shape], tokens, peer, family,
                                   peer_attention)
        sawb.close()


def pattern_of(family, tokens):
    """As peer_attention.py has it at 80 %."""
    reach = round(0.2 * -(-tokens // 16) / 2)
    return {"dense": "dense", "local": "local(0.8)",
            "block_local": f"block_local(16, {2 * reach})"}[family]


def time_attention(options, report, sawb, width, tokens, peer, family, peer_attention):
    import torch
    pattern = pattern_of(family, tokens)
    case, name = f"{pattern}, width {width}", "PyTorch " + peer
    asked = argparse.Namespace(sparsity=0.8, block=64, heads=12, width=width)
    generator = torch.Generator().manual_seed(1)
    q, k, v = (torch.randn(1, 12, tokens, width, generator=generator) for _ in range(3))
    try:
        with torch.inference_mode():
            run = peer_attention.PEERS[peer](q, k, v, asked)
            run()
    except Exception as error:
        report.fail("attention", f"{name}, {case}, n {tokens}", error)
        return

    def theirs():
        with torch.inference_mode():
            return time_runs(run, options.seconds)

    report.compare("attention", case, tokens, name, theirs,
                   lambda: time_sawb(sawb, options, "attention", tokens, "-s", pattern))


# ---- models ------------------------------------------------------------------------------------

def precision_options(sawb_program, precision):
    """bf16 is compared with sawb's bf16 where it has one."""
    if precision == "fp32":
        return []
    text = subprocess.run([sawb_program, "--help"], capture_output=True, text=True,
                          check=False).stdout
    return ["--precision", "bf16"] if "--precision" in text else []


def run_model(options, report):
    import numpy
    import peer_models
    report.head("forward pass of one sentence with the attentions, milliseconds")
    for shape in SHAPES:
        folder = peer_models.make_folder(shape, os.path.join(options.work, shape))
        for name, (make, precision) in peer_models.MODELS.items():
            try:
                run = make(folder, options.threads)
                chosen = precision_options(options.sawb, precision)
                sawb = Sawb(options.sawb,
                            ["-m", folder, "--threads", str(options.threads), *chosen])
            except Exception as error:
                report.fail("model", f"{name}, {shape}", error)
                continue
            for tokens in options.lengths or LENGTHS:
                ids = numpy.full((1, tokens), 1000, dtype=numpy.int64)
                mask = numpy.ones_like(ids)
                case = shape + (" (sawb: bf16)" if chosen else "")
                report.compare(
                    "model", case, tokens, name,
                    lambda: time_runs(lambda: run(ids, mask), options.seconds),
                    lambda: time_sawb(sawb, options, "forward_attention", tokens))
            sawb.close()


# ---- the data ----------------------------------------------------------------------------------

def make_reader(options, shape):
    """A folder of that shape which cuts the data into words as a pretrained one does: with made-up
    words alone each letter were a token, and a sentence four times as long."""
    import peer_models
    words = os.path.join(options.work, "words")
    if not os.path.exists(os.path.join(words, "vocab.txt")):
        subprocess.run([options.sawb, "new", options.data, "--out", words, "--vocabulary",
                        str(peer_models.VOCABULARY // 2)], check=True, capture_output=True)
    with open(os.path.join(words, "vocab.txt"), encoding="utf-8") as lines:
        pieces = lines.read().splitlines()
    return peer_models.make_folder(shape, os.path.join(options.work, shape + "-words"), pieces)


# ---- training ----------------------------------------------------------------------------------

def train_peer(options, folder, bf16):
    here = os.path.dirname(os.path.abspath(__file__))
    words = [sys.executable, os.path.join(here, "finetune.py"), folder, options.data, "--batches",
             "grouped", "--steps", str(options.steps), "--threads", str(options.threads),
             *(["--bf16"] if bf16 else [])]
    lines = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
    return json.loads(lines[-1])["tokens_per_second"]


def train_sawb(sawb, options):
    rows = sawb.ask("bench", "train", options.data, "--steps", options.steps)
    return rows[-1]["tokens_per_second"]


def run_train(options, report):
    if not options.data:
        report.fail("train", "training", "it needs DATA=FOLDER with train.tsv and dev.tsv")
        return
    report.head("training, real tokens a second (peer: batches grouped by length)")
    for shape in SHAPES:
        folder = make_reader(options, shape)
        for bf16 in (False, True):
            chosen = precision_options(options.sawb, "bf16" if bf16 else "fp32")
            sawb = Sawb(options.sawb, ["-m", folder, "--threads", str(options.threads), *chosen])
            report.compare("train", shape + (" (sawb: bf16)" if chosen else ""), 0,
                           "PyTorch bf16" if bf16 else "PyTorch fp32",
                           lambda: (train_peer(options, folder, bf16),) * 2,
                           lambda: (train_sawb(sawb, options),) * 2, "tokens/s")
            sawb.close()


# ---- evaluation --------------------------------------------------------------------------------

def read_ids(options, path):
    """Word pieces of each row as sawb cuts them."""
    with open(path, encoding="utf-8") as lines:
        next(lines)
        texts = [line.rstrip("\n").rsplit("\t", 1)[0] for line in lines]
    result = subprocess.run([options.sawb, "tokens", "-", "--json", "-m", options.model],
                            input="\n".join(texts) + "\n", capture_output=True, text=True,
                            check=True)
    return [json.loads(line)["ids"] for line in result.stdout.splitlines()]


def padded_batches(rows, size):
    import numpy
    order = sorted(range(len(rows)), key=lambda row: len(rows[row]))
    batches = []
    for begin in range(0, len(order), size):
        part = [rows[row] for row in order[begin:begin + size]]
        ids = numpy.zeros((len(part), max(map(len, part))), dtype=numpy.int64)
        mask = numpy.zeros_like(ids)
        for place, row in enumerate(part):
            ids[place, :len(row)] = row
            mask[place, :len(row)] = 1
        batches.append((ids, mask))
    return batches


def run_eval(options, report):
    if not options.data:
        report.fail("eval", "evaluation", "it needs DATA=FOLDER with dev.tsv")
        return
    import peer_models
    report.head("evaluation of dev.tsv, sentences a second (peer: sorted by length, batches of 32)")
    dev = os.path.join(options.data, "dev.tsv")
    for shape in SHAPES:
        folder = make_reader(options, shape)
        options.model = folder
        sawb = Sawb(options.sawb, ["-m", folder, "--threads", str(options.threads)])
        rows = read_ids(options, dev)
        batches = padded_batches(rows, 32)
        for name in ("ONNX Runtime", "OpenVINO"):
            try:
                run = peer_models.MODELS[name][0](folder, options.threads, attentions=False)
            except Exception as error:
                report.fail("eval", f"{name}, {shape}", error)
                continue

            def theirs():
                begin = time.perf_counter()
                for ids, mask in batches:
                    run(ids, mask)
                return (len(rows) / (time.perf_counter() - begin),) * 2

            def ours():
                answer = sawb.ask("eval", dev)[-1]
                return (answer["rows"] / answer["seconds"],) * 2

            theirs()
            report.compare("eval", shape, 0, name, theirs, ours, "sentences/s")
        sawb.close()


PARTS = {"attention": run_attention, "model": run_model, "train": run_train, "eval": run_eval}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("sawb")
    parser.add_argument("out")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.3, help="of one measurement")
    parser.add_argument("--lengths", type=int, nargs="+", help="instead of the usual ones")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--steps", type=int, default=20, help="of training, a round")
    parser.add_argument("--data", help="folder with train.tsv and dev.tsv")
    parser.add_argument("--work", default="build/peers", help="where models are made")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    os.environ.setdefault("OMP_NUM_THREADS", str(options.threads))
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    options.sawb = shutil.which(options.sawb) or options.sawb
    report = Report(options)
    for name, value in report.about.items():
        print(f"{name}: {value}")
    for part in options.parts:
        try:
            PARTS[part](options, report)
        except Exception as error:
            report.fail(part, part, error)
        report.save(options.out)
    print(f"\nratio: time of sawb / time of the peer, median of {options.rounds} rounds (of p10: "
          f"of their fastest tenths); below 1 sawb is ahead\nsaved: {options.out}")


if __name__ == "__main__":
    main()
