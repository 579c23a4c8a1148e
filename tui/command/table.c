/*
 * table.c - every command sawb knows, a row each.
 *
 * Adding a command: a row here or in a family of its own (commands_NAME in command_NAME.c, listed
 * in `families`), a handler beside it, a test.
 */
#include <string.h>

#include "tui/command/command.h"
#include "tui/command/handlers.h"

#define ARM_CHOICES "a|b"
#define ARMS_CHOICES "a|b|both"

static const struct option_row common_options[] = {
    {"model", 'm', ARGUMENT_DIRECTORY, "DIR",
     "Hugging Face folder of a BERT or DistilBERT classifier (default: the one in samples)"},
    {"sparsity", 's', ARGUMENT_SPEC, "SPEC",
     "attention pattern (default: dense); in the workbench, of arm B (default: aggressive_sparse)"},
    {"threads", 0, ARGUMENT_NUMBER, "N",
     "threads that compute (default: one per processor, shared by the ranks of mpirun)"},
    {"precision", 0, ARGUMENT_CHOICE, "f32|bf16",
     "of the factors of matrix products (default: f32); bf16 is faster and rounds to 8 bits, and "
     "needs a CPU with AVX512-BF16; AMX is used where there"},
    {"seed", 0, ARGUMENT_NUMBER, "N", "of everything drawn at random (default: 1)"},
    {"json", 0, ARGUMENT_NONE, NULL, "results as JSON, one object a line"},
    {"color", 0, ARGUMENT_CHOICE, "auto|always|never",
     "colour (default: auto; NO_COLOR is obeyed)"},
    {"ascii", 0, ARGUMENT_NONE, NULL, "draw with ASCII only"},
    {"help", 'h', ARGUMENT_NONE, NULL, "say how a command is used"},
    {0},
};

static const struct option_row eval_options[] = {
    {"rows", 0, ARGUMENT_NONE, NULL, "every row with its label and logits too"},
    {"arm", 0, ARGUMENT_CHOICE, ARM_CHOICES, "arm whose model and pattern are used (default: a)"},
    {0},
};

static const struct option_row bench_options[] = {
    {"sweep", 0, ARGUMENT_TEXT, "n|s|n,s",
     "kernel, model or train: dense against sparse, over lengths, sparsities or both"},
    {"lengths", 0, ARGUMENT_TEXT, "LIST",
     "tokens, e.g. 32,128,512 (default of a sweep: 32 to 2048 for kernel, 8 to 512 otherwise)"},
    {"sparsities", 0, ARGUMENT_TEXT, "LIST",
     "of a sweep: shares to remove (default: 0 to 0.95; 0.8 when only lengths are swept)"},
    {"family", 0, ARGUMENT_FAMILY, "NAME,...",
     "of a sweep (default: local, block_local, block_topk, topk, with blocks of 16)"},
    {"seconds", 0, ARGUMENT_NUMBER, "X", "of a measurement or a point of a sweep"},
    {"profile", 0, ARGUMENT_NONE, NULL, "train: a table by operation"},
    {"steps", 0, ARGUMENT_NUMBER, "N", "train: steps that are timed (default: 60)"},
    {"batch-size", 0, ARGUMENT_NUMBER, "N", "train: sentences of a batch (default: 32)"},
    {"arm", 0, ARGUMENT_CHOICE, ARM_CHOICES, "arm whose model and pattern are used (default: a)"},
    {0},
};

static const struct option_row export_options[] = {
    {"text", 0, ARGUMENT_TEXT, "TEXT", "the sentence (default: the workbench's)"},
    {"gradients", 0, ARGUMENT_NUMBER, "LABEL",
     "also the gradient of the loss at this label (from 0) for every weight, dropout off"},
    {"arm", 0, ARGUMENT_CHOICE, ARM_CHOICES, "arm whose model and pattern are used (default: a)"},
    {0},
};

