/*
 * groups.c - reading what is frozen, and the rates of the groups.
 */
#include "core/train/groups.h"

#include <math.h>
#include <string.h>

#include "core/sparsity/fault.h"

#define EMBEDDINGS "embeddings"
#define NUMBER_MOST 1000000

struct reader {
    const char *text, *at;
    int layers;    /* 0: any */
    double *rates; /* NULL: only checked */
    struct sawb_error *error;
};

static int fault(const struct reader *reader, const char *at, const char *what) {
    return specification_fault(reader->error, "train: freeze", reader->text,
                               (size_t)(at - reader->text), "%s", what);
}

static void skip_blanks(struct reader *reader) {
    reader->at += strspn(reader->at, " \t");
}

static int read_layer(struct reader *reader, int *layer) {
    const char *begin = reader->at;
    *layer = 0;
    while (*reader->at >= '0' && *reader->at <= '9' && *layer < NUMBER_MOST)
        *layer = *layer * 10 + (*reader->at++ - '0');
    if (reader->at == begin)
        return fault(reader, begin, "a layer's number is missing; layers count from 0, as in L0-2");
    if (reader->layers > 0 && *layer >= reader->layers)
        return specification_fault(
            reader->error, "train: freeze", reader->text, (size_t)(begin - reader->text),
            "there is no layer %d, the model has L0-%d", *layer, reader->layers - 1);
    return 0;
}

static int read_layers(struct reader *reader) {
    const char *begin = reader->at++;
    int first, last;
    if (read_layer(reader, &first) < 0)
        return -1;
    last = first;
    if (*reader->at == '-') {
        reader->at++;
        if (read_layer(reader, &last) < 0)
            return -1;
    }
    if (last < first)
        return fault(reader, begin, "the layers run backwards");
    for (int layer = first; reader->rates && layer <= last; layer++)
        reader->rates[layer + 1] = 0;
    return 0;
}

static int read_part(struct reader *reader) {
    skip_blanks(reader);
    if (strncmp(reader->at, EMBEDDINGS, strlen(EMBEDDINGS)) == 0) {
        reader->at += strlen(EMBEDDINGS);
        if (reader->rates)
            reader->rates[0] = 0;
    } else if (*reader->at != 'L' && *reader->at != 'l') {
        return fault(reader, reader->at,
                     "\"embeddings\" or layers such as L0-2 can be frozen (the pooler and the "
                     "classifier cannot)");
    } else if (read_layers(reader) < 0) {
        return -1;
    }
    skip_blanks(reader);
    return 0;
}

static int read_all(struct reader *reader) {
    skip_blanks(reader);
    if (*reader->at == '\0')
        return 0;
    for (;;) {
        if (read_part(reader) < 0)
            return -1;
        if (*reader->at == '\0')
            return 0;
        if (*reader->at++ != ',')
            return fault(reader, reader->at - 1, "a comma is expected here");
    }
}

int groups_check(const char *freeze, int layers, struct sawb_error *error) {
    struct reader reader = {freeze, freeze, layers, NULL, error};
    return read_all(&reader);
}

int groups_rates(double *rates, const struct model_config *config, const char *freeze, double decay,
                 struct sawb_error *error) {
    struct reader reader = {freeze, freeze, config->layers, rates, error};
    int head = config->layers + 1;
    for (int group = 0; group <= head; group++) {
        rates[group] = pow(decay, head - group);
        if (!(rates[group] > 0))
            return error_set(error,
                             "train: layer-decay is %g: the rates of the lowest of %d layers would "
                             "be 0; --freeze says so",
                             decay, config->layers);
    }
    return read_all(&reader);
}
