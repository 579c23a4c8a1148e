/*
 * packed.h - the weights of an opened model in the order in which matrix products read them.
 *
 * Made by the first forward pass and shared by all that follow, in any thread; a model in training
 * has none (its products pack as they go, which many rows of a batch make cheap). It takes the
 * place of the weights rather than standing beside them: the pages of a mapped file that were
 * packed are given back, and come again from the file when something else reads them (a copy for
 * training, a fingerprint). Weights that are not mapped (float16 on disk) stay, so that such a
 * model holds its matrices twice.
 */
#ifndef SAWB_CORE_MODEL_PACKED_H
#define SAWB_CORE_MODEL_PACKED_H

#include "core/base/file.h"
#include "core/kernel/compute.h"
#include "core/model/weights.h"

struct packed_weights;

/* Empty. `map`, which may be empty too, is borrowed and read until packed_free. */
struct packed_weights *packed_create(const struct file_map *map, struct sawb_error *error);
void packed_free(struct packed_weights *packed); /* NULL is fine */

/*
 * The layers' and the head's matrices for compute->gemm (matmul_pack): a pointer stands for each in
 * the field of its name, NULL in all others. The whole is NULL where there is no memory: then
 * products pack as they go. Borrowed; stays as it is until packed_free.
 */
const struct weights *packed_get(struct packed_weights *packed, const struct weights *weights,
                                 const struct model_config *config, const struct compute *compute);

/* What packed_get takes of memory for such a model. */
size_t packed_bytes(const struct model_config *config, const struct compute *compute);

#endif