static const struct option_row train_options[] = {
    {"out", 0, ARGUMENT_DIRECTORY, "DIR",
     "folder of the run: its checkpoint and its log, for `attach` and `runs` (needed)"},
    {"run", 0, ARGUMENT_DIRECTORY, "DIR", "another name of --out"},
    {"epochs", 0, ARGUMENT_NUMBER, "N", "passes over the data (default: 1)"},
    {"batch-size", 0, ARGUMENT_NUMBER, "N", "sentences of a batch (default: 32)"},
    {"accumulate", 0, ARGUMENT_NUMBER, "N",
     "batches of a step, whose gradients are added up (default: 1)"},
    {"lr", 0, ARGUMENT_NUMBER, "X", "highest learning rate (default: 5e-5)"},
    {"warmup", 0, ARGUMENT_NUMBER, "X",
     "steps of rising learning rate; below 1, a share of all steps (default: 0.06)"},
    {"hold", 0, ARGUMENT_NUMBER, "X",
     "share of all steps after which the learning rate falls to 0 (default: 0, after the warm-up)"},
    {"weight-decay", 0, ARGUMENT_NUMBER, "X", "of matrices only (default: 0.01)"},
    {"dropout", 0, ARGUMENT_NUMBER, "X", "everywhere (default: the model's own rates)"},
    {"clip", 0, ARGUMENT_NUMBER, "X", "largest norm of the gradient, 0: any (default: 1)"},
    {"freeze", 0, ARGUMENT_TEXT, "LIST",
     "weights that stay: \"embeddings\", layers from 0 as in \"embeddings,L0-2\" (default: none)"},
    {"layer-decay", 0, ARGUMENT_NUMBER, "X",
     "layer l of L learns at X^(L-l) of the rate, the embeddings at X^(L+1) (default: 1)"},
    {"max-steps", 0, ARGUMENT_NUMBER, "N", "end after so many steps (default: by epochs)"},
    {"max-tokens", 0, ARGUMENT_NUMBER, "N", "of a sentence (default: 128)"},
    {"eval-every", 0, ARGUMENT_NUMBER, "N", "steps between evaluations (default: 5 an epoch)"},
    {"validation", 0, ARGUMENT_FILE, "FILE", "data of the evaluations (default: DIR/dev.tsv)"},
    {"fraction", 0, ARGUMENT_NUMBER, "X", "share of the data that is used (default: 1)"},
    {"label-noise", 0, ARGUMENT_NUMBER, "X", "share of labels made wrong (default: 0)"},
    {"label-smoothing", 0, ARGUMENT_NUMBER, "X",
     "share of each target spread over all labels (default: 0)"},
    {"word-dropout", 0, ARGUMENT_NUMBER, "X", "share of tokens replaced by [UNK] (default: 0)"},
    {"word-swap", 0, ARGUMENT_NUMBER, "X",
     "share of words, 0.5 at most, replaced by others, mostly near ones, in what the teacher "
     "reads, too, which must have the model's word pieces (`new --words-from`) (default: 0)"},
    {"average", 0, ARGUMENT_NUMBER, "X",
     "decay of an average of the weights, 0: none (default: 0)"},
    {"sparsity-schedule", 0, ARGUMENT_TEXT, "PLAN",
     "patterns by steps, \"dense@0-500; topk(0..0.8)@500-1500\" (a ramp, which then stays) "
     "(default: the arm's pattern)"},
    {"teacher", 0, ARGUMENT_DIRECTORY, "DIR",
     "distil from this model, which may have another vocabulary (default: none)"},
    {"temperature", 0, ARGUMENT_NUMBER, "T", "of the teacher's probabilities (default: 2)"},
    {"alpha", 0, ARGUMENT_NUMBER, "X",
     "share of the teacher in the loss, the labels have the rest (default: 0.5)"},
    {"storage", 0, ARGUMENT_CHOICE, "f32|f16", "numbers in the checkpoint (default: f32)"},
    {"keep-best", 0, ARGUMENT_NONE, NULL,
     "leave the weights of the most accurate evaluation, not the last"},
    {"stop-after", 0, ARGUMENT_NUMBER, "N",
     "end after N evaluations without a better one; keeps the best (default: never)"},
    {"resume", 0, ARGUMENT_NONE, NULL, "go on from what is in the output folder"},
    {"arm", 0, ARGUMENT_CHOICE, ARM_CHOICES,
     "arm whose model and pattern are trained (default: a)"},
    {0},
};

