/*
 * slice.c - cutting a batch by tokens.
 */
#include "core/train/slice.h"

/* The sentence that part `index` of `count` begins with: where the tokens before it are nearest to
 * its share, of two as near the earlier. */
static int slice_begin(const struct encoder_batch *batch, int index, int count) {
    int sentences = batch->sentences, at = 0;
    int64_t wanted = (int64_t)batch->offsets[sentences] * index; /* all in units of 1 / count */
    while (at < sentences &&
           2 * wanted > (int64_t)count * (batch->offsets[at] + (int64_t)batch->offsets[at + 1]))
        at++;
    return at;
}

void batch_slice(struct batch_slice *slice, struct batch_room *room, int index, int count) {
    const struct encoder_batch *whole = &room->batch;
    int first = slice_begin(whole, index, count);
    int end = index + 1 < count ? slice_begin(whole, index + 1, count) : whole->sentences;
    struct encoder_place before = {.sentences = first, .tokens = whole->offsets[first]};
    for (int b = 0; b < first; b++) {
        size_t length = (size_t)(whole->offsets[b + 1] - whole->offsets[b]);
        before.pairs += length * length;
    }
    for (int b = first; b <= end; b++)
        room->part[b - first] = whole->offsets[b] - before.tokens;
    *slice = (struct batch_slice){.batch = {.sentences = end - first,
                                            .offsets = room->part,
                                            .ids = whole->ids + before.tokens},
                                  .labels = room->labels + first,
                                  .before = before};
}
