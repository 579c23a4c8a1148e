/*
 * record_arrays.h - the arrays of a prediction as the body of a LOG_ARRAYS record.
 *
 * Scores are kept in 16 bits between the least and the greatest of their head, so that one is off
 * by at most 1/131070 of that range, or exactly, as 32-bit floats; the mask in one bit a pair;
 * metrics exactly; and the name of the instruction set, which gives the same attention again when
 * this machine has it. All of it is deflated (RFC 1950).
 */
#ifndef SAWB_CORE_SESSION_RECORD_ARRAYS_H
#define SAWB_CORE_SESSION_RECORD_ARRAYS_H

#include "core/inspect/capture.h"

/* Query-key pairs of all heads that are kept at most: larger arrays are left out. */
#define ARRAYS_PAIRS_MOST ((size_t)1 << 24)

/* A copy of what is kept of a capture, to be packed on another thread. */
struct arrays;
struct arrays *arrays_copy(const struct capture *capture, uint64_t sequence, int exact);
void arrays_free(struct arrays *arrays);          /* NULL is fine */
size_t arrays_bytes(const struct arrays *arrays); /* that it takes in memory */

/* The body (malloc) and its size; NULL when out of memory. */
void *arrays_pack(const struct arrays *arrays, size_t *size);

struct arrays_head {
    uint64_t sequence; /* of the event that brought the prediction */
    int exact;
    int layers, heads, tokens;
};
int arrays_head(const unsigned char *body, size_t size, struct arrays_head *head);

/*
 * Puts the arrays into a capture that has none and is of the same shape; its metrics, when both
 * have any, but for the importance, which other events bring. The capture stays as it was after an
 * error.
 */
int arrays_unpack(const unsigned char *body, size_t size, struct capture *capture,
                  struct sawb_error *error);

#endif
