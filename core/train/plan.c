/*
 * plan.c - a schedule of patterns, read into the list of its changes.
 */
#include "core/train/plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/sparsity/fault.h"

#define ORIGIN "train: sparsity-schedule"
#define JUMPS_MOST 100
#define STEPS_MOST INT64_C(1000000000)

struct change {
    int64_t step;
    char *pattern;
};

struct sparsity_plan {
    char *text;
    struct change *changes;
    int count, room;
};

/* A number A..B, as text[begin..end) with the two dots at `dots`. */
struct ramp {
    size_t begin, dots, end;
};

/* A part, as text[begin..at) and its steps. */
struct part {
    size_t begin, at;
    int64_t first, last; /* last -1: open */
};

struct reader {
    const char *text;
    const struct presets *presets;
    struct sparsity_plan *plan;
    struct sawb_error *error;
};

static int fault(const struct reader *reader, size_t offset, const char *what) {
    return specification_fault(reader->error, ORIGIN, reader->text, offset, "%s", what);
}

static int no_memory(const struct reader *reader) {
    return error_set(reader->error, "train: out of memory for a sparsity schedule");
}

static int is_digit(char c) {
    return c >= '0' && c <= '9';
}

static size_t skip_blanks(const char *text, size_t at) {
    return at + strspn(text + at, " \t");
}

/* ---- ramps ----------------------------------------------------------------------------------- */

/* Bytes of a number: digits, and a point with digits behind it. */
static size_t number_length(const char *text) {
    size_t length = strspn(text, "0123456789");
    if (length > 0 && text[length] == '.' && is_digit(text[length + 1]))
        length += 1 + strspn(text + length + 1, "0123456789");
    return length;
}

/* The next ramp at or behind `from`; 0: none is left before `end`. */
static int find_ramp(const char *text, size_t from, size_t end, struct ramp *ramp) {
    for (size_t at = from; at < end;) {
        size_t length = number_length(text + at);
        if (length == 0) {
            at++;
            continue;
        }
        size_t dots = at + length;
        if (text[dots] == '.' && text[dots + 1] == '.') {
            size_t other = number_length(text + dots + 2);
            *ramp = (struct ramp){at, dots, dots + 2 + other};
            if (other > 0)
                return 1;
        }
        at = dots;
    }
    return 0;
}

static int has_point(const char *text, const struct ramp *ramp) {
    return memchr(text + ramp->begin, '.', ramp->dots - ramp->begin) ||
           memchr(text + ramp->dots + 2, '.', ramp->end - ramp->dots - 2);
}

/* A + share (B - A). */
static double ramp_value(const char *text, const struct ramp *ramp, double share) {
    double a = strtod(text + ramp->begin, NULL), b = strtod(text + ramp->dots + 2, NULL);
    double value = share >= 1 ? b : a + share * (b - a);
    return has_point(text, ramp) ? value : round(value);
}

static int count_jumps(const char *text, const struct part *part) {
    double most = 0;
    struct ramp ramp;
    for (size_t at = part->begin; find_ramp(text, at, part->at, &ramp); at = ramp.end) {
        double height = fabs(ramp_value(text, &ramp, 1) - ramp_value(text, &ramp, 0));
        most = fmax(most, has_point(text, &ramp) ? ceil(100 * height - 1e-9) : height);
    }
    return (int)fmin(most, JUMPS_MOST);
}

/* ---- patterns -------------------------------------------------------------------------------- */

/* The part's specification with ramps at `share`. Owned by the caller; NULL: out of memory. */
static char *part_text(const char *text, const struct part *part, double share) {
    char *out = NULL, number[32];
    size_t size = 0, at = part->begin;
    struct ramp ramp;
    FILE *stream = open_memstream(&out, &size);
    if (!stream)
        return NULL;
    for (; find_ramp(text, at, part->at, &ramp); at = ramp.end) {
        fwrite(text + at, 1, ramp.begin - at, stream);
        int length = snprintf(number, sizeof(number), "%.10g", ramp_value(text, &ramp, share));
        fwrite(number, 1, (size_t)length, stream);
    }
    fwrite(text + at, 1, part->at - at, stream);
    if (fclose(stream) == 0)
        return out;
    free(out);
    return NULL;
}

