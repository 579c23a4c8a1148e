/*
 * teacher.h - distillation: a second model whose logits the one in training is drawn to.
 *
 * With logits z of the student and u of the teacher for a sentence, temperature T, q = softmax(z /
 * T) and p = softmax(u / T), the loss of a sentence is (Hinton, Vinyals, Dean 2015, arXiv
 * 1503.02531)
 *
 *     (1 - alpha) cross-entropy + alpha T² Σ p log(p / q)
 *
 * whose second part has the gradient alpha T (q - p) by z. The teacher reads the sentences of each
 * batch as they are (before word dropout), dense and without dropout.
 */
#ifndef SAWB_CORE_TRAIN_TEACHER_H
#define SAWB_CORE_TRAIN_TEACHER_H

#include "core/kernel/compute.h"
#include "core/model/encoder.h"
#include "core/model/model.h"

/* The largest batch there can be. */
struct batch_size {
    int tokens, sentences;
    size_t pairs; /* Σ T² */
};

struct teacher;

/* Retains the model. An error when its vocabulary or number of labels is not the student's. */
int teacher_create(struct teacher **teacher, struct model *model, const struct model *student,
                   const struct batch_size *most, const struct compute *compute,
                   struct sawb_error *error);
void teacher_free(struct teacher *teacher); /* NULL is fine */

const struct model *teacher_model(const struct teacher *teacher);

/* The teacher's logits [B,K] for a batch; borrowed until the next call. NULL on an error. */
const float *teacher_logits(struct teacher *teacher, const struct encoder_batch *batch,
                            struct sawb_error *error);

/* What is known of a batch besides the student's logits. */
struct lesson {
    const float *logits; /* [B,K] of the teacher */
    int sentences, classes;
    double temperature, alpha;
};

/* From the mean cross-entropy of a batch and its gradient by the student's logits [B,K] to the mean
 * of the loss above, which is returned, and its gradient, in place. */
double teacher_loss(const struct lesson *lesson, const float *student, double cross_entropy,
                    float *gradients);

#endif
