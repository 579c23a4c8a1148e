/*
 * teacher.h - distillation: a second model whose logits the one in training is drawn to.
 *
 * With logits z of the student and u of the teacher for a sentence, temperature T, q = softmax(z /
 * T) and p = softmax(u / T), the loss of a sentence is (Hinton, Vinyals, Dean 2015, arXiv
 * 1503.02531)
 *
 *     (1 - alpha) cross-entropy + alpha T² Σ p log(p / q)
 *
 * whose second part has the gradient alpha T (q - p) by z. The teacher reads dense, without dropout
 * and before word dropout: either the sentences as they are, with its own vocabulary, each once
 * (teacher_create, teacher_logits: what it said is kept), or batches as they come, whose words were
 * swapped, and whose pieces it must have (teacher_create_live, teacher_read).
 */
#ifndef SAWB_CORE_TRAIN_TEACHER_H
#define SAWB_CORE_TRAIN_TEACHER_H

#include "core/kernel/compute.h"
#include "core/model/encoder.h"
#include "core/model/model.h"
#include "core/train/batch.h"

/* Sentences that are read at once: always the same ones of the set, so that what the teacher says
 * does not depend on what it was asked before. */
#define TEACHER_PIECE 8

struct teacher;

/*
 * Retains the model, and tokenises for it the sentences of `set`, which are rows of the data set; a
 * sentence that is too long for the teacher is cut. An error when its labels are not as many as the
 * student's.
 */
int teacher_create(struct teacher **teacher, struct model *model, const struct model *student,
                   const struct dataset *dataset, const struct token_set *set,
                   const struct compute *compute, struct sawb_error *error);

/* One that reads batches of the student's word pieces, up to so many. An error also when it has not
 * all of these pieces, or reads fewer tokens than the longest sentence has. */
int teacher_create_live(struct teacher **teacher, struct model *model, const struct model *student,
                        const struct batch_most *most, const struct compute *compute,
                        struct sawb_error *error);
void teacher_free(struct teacher *teacher); /* NULL is fine */

const struct model *teacher_model(const struct teacher *teacher);

/* How many sentences the teacher had to cut. */
int teacher_truncated(const struct teacher *teacher);

/* Writes the teacher's logits [B,K] of the sentences chosen[0..count) of the set. */
int teacher_logits(struct teacher *teacher, const int *chosen, int count, float *logits,
                   struct sawb_error *error);

/* Writes the teacher's logits [B,K] of a batch in the student's word pieces. */
int teacher_read(struct teacher *teacher, const struct encoder_batch *batch, float *logits,
                 struct sawb_error *error);

/* The teacher's id of each word piece of the student [V]. Borrowed; NULL: of teacher_create. */
const int *teacher_pieces(const struct teacher *teacher);

/* The same without a teacher, owned by the caller (free). An error names a piece that `model` has
 * not. */
int teacher_find_pieces(int **pieces, const struct model *model, const struct model *student,
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