/* The same at an end of its ramps, with each byte where it stands in the plan, so that columns in
 * errors are those of the plan. */
static char *part_in_place(const char *text, const struct part *part, int at_end) {
    char *out = calloc(part->at + 1, 1);
    struct ramp ramp;
    if (!out)
        return NULL;
    memset(out, ' ', part->begin);
    memcpy(out + part->begin, text + part->begin, part->at - part->begin);
    for (size_t at = part->begin; find_ramp(text, at, part->at, &ramp); at = ramp.end) {
        if (at_end) {
            memset(out + ramp.begin, ' ', ramp.dots + 2 - ramp.begin);
            continue;
        }
        size_t length = ramp.dots - ramp.begin;
        memset(out + ramp.begin, ' ', ramp.end - ramp.begin);
        memcpy(out + ramp.end - length, text + ramp.begin, length);
    }
    return out;
}

static int check_part(const struct reader *reader, const struct part *part) {
    for (int at_end = 0; at_end < 2; at_end++) {
        struct sparsity *sparsity;
        char *text = part_in_place(reader->text, part, at_end);
        if (!text)
            return no_memory(reader);
        int status = sparsity_parse(&sparsity, text, reader->presets, reader->error);
        free(text);
        if (status < 0)
            return error_prefix(reader->error, ORIGIN);
        sparsity_free(sparsity);
    }
    return 0;
}

/* Takes the place of a change at the same step. */
static int add_change(const struct reader *reader, int64_t step, const char *pattern) {
    struct sparsity_plan *plan = reader->plan;
    if (plan->count == plan->room) {
        int room = 2 * plan->room + 8;
        struct change *changes = realloc(plan->changes, (size_t)room * sizeof(*changes));
        if (!changes)
            return no_memory(reader);
        plan->changes = changes;
        plan->room = room;
    }
    char *copy = strdup(pattern);
    if (!copy)
        return no_memory(reader);
    if (plan->count > 0 && plan->changes[plan->count - 1].step == step)
        free(plan->changes[--plan->count].pattern);
    struct change *change = &plan->changes[plan->count++];
    change->step = step;
    change->pattern = copy;
    return 0;
}

static int add_pattern(const struct reader *reader, const struct part *part, int64_t step,
                       double share) {
    struct sparsity *sparsity;
    char *text = part_text(reader->text, part, share);
    if (!text)
        return no_memory(reader);
    int status = sparsity_parse(&sparsity, text, reader->presets, reader->error);
    free(text);
    if (status < 0)
        return error_prefix(reader->error, ORIGIN);
    status = add_change(reader, step, sparsity_pattern(sparsity));
    sparsity_free(sparsity);
    return status;
}

static int add_part(const struct reader *reader, const struct part *part) {
    int jumps = count_jumps(reader->text, part);
    if (jumps > 0 && part->last < 0)
        return fault(reader, part->at, "a ramp needs an end, as in @0-1000");
    if (check_part(reader, part) < 0 || add_pattern(reader, part, part->first, 0) < 0)
        return -1;
    int64_t steps = part->last - part->first;
    for (int i = 1; i <= jumps; i++) { /* the least s with round(jumps s / steps) = i */
        int64_t s = ((2 * i - 1) * steps + 2 * jumps - 1) / (2 * jumps);
        if (add_pattern(reader, part, part->first + s, (double)i / jumps) < 0)
            return -1;
    }
    return 0;
}

/* ---- parts ----------------------------------------------------------------------------------- */

static int read_step(const struct reader *reader, size_t *at, int64_t *step) {
    size_t begin = *at;
    *step = 0;
    while (is_digit(reader->text[*at]) && *step <= STEPS_MOST)
        *step = 10 * *step + (reader->text[(*at)++] - '0');
    return *step <= STEPS_MOST ? 0 : fault(reader, begin, "there are at most 1000000000 steps");
}

/* Where the steps of a piece begin: the @ that a number follows; `end`: it has none. */
static size_t find_steps(const char *text, size_t begin, size_t end) {
    for (size_t at = end; at > begin; at--)
        if (text[at - 1] == '@')
            return is_digit(text[skip_blanks(text, at)]) ? at - 1 : end;
    return end;
}

