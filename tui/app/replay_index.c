/*
 * replay_index.c - one pass over the records forward, one back.
 */
#include "tui/app/replay_index.h"

#include <stdlib.h>

#include "core/session/record_arrays.h"

#define ARMS_SEEN 2

/* Events are numbered anew where a session goes on from another one (LOG_LIVE). */
#define PART_SHIFT 48

/* Predictions by their event's number, to find what others refer to. */
struct numbered {
    uint64_t sequence;
    size_t record;
};

static int by_sequence(const void *left, const void *right) {
    const struct numbered *a = left, *b = right;
    if (a->sequence != b->sequence)
        return a->sequence < b->sequence ? -1 : 1;
    return (a->record > b->record) - (a->record < b->record);
}

static size_t find(const struct numbered *numbered, size_t count, uint64_t sequence) {
    struct numbered wanted = {sequence, 0};
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (by_sequence(&numbered[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && numbered[low].sequence == sequence ? numbered[low].record : SIZE_MAX;
}

/* Heads of the events, times, models and markers; the predictions into `numbered`. */
static size_t read_heads(struct replay_index *index, const struct log_reader *reader,
                         struct numbered *numbered) {
    double last = reader->records[0].stamp.time, begin = last;
    uint64_t part = 0;
    size_t count = 0;
    for (size_t i = 0; i < reader->count; i++) {
        const struct log_record *record = &reader->records[i];
        struct replay_entry *entry = &index->entries[i];
        struct event_head head;
        if (record->type == LOG_LIVE) {
            part += UINT64_C(1) << PART_SHIFT;
            begin += record->stamp.time - last; /* nobody waits for what lies between */
            last = record->stamp.time;
        }
        last = record->stamp.time > last ? record->stamp.time : last;
        *entry = (struct replay_entry){.seconds = last - begin,
                                       .kind = EVENT_NOTE,
                                       .like = SIZE_MAX,
                                       .arrays = SIZE_MAX,
                                       .previous = SIZE_MAX,
                                       .next = SIZE_MAX};
        if (record->type == LOG_MODEL)
            index->models[index->model_count++] = i;
        if (record->type == LOG_MARKER)
            index->markers[index->marker_count++] = i;
        if (record->type != LOG_EVENT || record_event_head(record->body, record->size, &head) < 0)
            continue;
        entry->kind = head.kind;
        entry->arm = head.arm;
        entry->job = head.job;
        entry->newest = head.kind == EVENT_PREDICTION && head.model > 0 && head.arm >= 0 &&
                        head.arm < ARMS_SEEN;
        if (head.kind == EVENT_PREDICTION)
            numbered[count++] = (struct numbered){part + head.sequence, i};
    }
    return count;
}

/* What refers to what. Of several arrays of one prediction exact ones count, then the last. */
static void refer(struct replay_index *index, const struct log_reader *reader,
                  const struct numbered *numbered, size_t count) {
    size_t latest[ARMS_SEEN] = {SIZE_MAX, SIZE_MAX};
    uint64_t part = 0;
    for (size_t i = 0; i < reader->count; i++) {
        const struct log_record *record = &reader->records[i];
        struct replay_entry *entry = &index->entries[i];
        struct event_head head;
        struct arrays_head arrays;
        if (record->type == LOG_LIVE)
            part += UINT64_C(1) << PART_SHIFT;
        if (record->type == LOG_ARRAYS && arrays_head(record->body, record->size, &arrays) == 0) {
            size_t prediction = find(numbered, count, part + arrays.sequence);
            struct arrays_head before = {0};
            size_t had = prediction == SIZE_MAX ? SIZE_MAX : index->entries[prediction].arrays;
            if (had != SIZE_MAX)
                arrays_head(reader->records[had].body, reader->records[had].size, &before);
            if (prediction != SIZE_MAX && prediction < i && (arrays.exact || !before.exact))
                index->entries[prediction].arrays = i;
        }
        if (record->type != LOG_EVENT || entry->kind != EVENT_PREDICTION)
            continue;
        record_event_head(record->body, record->size, &head);
        if (head.like) {
            size_t like = find(numbered, count, part + head.like);
            entry->like = like < i ? like : SIZE_MAX;
        }
        if (entry->newest) {
            entry->previous = latest[entry->arm];
            latest[entry->arm] = i;
        }
    }
}

static void look_ahead(struct replay_index *index, const struct log_reader *reader) {
    size_t next[ARMS_SEEN] = {SIZE_MAX, SIZE_MAX};
    for (size_t i = reader->count; i-- > 0;) {
        enum log_type type = reader->records[i].type;
        struct replay_entry *entry = &index->entries[i];
        if (type == LOG_COMMAND || type == LOG_TEXT || type == LOG_WISH || type == LOG_LIVE)
            next[0] = next[1] = SIZE_MAX;
        if (!entry->newest)
            continue;
        entry->next = next[entry->arm];
        next[entry->arm] = i;
    }
}

int replay_index_make(struct replay_index *index, const struct log_reader *reader,
                      struct sawb_error *error) {
    size_t count = reader->count;
    *index = (struct replay_index){.entries = malloc(count * sizeof(*index->entries)),
                                   .models = malloc(count * sizeof(*index->models)),
                                   .markers = malloc(count * sizeof(*index->markers))};
    struct numbered *numbered = malloc(count * sizeof(*numbered));
    if (!index->entries || !index->models || !index->markers || !numbered) {
        free(numbered);
        replay_index_free(index);
        return error_set(error, "session: out of memory for %zu records", count);
    }
    size_t predictions = read_heads(index, reader, numbered);
    qsort(numbered, predictions, sizeof(*numbered), by_sequence);
    refer(index, reader, numbered, predictions);
    look_ahead(index, reader);
    free(numbered);
    return 0;
}

void replay_index_free(struct replay_index *index) {
    free(index->entries);
    free(index->models);
    free(index->markers);
    *index = (struct replay_index){0};
}

size_t replay_index_model(const struct replay_index *index, size_t record) {
    for (size_t i = 0; i < index->model_count; i++)
        if (index->models[i] == record)
            return i;
    return SIZE_MAX;
}

size_t replay_index_arrays(const struct replay_index *index, size_t record, size_t *source) {
    const struct replay_entry *entry = &index->entries[record];
    size_t alike = entry->like == SIZE_MAX ? record : entry->like;
    *source = record;
    if (entry->arrays != SIZE_MAX)
        return entry->arrays;
    for (size_t i = entry->previous; i != SIZE_MAX; i = index->entries[i].previous) {
        const struct replay_entry *earlier = &index->entries[i];
        if (i != alike && earlier->like != alike)
            break; /* of another sentence or pattern */
        if (earlier->arrays == SIZE_MAX)
            continue;
        *source = i;
        return earlier->arrays;
    }
    return SIZE_MAX;
}
