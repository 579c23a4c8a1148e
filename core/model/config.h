/*
 * config.h - the shape of an encoder, from config.json.
 *
 * One vocabulary of sizes everywhere: B sentences, T tokens of one sentence, N packed tokens of a
 * batch, C hidden size, L layers, NH heads, HS = C / NH head width, F feed-forward width, V word
 * pieces, P positions, K labels.
 */
#ifndef SAWB_CORE_MODEL_CONFIG_H
#define SAWB_CORE_MODEL_CONFIG_H

#include <cJSON.h>

#include "core/base/error.h"

enum model_family { MODEL_BERT, MODEL_DISTILBERT };
enum activation { ACTIVATION_GELU, ACTIVATION_RELU };

#define MODEL_LABELS_MAX 64
#define MODEL_LABEL_BYTES 64

struct model_config {
    enum model_family family;
    enum activation activation;
    int vocabulary;   /* V */
    int hidden;       /* C */
    int layers;       /* L */
    int heads;        /* NH */
    int feed_forward; /* F */
    int positions;    /* P */
    int token_types;  /* BERT: usually 2; DistilBERT: 0 */
    int labels;       /* K */
    float layer_norm_epsilon;
    float hidden_dropout, attention_dropout, classifier_dropout;
    char label_names[MODEL_LABELS_MAX][MODEL_LABEL_BYTES];
};

/*
 * Reads and checks config.json of a BERT or DistilBERT encoder; whatever the encoder cannot do as
 * the file says (another activation, relative positions, a decoder, regression) is an error that
 * names the key. Without "id2label" the labels are named as model_config_name_labels does; K is
 * "num_labels" or 2.
 */
int model_config_read(struct model_config *config, const cJSON *json, const char *where,
                      struct sawb_error *error);

/* K labels with names of their own: NEGATIVE and POSITIVE for two, otherwise LABEL_0, LABEL_1, ...
 */
void model_config_name_labels(struct model_config *config, int labels);

/* Writes what sawb knows into `json` (other keys stay as they are), as a sequence classifier. */
int model_config_write(const struct model_config *config, cJSON *json, struct sawb_error *error);

#endif
