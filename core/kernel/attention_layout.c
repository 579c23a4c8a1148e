/*
 * attention_layout.c - from masks, blocks and bands to tiles.
 */
#include "core/kernel/attention_layout.h"

#include <stdlib.h>
#include <string.h>

#include "core/kernel/scratch.h"

/*
 * What it costs to multiply a key with all queries of a tile, and a pair of a listed query, in the
 * same unit: a listed query uses the vectors as well, but has to fetch keys and values for itself.
 */
#define KEY_COST 32
#define PAIR_COST 5

/* Fewer keys in a row that all queries keep are not worth a run without bits. */
#define LEAST_FULL 8

#define ALIGNMENT 64

/* ---- room ------------------------------------------------------------------------------------ */

static size_t rounded(size_t bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

size_t attention_room_bytes(int tokens) {
    size_t n = (size_t)tokens;
    return rounded((n + 1) * sizeof(struct attention_run)) + 2 * rounded(n * sizeof(uint16_t)) +
           rounded(ATTENTION_ROWS * (n + 2) * sizeof(int32_t));
}

struct attention_room attention_room_in(void *memory, int tokens) {
    size_t n = (size_t)tokens;
    unsigned char *at = memory;
    struct attention_room room = {.run = (struct attention_run *)at};
    at += rounded((n + 1) * sizeof(struct attention_run));
    room.bits = (uint16_t *)at;
    at += rounded(n * sizeof(uint16_t));
    room.words = (uint16_t *)at;
    at += rounded(n * sizeof(uint16_t));
    room.list = (int32_t *)at;
    return room;
}

/* ---- a tile from the bits of its keys -------------------------------------------------------- */

static unsigned all_rows(int rows) {
    return (1u << rows) - 1;
}

struct range {
    int begin, end; /* keys */
};

static void count_rows(const uint16_t *bits, struct range range, int rows, int *counts) {
    for (int r = 0; r < rows; r++) {
        int count = 0;
        for (int j = range.begin; j < range.end; j++)
            count += bits[j] >> r & 1;
        counts[r] = count;
    }
}

static int count_union(const uint16_t *bits, struct range range, unsigned rows) {
    int count = 0;
    for (int j = range.begin; j < range.end; j++)
        count += (bits[j] & rows) != 0;
    return count;
}

/* Row numbers by falling count; of equal ones the lower first. */
static void sort_rows(const int *counts, int rows, int *order) {
    for (int r = 0; r < rows; r++) {
        int at = r;
        for (; at > 0 && counts[order[at - 1]] < counts[r]; at--)
            order[at] = order[at - 1];
        order[at] = r;
    }
}

/* The rows to list: the longest ones, as many as make the tile cheapest. */
static unsigned choose_listed(const uint16_t *bits, struct range range, int rows,
                              const int *counts) {
    int order[ATTENTION_ROWS];
    int keys = count_union(bits, range, all_rows(rows));
    int64_t best = (int64_t)keys * KEY_COST, lists = 0;
    unsigned listed = 0, chosen = 0;
    int shortest = counts[0];
    for (int r = 1; r < rows; r++)
        shortest = counts[r] < shortest ? counts[r] : shortest;
    if (shortest == keys) /* all alike: nothing to gain */
        return 0;
    sort_rows(counts, rows, order);
    for (int k = 0; k < rows; k++) {
        lists += (int64_t)counts[order[k]] * PAIR_COST;
        if (lists >= best)
            break;
        listed |= 1u << order[k];
        unsigned left = all_rows(rows) & ~listed;
        int64_t cost = lists + (left ? (int64_t)count_union(bits, range, left) * KEY_COST : 0);
        if (cost < best) {
            best = cost;
            chosen = listed;
        }
    }
    return chosen;
}

static void write_lists(const struct attention_room *room, struct range range,
                        struct attention_tile *tile) {
    int32_t *at = room->list;
    for (int r = 0; r < tile->rows; r++) {
        if (!(tile->listed >> r & 1))
            continue;
        int32_t *count = at++;
        for (int j = range.begin; j < range.end; j++) {
            *at = j;
            at += room->bits[j] >> r & 1;
        }
        *count = (int32_t)(at - count - 1);
        tile->listed_keys += *count;
    }
    tile->list = room->list;
}

/* Where the stretch of keys that are full, partial or not kept ends which begins at `key`. */
static int stretch_end(const uint16_t *bits, int key, int end, unsigned mask, unsigned all) {
    unsigned first = bits[key] & mask;
    int j = key + 1;
    if (first == all)
        while (j < end && (bits[j] & mask) == all)
            j++;
    else if (first == 0)
        while (j < end && (bits[j] & mask) == 0)
            j++;
    else
        while (j < end && (bits[j] & mask) != 0 && (bits[j] & mask) != all)
            j++;
    return j;
}

static void write_runs(const struct attention_room *room, struct range range,
                       struct attention_tile *tile) {
    unsigned mask = all_rows(tile->rows) & ~tile->listed;
    for (int j = range.begin, end; j < range.end && mask; j = end) {
        unsigned first = room->bits[j] & mask;
        end = stretch_end(room->bits, j, range.end, mask, mask);
        if (first == 0)
            continue;
        int count = end - j;
        struct attention_run *last = tile->runs > 0 ? &room->run[tile->runs - 1] : NULL;
        int follows = last && last->key + last->count == j && last->bits != ATTENTION_ALL;
        int full = first == mask && (count >= LEAST_FULL || !follows);
        /* The words of runs with bits stand one behind the other. */
        if (!full && follows)
            last->count += count;
        else
            room->run[tile->runs++] =
                (struct attention_run){j, count, full ? ATTENTION_ALL : tile->words};
        if (!full)
            for (int k = j; k < end; k++)
                room->words[tile->words++] = (uint16_t)(room->bits[k] & mask);
        tile->keys += count;
    }
    tile->run = room->run;
    tile->bits = room->words;
}

static void find_reach(struct attention_tile *tile) {
    for (int g = 0; g * ATTENTION_GROUP < tile->rows; g++) {
        unsigned group = all_rows(ATTENTION_GROUP) << (g * ATTENTION_GROUP);
        int at = 0, begin = -1, end = 0;
        for (int i = 0; i < tile->runs; i++) {
            const struct attention_run *run = &tile->run[i];
            for (int k = 0; k < run->count; k++, at++) {
                if (run->bits != ATTENTION_ALL && !(tile->bits[run->bits + k] & group))
                    continue;
                begin = begin < 0 ? at : begin;
                end = at + 1;
            }
        }
        tile->reach[g].begin = begin < 0 ? 0 : begin;
        tile->reach[g].end = end;
    }
}

/* Pairs that are multiplied by ranges. */
static uint64_t pairs_of_ranges(const struct attention_tile *tile) {
    uint64_t pairs = 0;
    for (int g = 0; g * ATTENTION_GROUP < tile->rows; g++) {
        const struct attention_range *range = &tile->range[g * ATTENTION_GROUP];
        int begin = range->begin, end = range->end;
        for (int r = 1; r < ATTENTION_GROUP; r++) {
            begin = range[r].begin < begin ? range[r].begin : begin;
            end = range[r].end > end ? range[r].end : end;
        }
        pairs += ATTENTION_GROUP * (uint64_t)(end - begin);
    }
    return pairs;
}

static void set_range(struct attention_tile *tile, int row, int begin, int end) {
    for (int r = row; r < (row + 1 < tile->rows ? row + 1 : ATTENTION_ROWS); r++)
        tile->range[r] = (struct attention_range){begin, end};
}

static void find_ranges(const uint16_t *bits, struct range all, const int *counts,
                        struct attention_tile *tile) {
    for (int r = 0; r < tile->rows; r++) {
        int begin = all.begin, end;
        while (begin < all.end && !(bits[begin] >> r & 1))
            begin++;
        for (end = begin; end < all.end && (bits[end] >> r & 1);)
            end++;
        if (end - begin < counts[r])
            return;
        set_range(tile, r, begin, end);
    }
    uint64_t by_runs = (uint64_t)tile->keys * KEY_COST + (uint64_t)tile->listed_keys * PAIR_COST;
    tile->ranges = pairs_of_ranges(tile) * KEY_COST <= by_runs * ATTENTION_ROWS;
}

/* room->bits are set for the keys of the range; all others are not kept. */
static struct attention_tile tile_of_bits(const struct attention_room *room, struct range range,
                                          int first, int rows) {
    struct attention_tile tile = {.first = first, .rows = rows};
    int counts[ATTENTION_ROWS] = {0};
    count_rows(room->bits, range, rows, counts);
    for (int r = 0; r < rows; r++)
        tile.kept += (uint64_t)counts[r];
    tile.listed = choose_listed(room->bits, range, rows, counts);
    write_lists(room, range, &tile);
    write_runs(room, range, &tile);
    find_reach(&tile);
    find_ranges(room->bits, range, counts, &tile);
    for (tile.end = range.end; tile.end > range.begin && room->bits[tile.end - 1] == 0;)
        tile.end--;
    return tile;
}

/* A tile whose queries all keep the keys of `kept`, blocks of a row. */
static struct attention_tile tile_of_block_row(const struct attention_room *room,
                                               const uint8_t *kept, int tokens, int block,
                                               int first) {
    struct attention_tile tile = {
        .first = first, .rows = attention_tile_rows(tokens, first), .run = room->run};
    for (int begin = 0; begin < tokens; begin += block) {
        int count = tokens - begin < block ? tokens - begin : block;
        if (!kept[begin / block])
            continue;
        struct attention_run *last = tile.runs > 0 ? &room->run[tile.runs - 1] : NULL;
        if (last && last->key + last->count == begin)
            last->count += count;
        else
            room->run[tile.runs++] = (struct attention_run){begin, count, ATTENTION_ALL};
        tile.keys += count;
        tile.end = begin + count;
    }
    tile.kept = (uint64_t)tile.rows * (uint64_t)tile.keys;
    for (int g = 0; g < ATTENTION_GROUPS; g++)
        tile.reach[g].end = g * ATTENTION_GROUP < tile.rows ? tile.keys : 0;
    tile.ranges = tile.runs == 1;
    for (int r = 0; r < tile.rows && tile.ranges; r++)
        set_range(&tile, r, tile.run->key, tile.end);
    return tile;
}

struct attention_tile attention_tile_of_mask(const struct attention_room *room, const uint8_t *mask,
                                             int tokens, int first, int rows) {
    uint16_t *restrict bits = room->bits;
    for (int r = 0; r < rows; r++) {
        const uint8_t *restrict row = mask + (size_t)r * (size_t)tokens;
        if (r == 0)
            for (int j = 0; j < tokens; j++)
                bits[j] = row[j];
        else
            for (int j = 0; j < tokens; j++)
                bits[j] = (uint16_t)(bits[j] | row[j] << r);
    }
    return tile_of_bits(room, (struct range){0, tokens}, first, rows);
}

struct attention_tile attention_tile_of_blocks(const struct attention_room *room,
                                               const uint8_t *kept, int tokens, int block,
                                               int first) {
    int blocks = (tokens + block - 1) / block, rows = attention_tile_rows(tokens, first);
    int row = first / block;
    if (row == (first + rows - 1) / block)
        return tile_of_block_row(room, kept + (size_t)row * (size_t)blocks, tokens, block, first);
    for (int J = 0; J < blocks; J++) {
        unsigned bits = 0;
        for (int r = 0; r < rows; r++) {
            size_t I = (size_t)((first + r) / block);
            bits |= (unsigned)kept[I * (size_t)blocks + (size_t)J] << r;
        }
        int end = (J + 1) * block < tokens ? (J + 1) * block : tokens;
        for (int j = J * block; j < end; j++)
            room->bits[j] = (uint16_t)bits;
    }
    return tile_of_bits(room, (struct range){0, tokens}, first, rows);
}

struct attention_tile attention_tile_of_lists(const int32_t *lists, int tokens, int first,
                                              int rows) {
    struct attention_tile tile = {
        .first = first, .rows = rows, .end = tokens, .listed = all_rows(rows), .list = lists};
    for (int r = 0; r < rows; r++, lists += *lists + 1)
        tile.listed_keys += *lists;
    tile.kept = (uint64_t)tile.listed_keys;
    return tile;
}

struct attention_tile attention_tile_masked(const uint8_t *mask, const int *counts, int tokens,
                                            int first, int rows) {
    struct attention_tile tile = {
        .first = first, .rows = rows, .end = tokens, .ranges = 1, .mask = mask};
    for (int r = 0; r < rows; r++) {
        set_range(&tile, r, 0, counts[r] > 0 ? tokens : 0);
        tile.kept += (uint64_t)counts[r];
    }
    return tile;
}

struct attention_tile attention_tile_dense(struct attention_run *run, int tokens, int first,
                                           int rows) {
    *run = (struct attention_run){0, tokens, ATTENTION_ALL};
    struct attention_tile tile = {
        .first = first, .rows = rows, .runs = 1, .keys = tokens, .end = tokens, .run = run};
    tile.kept = (uint64_t)tile.rows * (uint64_t)tokens;
    for (int g = 0; g < ATTENTION_GROUPS; g++)
        tile.reach[g].end = g * ATTENTION_GROUP < tile.rows ? tokens : 0;
    tile.ranges = 1;
    for (int r = 0; r < tile.rows; r++)
        set_range(&tile, r, 0, tokens);
    return tile;
}

/* ---- the tiles of a head --------------------------------------------------------------------- */

/* A growing list; elements are copied behind one another. */
struct list {
    void *elements;
    size_t count, capacity; /* in elements */
};

static int append(struct list *list, const void *elements, size_t count, size_t size) {
    if (list->count + count > list->capacity) {
        size_t wanted = list->count + count;
        wanted += wanted / 2;
        void *larger = realloc(list->elements, wanted * size);
        if (!larger)
            return -1;
        list->elements = larger;
        list->capacity = wanted;
    }
    if (count > 0)
        memcpy((unsigned char *)list->elements + list->count * size, elements, count * size);
    list->count += count;
    return 0;
}

/* A tile, and where its parts begin in the layout's lists: there its pointers are set when the
 * layout is closed, and the lists grow no more. */
struct placed_tile {
    struct attention_tile tile;
    size_t run, bits, list;
};

struct attention_layout {
    int tokens, band;
    int32_t *order;
    struct list tiles, runs, bits, lists;
    uint64_t kept, computed;
    int with_runs, with_lists, whole; /* tiles of each kind; whole: all keys, without bits */
};

struct attention_layout *attention_layout_create(int tokens) {
    struct attention_layout *layout = calloc(1, sizeof(*layout));
    if (layout)
        layout->tokens = tokens;
    return layout;
}

void attention_layout_free(struct attention_layout *layout) {
    if (!layout)
        return;
    free(layout->tiles.elements);
    free(layout->runs.elements);
    free(layout->bits.elements);
    free(layout->lists.elements);
    free(layout->order);
    free(layout);
}

static int count_listed(unsigned listed) {
    int count = 0;
    for (; listed; listed &= listed - 1)
        count++;
    return count;
}

int attention_layout_add(struct attention_layout *layout, const struct attention_tile *tile) {
    struct placed_tile placed = {*tile, layout->runs.count, layout->bits.count,
                                 layout->lists.count};
    size_t list = (size_t)count_listed(tile->listed) + (size_t)tile->listed_keys;
    if (append(&layout->runs, tile->run, (size_t)tile->runs, sizeof(*tile->run)) < 0 ||
        append(&layout->bits, tile->bits, (size_t)tile->words, sizeof(*tile->bits)) < 0 ||
        append(&layout->lists, tile->list, list, sizeof(*tile->list)) < 0 ||
        append(&layout->tiles, &placed, 1, sizeof(placed)) < 0)
        return -1;
    layout->kept += tile->kept;
    layout->computed += tile->ranges
                            ? pairs_of_ranges(tile)
                            : (uint64_t)tile->keys * ATTENTION_ROWS + (uint64_t)tile->listed_keys;
    layout->with_runs += tile->runs > 0;
    layout->with_lists += tile->listed != 0;
    layout->whole += tile->keys == layout->tokens && tile->words == 0 && !tile->listed;
    return 0;
}

void attention_layout_close(struct attention_layout *layout) {
    struct placed_tile *placed = layout->tiles.elements;
    for (size_t i = 0; i < layout->tiles.count; i++, placed++) {
        placed->tile.run = (const struct attention_run *)layout->runs.elements + placed->run;
        placed->tile.bits = (const uint16_t *)layout->bits.elements + placed->bits;
        placed->tile.list = (const int32_t *)layout->lists.elements + placed->list;
    }
}

const struct attention_tile *attention_layout_tile(const struct attention_layout *layout,
                                                   int index) {
    return &((const struct placed_tile *)layout->tiles.elements)[index].tile;
}

const int32_t *attention_layout_order(const struct attention_layout *layout) {
    return layout->order;
}

size_t attention_layout_bytes(const struct attention_layout *layout) {
    return sizeof(*layout) + (layout->order ? (size_t)layout->tokens * sizeof(int32_t) : 0) +
           layout->tiles.capacity * sizeof(struct placed_tile) +
           layout->runs.capacity * sizeof(struct attention_run) +
           layout->bits.capacity * sizeof(uint16_t) + layout->lists.capacity * sizeof(int32_t);
}

struct attention_choice attention_layout_choice(const struct attention_layout *layout) {
    struct attention_choice choice = {
        .known = 1, .kept = layout->kept, .computed = layout->computed};
    if (layout->band)
        choice.kernel = ATTENTION_BAND;
    else if (layout->whole == (int)layout->tiles.count)
        choice.kernel = ATTENTION_DENSE;
    else if (!layout->with_lists)
        choice.kernel = ATTENTION_BLOCKS;
    else
        choice.kernel = layout->with_runs ? ATTENTION_MIXED : ATTENTION_ROW_LISTS;
    return choice;
}

/* ---- bands ----------------------------------------------------------------------------------- */

/* The places in which the tokens of place p's class stand. */
static struct range class_of(int place, int tokens, int step) {
    int longer = tokens % step, size = tokens / step, split = longer * (size + 1);
    struct range range;
    if (place < split)
        range.begin = place / (size + 1) * (size + 1), range.end = range.begin + size + 1;
    else
        range.begin = split + (place - split) / size * size, range.end = range.begin + size;
    return range;
}

static int32_t *order_by_class(int tokens, int step) {
    int32_t *order = malloc((size_t)tokens * sizeof(*order));
    int at = 0;
    for (int c = 0; order && c < step && c < tokens; c++)
        for (int64_t token = c; token < tokens; token += step)
            order[at++] = (int32_t)token;
    return order;
}

/* The places of the keys that the query at a place keeps. */
static struct range band_of(int place, int tokens, int width, int step) {
    struct range class = class_of(place, tokens, step);
    int64_t begin = (int64_t)place - width, end = (int64_t)place + width + 1;
    return (struct range){begin > class.begin ? (int)begin : class.begin,
                          end < class.end ? (int)end : class.end};
}

static struct attention_tile band_tile(const struct attention_room *room, int tokens, int width,
                                       int step, int first) {
    int rows = attention_tile_rows(tokens, first);
    /* From one place to the next neither end of what is kept moves back. */
    struct range all = {band_of(first, tokens, width, step).begin,
                        band_of(first + rows - 1, tokens, width, step).end};
    for (int j = all.begin; j < all.end; j++)
        room->bits[j] = 0;
    for (int r = 0; r < rows; r++) {
        struct range kept = band_of(first + r, tokens, width, step);
        for (int j = kept.begin; j < kept.end; j++)
            room->bits[j] = (uint16_t)(room->bits[j] | 1u << r);
    }
    return tile_of_bits(room, all, first, rows);
}

struct attention_layout *attention_layout_band(int tokens, int width, int step) {
    struct attention_layout *layout = attention_layout_create(tokens);
    void *memory = large_memory(attention_room_bytes(tokens));
    int status = layout && memory ? 0 : -1;
    step = step < tokens ? step : tokens; /* then each token is a class of its own */
    if (status == 0 && step > 1)
        layout->order = order_by_class(tokens, step);
    if (status == 0 && step > 1 && !layout->order)
        status = -1;
    if (status == 0) {
        struct attention_room room = attention_room_in(memory, tokens);
        layout->band = 1;
        for (int first = 0; first < tokens && status == 0; first += ATTENTION_ROWS) {
            struct attention_tile tile = band_tile(&room, tokens, width / step, step, first);
            status = attention_layout_add(layout, &tile);
        }
    }
    free(memory);
    if (status == 0) {
        attention_layout_close(layout);
        return layout;
    }
    attention_layout_free(layout);
    return NULL;
}
