/*
 * slice.h - the part of a packed batch that one of several ranks computes.
 *
 *     batch_pack(&room, &set, chosen, count);
 *     batch_slice(&slice, &room, ranks_index(ranks), ranks_count(ranks));
 *     ... slice.batch.sentences may be 0 ...
 *
 * The batch is cut between sentences into parts of as equal numbers of tokens as that allows, in
 * order. The parts depend on nothing but the batch and the number of ranks.
 */
#ifndef SAWB_CORE_TRAIN_SLICE_H
#define SAWB_CORE_TRAIN_SLICE_H

#include "core/train/batch.h"

struct batch_slice {
    struct encoder_batch batch; /* no sentences: the batch has too few for this rank */
    const int *labels;          /* [B of the slice] */
    struct encoder_place before;
};

/* Part `index` of `count`. It looks into the room: valid until that is packed anew or sliced again.
 */
void batch_slice(struct batch_slice *slice, struct batch_room *room, int index, int count);

#endif
