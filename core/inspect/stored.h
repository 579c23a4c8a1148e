/*
 * stored.h - a capture packed for keeping many of them: about 2 bytes a pair instead of 5.
 *
 * Scores are kept in 16 bits between the least and the greatest of their head (off by at most
 * 1/131070 of that range, so that a weight is off by 1/65535 of the range times itself), the mask
 * in one bit. Logits, probabilities and metrics are exact. Hidden states are left out.
 */
#ifndef SAWB_CORE_INSPECT_STORED_H
#define SAWB_CORE_INSPECT_STORED_H

#include "core/inspect/capture.h"

struct stored;

/* NULL with an error when out of memory. The capture is copied. */
struct stored *stored_pack(const struct capture *capture, struct sawb_error *error);

/* A capture again, owned by the caller, without hidden states; NULL with an error when out of
 * memory. */
struct capture *stored_unpack(const struct stored *stored, struct sawb_error *error);

size_t stored_bytes(const struct stored *stored); /* that it takes in memory */
const char *stored_text(const struct stored *stored);
void stored_free(struct stored *stored); /* NULL is fine */

#endif
