/*
 * schema.c - the answers with --json.
 */
#include "tui/command/schema.h"

#include <stddef.h>

#define SPARSITY "sparsity: {spec: text, target: number?, realised: number}"
#define EVALUATION "rows: number, accuracy: number?, loss: number?, seconds: number, " SPARSITY
#define STEP                                                                                       \
    "{step: number, epoch: number, loss: number, lr: number, grad_norm: number, tokens: number, "  \
    "tokens_per_second: number}"
#define STEP_EVALUATION "{step: number, eval: {accuracy: number, loss: number}}"
#define SAID                                                                                       \
    "logit_difference: number, change: number, probability: number, "                              \
    "probability_change: number, label: text, total_variation: number"
#define TALLY                                                                                      \
    "{rows: number, labelled: number, accuracy: [number?], loss: [number?], a_only: number, "      \
    "b_only: number, mcnemar_p: number?, flips: number}"

#define SUMS                                                                                       \
    "{rows: number, shown: number, sparsity: [number?], all: " TALLY ", of_shown: " TALLY "}"
#define CHECKED "{recorded: number, checked: number, drifted: number}"
#define BOOKMARK "{bookmark: text, layer: number, head: number, query: number, key: number}"

static const struct schema rows[] = {
    {"predict", "",
     "{text: text, tokens: [text], ids: [number], logits: [number], probs: [number], label: "
     "text, " SPARSITY "}"},
    {"tokens", "; offsets are the first byte and the one after the last",
     "{text: text, tokens: [text], ids: [number], offsets: [[number]]}"},
    {"eval", " for each row with --rows; gold and label are names",
     "{row: number, text: text, gold: text?, logits: [number], label: text}"},
    {"eval", " at the end", "{" EVALUATION "}"},
    {"compare", "; flips are numbers of rows",
     "{a: {model: text, " EVALUATION "}, b: {model: text, " EVALUATION "}, a_only: number, "
     "b_only: number, mcnemar_p: number?, flips: [number]}"},
    {"rows", " for each row that is shown; delta is of the gold label",
     "{row: number, text: text, gold: number?, a: text?, confidence_a: number?, b: text?, "
     "confidence_b: number?, delta: number?}"},
    {"rows", " at the end; pairs are of A and B", SUMS},
    {"train", " for each step", STEP},
    {"train", " for each evaluation", STEP_EVALUATION},
    {"memory", " for each thing that is held, and at the end for all",
     "{lifetime: text?, what: text, bytes: number}"},
    {"new", "", "{out: text}"},
    {"export", "", "{file: text, text: text}"},
    {"save", "", "{file: text, view: text}"},
    {"show", "; panels are as of a saved .json file", "{title: text, facts: any, panels: [any]}"},
    {"metrics", " for each head and arm",
     "{arm: text, spec: text, layer: number, head: number, entropy: number?, normalised: number?, "
     "distance: number?, cls: number?, sep: number?, self: number?, previous: number?, "
     "next: number?, sparsity: number?, blocks: number?, mass: number?, divergence: number?, "
     "importance: number?}"},
    {"occlude", " for each token and arm", "{token: number, text: text, arm: text, " SAID "}"},
    {"edit", " for each arm", "{text: text, edit: text, arm: text, " SAID "}"},
    {"prune", " for each number of heads that are off",
     "{heads_off: number, layer: number?, head: number?, accuracy: number, loss: number, "
     "rows: number}"},
    {"sweep", " for each family and target",
     "{family: text, " SPARSITY ", accuracy: number?, standard_error: number?, loss: number?, "
     "mass_kept: number?, agreement: number?, rows: number}"},
    {"bench", " for each measurement",
     "{name: text, n: number, runs: number, median_ms: number, p10_ms: number, p90_ms: number}"},
    {"bench", " with --sweep, for each length, family and target; ratio is dense / sparse",
     "{name: text, n: number, family: text, " SPARSITY ", kernel: text, runs: number, dense_ms: "
     "number, median_ms: number, p10_ms: number, p90_ms: number, ideal_ms: number, ratio: number, "
     "ratio_p10: number, ratio_p90: number, attention_share: number?, ceiling: number?}"},
    {"bench",
     " train with --profile, for each operation; shares are of all time and of the threads'",
     "{operation: text, ms: number, share: number, gflops: number?, gigabytes: number?, "
     "idle: number}"},
    {"bench", " train at the end; speeds in tokens a second",
     "{name: text, data: text, steps: number, tokens: number, median_ms: number, "
     "tokens_per_second: number, median: number, p10: number, p90: number, peak_mb: number}"},
    {"presets", " for each preset", "{preset: text, spec: text}"},
    {"presets", " for each pattern", "{pattern: text, usage: text, help: text}"},
    {"attach", " for each step", STEP},
    {"attach", " for each evaluation", STEP_EVALUATION},
    {"attach", " when the run begins",
     "{step: number, state: text, total: number, pid: number, precision: text, time: number}"},
    {"attach", " when it ends", "{step: number, state: text, error: text?, time: number}"},
    {"attach", " for what was asked of the run",
     "{step: number, steered: text, done: any, time: number}"},
    {"attach", " for what the run notes", "{step: number, note: text}"},
    {"attach", " for what the pattern removes",
     "{step: number, sparsity: {spec: text, realised: number}}"},
    {"attach", " for a change of rate or pattern", "{step: number, change: any}"},
    {"runs", " DIR, for each run below the folder",
     "{folder: text, state: text, step: number, total: number?, loss: number?, accuracy: number?, "
     "best_accuracy: number?, best_step: number?, pid: number?, time: number}"},
    {"runs", " for each run",
     "{run: number, name: text, state: text, step: number, loss: number?, best_step: number?, "
     "best_accuracy: number?}"},
    {"pins", " for each sentence", "{pin: number, text: text, states: number}"},
    {"keys", " for each key", "{view: text, key: text, command: text, note: text?}"},
    {"bind", " alone, for each key that you bound", "{key: text, command: text}"},
    {"echo", "", "{echo: text}"},
    {"metrics", " --list, for each metric", "{name: text, unit: text, formula: text}"},
    {"data", " FILE or again, in a script: the sums, as rows has them at the end", SUMS},
    {"filter", " alone, for each term", "{term: text, help: text}"},
    {"set", " alone, for each setting", "{setting: text, value: text}"},
    {"palette", " alone, for each palette", "{palette: text, chosen: any, help: text}"},
    {"bookmark", "", BOOKMARK},
    {"bookmarks", " for each bookmark", BOOKMARK},
    {"help", " for each command, and what `COMMAND --help` answers",
     "{command: text, alias: text?, usage: text, help: text, details: text?, options: [{name: "
     "text, letter: text?, value: text?, help: text}]}"},
    {"help", " json, for each answer", "{answer_of: text, when: text, fields: text}"},
    {"sessions", " list, for each session",
     "{name: text, path: text, ended: number?, bytes: number}"},
    {"sessions", " show",
     "{begun: number, seconds: number, bytes: number, lost: number, records: number, commands: "
     "number, edits: number, events: number, arrays: number, step: number}"},
    {"sessions", " prune", "{removed: number, bytes: number}"},
    {"marker", "", "{marker: text}"},
    {"replay", " FILE OUT --to", "{file: text, as: text}"},
    {"replay", " --verify",
     "{predictions: number, checked: number, in_training: number, without_model: number, "
     "without_precision: number, models_changed: number, models_missing: number, data: number, "
     "data_changed: number, data_missing: number, evaluations: " CHECKED ", comparisons: " CHECKED
     ", rows: " CHECKED ", points: " CHECKED ", steps: " CHECKED ", times: " CHECKED
     ", drifted: number, first_drift: number?, largest_drift: number?, first_drift_at: number?, "
     "largest_drift_at: number?}"},
    {"serve", "'s answer",
     "{id: any, status: number, results: [any], notes: [text], error: text?}"},
    {"serve", " while it works", "{id: any, progress: text}"},
};

const struct schema *schema_get(int index) {
    return index >= 0 && index < (int)(sizeof(rows) / sizeof(rows[0])) ? &rows[index] : NULL;
}