static const struct option_row new_options[] = {
    {"out", 0, ARGUMENT_DIRECTORY, "DIR", "folder of the new encoder (needed)"},
    {"family", 0, ARGUMENT_CHOICE, "bert|distilbert", "kind of encoder (default: bert)"},
    {"vocabulary", 0, ARGUMENT_NUMBER, "N", "word pieces at most (default: 8000)"},
    {"hidden", 0, ARGUMENT_NUMBER, "N", "hidden size (default: 128)"},
    {"layers", 0, ARGUMENT_NUMBER, "N", "encoder layers (default: 4)"},
    {"heads", 0, ARGUMENT_NUMBER, "N", "attention heads of a layer (default: 4)"},
    {"feed-forward", 0, ARGUMENT_NUMBER, "N",
     "width of the feed-forward part (default: 4 times hidden)"},
    {"positions", 0, ARGUMENT_NUMBER, "N", "longest sentence in tokens (default: 128)"},
    {"labels", 0, ARGUMENT_NUMBER, "N", "labels to tell apart (default: 2)"},
    {"words-from", 0, ARGUMENT_DIRECTORY, "DIR",
     "take the word pieces that DATA uses most from this model, with the principal components of "
     "their embeddings (default: learned, and random)"},
    {"dropout", 0, ARGUMENT_NUMBER, "X", "rates written to its configuration (default: 0.1)"},
    {0},
};

static const struct option_row help_options[] = {
    {"find", 0, ARGUMENT_TEXT, "TEXT", "only what holds this text"},
    {0},
};