/* "@first-last" at part->at, up to `end`. */
static int read_steps(const struct reader *reader, struct part *part, size_t end) {
    size_t at = skip_blanks(reader->text, part->at + 1);
    if (read_step(reader, &at, &part->first) < 0)
        return -1;
    at = skip_blanks(reader->text, at);
    if (reader->text[at] != '-')
        return fault(reader, at, "a part holds over a range of steps, as in @500-1000 or @1000-");
    at = skip_blanks(reader->text, at + 1);
    size_t last = at;
    part->last = -1;
    if (is_digit(reader->text[at]) && read_step(reader, &at, &part->last) < 0)
        return -1;
    if (at != last && part->last <= part->first)
        return fault(reader, last, "a part must end after it begins");
    at = skip_blanks(reader->text, at);
    return at == end ? 0 : fault(reader, at, "the steps of a part end it; ';' begins another");
}

static int check_order(const struct reader *reader, const struct part *part,
                       const struct part *before) {
    size_t at = skip_blanks(reader->text, part->at + 1);
    if (!before)
        return part->first == 0 ? 0 : fault(reader, at, "the first part must begin at step 0");
    if (before->last < 0)
        return fault(reader, at, "only the last part may be without an end");
    if (part->first != before->last)
        return specification_fault(reader->error, ORIGIN, reader->text, at,
                                   "this part must begin at step %lld, where the one before ends",
                                   (long long)before->last);
    return 0;
}

static int read_parts(const struct reader *reader) {
    const char *text = reader->text;
    struct part part = {0}, before;
    int parts = 0;
    for (size_t begin = 0;; begin++) {
        size_t end = begin + strcspn(text + begin, ";");
        part.at = find_steps(text, begin, end);
        if (part.at < end) {
            if (read_steps(reader, &part, end) < 0 ||
                check_order(reader, &part, parts > 0 ? &before : NULL) < 0 ||
                add_part(reader, &part) < 0)
                return -1;
            parts++;
            before = part;
            part.begin = end + 1;
        } else if (text[end] == '\0') {
            return fault(reader, end, "the steps are missing, as in dense@0-500; topk(0.8)@500-");
        }
        begin = end;
        if (text[end] == '\0')
            return 0;
    }
}

int sparsity_plan_parse(struct sparsity_plan **created, const char *text,
                        const struct presets *presets, struct sawb_error *error) {
    struct sparsity_plan *plan = calloc(1, sizeof(*plan));
    struct reader reader = {text, presets, plan, error};
    *created = NULL;
    if (!plan || !(plan->text = strdup(text))) {
        sparsity_plan_free(plan);
        return no_memory(&reader);
    }
    if (read_parts(&reader) < 0) {
        sparsity_plan_free(plan);
        return -1;
    }
    *created = plan;
    return 0;
}

void sparsity_plan_free(struct sparsity_plan *plan) {
    if (!plan)
        return;
    for (int i = 0; i < plan->count; i++)
        free(plan->changes[i].pattern);
    free(plan->changes);
    free(plan->text);
    free(plan);
}

/* ---- reading it ------------------------------------------------------------------------------ */

const char *sparsity_plan_text(const struct sparsity_plan *plan) {
    return plan->text;
}

const char *sparsity_plan_change(const struct sparsity_plan *plan, int index, int64_t *step) {
    if (index < 0 || index >= plan->count)
        return NULL;
    *step = plan->changes[index].step;
    return plan->changes[index].pattern;
}

const char *sparsity_plan_at(const struct sparsity_plan *plan, int64_t step) {
    for (int i = 0; i < plan->count; i++)
        if (plan->changes[i].step == step)
            return plan->changes[i].pattern;
    return NULL;
}

int sparsity_plan_check(const struct sparsity_plan *plan, int layers, int heads,
                        struct sawb_error *error) {
    for (int i = 0; i < plan->count; i++) {
        struct sparsity *sparsity;
        if (sparsity_parse(&sparsity, plan->changes[i].pattern, NULL, error) < 0)
            return error_prefix(error, ORIGIN);
        int status = sparsity_check(sparsity, layers, heads, error);
        sparsity_free(sparsity);
        if (status < 0)
            return error_prefix(error, ORIGIN);
    }
    return 0;
}