static const struct command commands_main[] = {
    {.name = "predict",
     .usage = "TEXT...|-",
     .positionals = {{ARGUMENT_TEXT, NULL}},
     .minimum = 0,
     .maximum = -1,
     .help = "predict sentences: each TEXT is one, - takes lines of stdin",
     .details =
         "A line of stdin is answered before the next is read. An empty text is predicted as "
         "[CLS] [SEP]. A text longer than the model takes loses its end, which is said on "
         "stderr. A line that is not UTF-8 is an error with its number; the lines after it are "
         "answered all the same. In a script, without TEXT, both arms of the workbench are "
         "predicted.",
     .where = COMMAND_SHELL | COMMAND_SCRIPT | COMMAND_BARE,
     .run = command_predict},
    {.name = "tokens",
     .usage = "TEXT...|-",
     .positionals = {{ARGUMENT_TEXT, NULL}},
     .minimum = 1,
     .maximum = -1,
     .help = "show word pieces, their ids and byte offsets; TEXT and - as in predict",
     .where = COMMAND_SHELL | COMMAND_SCRIPT | COMMAND_BARE,
     .run = command_tokens},
    {.name = "eval",
     .usage = "FILE",
     .positionals = {{ARGUMENT_FILE, NULL}},
     .minimum = 1,
     .maximum = 1,
     .help = "accuracy and loss on a labelled data set (.tsv with a header, .jsonl)",
     .options = eval_options,
     .where = COMMAND_SHELL | COMMAND_SCRIPT | COMMAND_SCREEN | COMMAND_BARE,
     .run = command_eval},
    {.name = "export",
     .usage = "FILE.safetensors",
     .positionals = {{ARGUMENT_FILE, NULL}},
     .minimum = 1,
     .maximum = 1,
     .help = "write scores, attention, masks, hidden states and logits of a sentence",
     .options = export_options,
     .where = COMMAND_SHELL | COMMAND_SCRIPT | COMMAND_SCREEN | COMMAND_BARE,
     .run = command_export},
    {.name = "train",
     .usage = "DIR",
     .positionals = {{ARGUMENT_DIRECTORY, NULL}},
     .minimum = 1,
     .maximum = 1,
     .help =
         "fine-tune on DIR/train.tsv with the pattern active; the checkpoint opens in transformers",
     .details =
         "DIR holds train.tsv and dev.tsv with the columns sentence and label; a single file "
         "is taken too. Ctrl-C ends the run between two steps with the weights saved. `mpirun -n N "
         "sawb train ...` (Open MPI) splits each batch over N processes, on one machine or "
         "several, "
         "which all need the same files; the run is that of one process up to rounding, whatever N "
         "is. Rank 0 speaks and saves. When a rank dies, mpirun ends the others: --resume goes on "
         "from the last checkpoint. mpirun leaves the ranks one second after Ctrl-C; for a model "
         "that takes longer to save send it SIGUSR1, which stops the run as Ctrl-C does without "
         "it. mpirun binds few ranks to one processor each: --bind-to none for more threads.",
     .options = train_options,
     .where = COMMAND_SHELL | COMMAND_SCRIPT | COMMAND_SCREEN | COMMAND_BARE,
     .run = command_train},
    {.name = "memory",
     .usage = "DIR",
     .positionals = {{ARGUMENT_DIRECTORY, NULL}},
     .minimum = 1,
     .maximum = 1,
     .help = "what `train DIR` would take of memory with these options, by how long it is held",
     .details =
         "Worked out from the data and the options, which are those of `train`, before anything is "
         "allocated: what is held for the run, for a step, and for evaluations or checkpoints.",
     .options = train_options,
     .where = COMMAND_SHELL | COMMAND_SCRIPT | COMMAND_BARE,
     .run = command_memory},
    {.name = "stop",
     .usage = "",
     .help = "end the long job under way; a training run saves its weights",
     .where = COMMAND_SCREEN,
     .run = command_stop},
    {.name = "compare",
     .usage = "[A B] FILE",
     .positionals = {{ARGUMENT_ARM, NULL}, {ARGUMENT_ARM, NULL}, {ARGUMENT_FILE, NULL}},
     .minimum = 1,
     .maximum = 3,
     .help = "two arms on one data set: accuracies, who is right alone, McNemar's p, flipped rows",
     .details =
         "A and B are each a pattern (of the model of -m), a model's folder (under the pattern "
         "of -s), or both written as DIR=SPEC. Without them the arms of the workbench are "
         "compared.",
     .where = COMMAND_SHELL | COMMAND_SCRIPT | COMMAND_SCREEN | COMMAND_BARE,
     .run = command_compare},
    {.name = "bench",
     .usage = "[NAME|kernel|model|train [DATA]]",
     .positionals = {{ARGUMENT_TEXT, "kernel|model|train"}, {ARGUMENT_FILE, NULL}},
     .minimum = 0,
     .maximum = 2,
     .help = "measure speed; NAME: only the measurements whose name holds it",
     .details =
         "`bench train` makes steps of training on DATA (as `train` takes it; without it sentences "
         "of random words, as long as those of short reviews) and says how many real tokens a "
         "second they take; with --profile also where the time goes, and what a step makes of the "
         "rate of OpenBLAS' sgemm. Nothing is kept of them. With "
         "--sweep kernel, model and train time dense and sparse in turns, and say beside the "
         "medians what would be ideal, dense (1 - s), and Amdahl's ceiling 1 / (1 - f s), f being "
         "the measured share of attention; kernel is the attention of all heads of one layer, "
         "model a forward pass of one sentence, train a step of about a thousand tokens. The view "
         "timing shows the curves, `save FILE timing` writes them.",
     .options = bench_options,
     .where = COMMAND_SHELL | COMMAND_SCRIPT | COMMAND_SCREEN | COMMAND_BARE,
     .run = command_bench},
    {.name = "new",
     .usage = "DATA",
     .positionals = {{ARGUMENT_FILE, NULL}},
     .minimum = 1,
     .maximum = 1,
     .help = "a new encoder with random weights and a vocabulary learned from DATA, to be trained",
     .options = new_options,
     .where = COMMAND_SHELL | COMMAND_SCRIPT | COMMAND_BARE,
     .run = command_new},
    {.name = "presets",
     .usage = "",
     .help = "list the presets and the patterns of the sparsity language",
     .where = COMMAND_SHELL | COMMAND_SCRIPT | COMMAND_SCREEN | COMMAND_BARE,
     .run = command_presets},

    {.name = "text",
     .usage = "SENTENCE",
     .positionals = {{ARGUMENT_TEXT, NULL}},
     .minimum = 0,
     .maximum = -1,
     .help = "set the sentence (the rest of the line as it is)",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT | COMMAND_RAW,
     .run = command_text},
    {.name = "example",
     .usage = "[next|previous|N]",
     .positionals = {{ARGUMENT_TEXT, "next|previous"}},
     .minimum = 0,
     .maximum = 1,
     .help = "take a sentence from samples/sentences.txt",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT,
     .run = command_example},
    {.name = "sparsity",
     .alias = "s",
     .usage = "a|b|both SPEC",
     .positionals = {{ARGUMENT_CHOICE, ARMS_CHOICES}, {ARGUMENT_SPEC, NULL}},
     .minimum = 2,
     .maximum = -1,
     .help = "set the pattern of an arm (the rest of the line as it is)",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT | COMMAND_RAW,
     .run = command_sparsity},
    {.name = "preset",
     .alias = "p",
     .usage = "a|b|both NAME",
     .positionals = {{ARGUMENT_CHOICE, ARMS_CHOICES}, {ARGUMENT_PRESET, NULL}},
     .minimum = 2,
     .maximum = 2,
     .help =
         "set a preset: dense, light_sparse, moderate_sparse, aggressive_sparse, or one of yours",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT,
     .run = command_preset},
    {.name = "open",
     .usage = "DIR [a|b|both]",
     .positionals = {{ARGUMENT_DIRECTORY, NULL}, {ARGUMENT_CHOICE, ARMS_CHOICES}},
     .minimum = 1,
     .maximum = 2,
     .help = "open a model for an arm (default: both)",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT | COMMAND_BARE,
     .run = command_open},
    {.name = "swap",
     .usage = "",
     .help = "exchange the arms A and B",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT,
     .run = command_swap},
    {.name = "layer",
     .usage = "N|+N|-N",
     .positionals = {{ARGUMENT_NUMBER, NULL}},
     .minimum = 1,
     .maximum = 1,
     .help = "look at a layer (from 0), or move by so many, round the end",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT,
     .run = command_layer},
    {.name = "head",
     .usage = "N|+N|-N",
     .positionals = {{ARGUMENT_NUMBER, NULL}},
     .minimum = 1,
     .maximum = 1,
     .help = "look at a head (from 0), or move by so many, round the end",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT,
     .run = command_head},
    {.name = "cursor",
     .usage = "left|right|up|down|first|last|top|bottom|QUERY KEY",
     .positionals = {{ARGUMENT_TEXT, "left|right|up|down|first|last|top|bottom"},
                     {ARGUMENT_NUMBER, NULL}},
     .minimum = 1,
     .maximum = 2,
     .help = "move the cursor over the maps: up and down the queries, left and right the keys",
     .where = COMMAND_SCREEN,
     .run = command_cursor},
    {.name = "view",
     .usage = "NAME|next|previous|back",
     .positionals = {{ARGUMENT_TEXT, VIEW_NAMES "|next|previous|back"}},
     .minimum = 1,
     .maximum = 1,
     .help = "choose what fills the screen",
     .where = COMMAND_SCREEN,
     .run = command_view},
    {.name = "live",
     .usage = "on|off|toggle",
     .positionals = {{ARGUMENT_CHOICE, "on|off|toggle"}},
     .minimum = 1,
     .maximum = 1,
     .help = "whether the sentence follows the weights of a model in training",
     .where = COMMAND_SCREEN,
     .run = command_live},
    {.name = "picture",
     .usage = "FILE",
     .positionals = {{ARGUMENT_FILE, NULL}},
     .minimum = 1,
     .maximum = 1,
     .help = "save the screen as it is drawn: a picture when FILE ends in .svg or .png, else text",
     .where = COMMAND_SCREEN,
     .run = command_picture},
    {.name = "help",
     .alias = "?",
     .usage = "[COMMAND|json]",
     .positionals = {{ARGUMENT_COMMAND, NULL}},
     .minimum = 0,
     .maximum = 1,
     .help = "list the commands, or say how one is used; json: the fields of all answers",
     .options = help_options,
     .where = COMMAND_SHELL | COMMAND_SCRIPT | COMMAND_SCREEN | COMMAND_BARE,
     .run = command_help},
    {.name = "manual",
     .usage = "",
     .help = "print the manual page (roff)",
     .where = COMMAND_SHELL | COMMAND_BARE,
     .run = command_manual},
    {.name = "completions",
     .usage = "bash|zsh|fish",
     .positionals = {{ARGUMENT_CHOICE, "bash|zsh|fish"}},
     .minimum = 1,
     .maximum = 1,
     .help = "print a shell's completion script",
     .where = COMMAND_SHELL | COMMAND_BARE,
     .run = command_completions},
    {.name = "quit",
     .alias = "q",
     .usage = "",
     .help = "leave; a run in training saves its weights first",
     .where = COMMAND_SCREEN | COMMAND_SCRIPT | COMMAND_BARE,
     .run = command_quit},
    {0},
};

static const struct option_row program_options[] = {
    {"command", 'c', ARGUMENT_TEXT, "COMMANDS", "run commands, split at ; outside of quotes"},
    {"config", 0, ARGUMENT_FILE, "FILE|none",
     "script the workbench starts with (default: $XDG_CONFIG_HOME/sawb/config)"},
    {"session", 0, ARGUMENT_FILE, "FILE",
     "record the session in this file (default: one in $XDG_STATE_HOME/sawb/sessions)"},
    {"no-session", 0, ARGUMENT_NONE, NULL, "do not record the session"},
    {"session-limit", 0, ARGUMENT_NUMBER, "MB", "size at which the recording ends (default: 64)"},
    {"version", 0, ARGUMENT_NONE, NULL, "print the version"},
    {0},
};

static const struct command program = {.name = "sawb",
                                       .usage = "[SENTENCE]",
                                       .positionals = {{ARGUMENT_TEXT, NULL}},
                                       .maximum = -1,
                                       .help = "open the workbench",
                                       .options = program_options};

const struct command *command_program(void) {
    return &program;
}

/* Families of commands: each ends with a row without a name. */
static const struct command *const families[] = {
    commands_main,   commands_figures,    commands_attention, commands_state,  commands_panes,
    commands_keys,   commands_prediction, commands_sweep,     commands_timing, commands_metrics,
    commands_rows,   commands_mask,       commands_prune,     commands_runs,   commands_script,
    commands_attach, commands_session};

const struct command *command_get(int index) {
    if (index < 0)
        return NULL;
    for (size_t family = 0; family < sizeof(families) / sizeof(families[0]); family++)
        for (const struct command *row = families[family]; row->name; row++)
            if (index-- == 0)
                return row;
    return NULL;
}

const struct command *command_find(const char *name) {
    const struct command *command;
    for (int i = 0; (command = command_get(i)); i++) {
        if (strcmp(command->name, name) == 0 ||
            (command->alias && strcmp(command->alias, name) == 0))
            return command;
    }
    return NULL;
}

const struct option_row *command_common_options(void) {
    return common_options;
}
