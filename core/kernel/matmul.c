/*
 * matmul.c - cutting matrix products up for the threads, the caches and the registers.
 *
 * A task is a range of rows and columns of one y. Within it the steps of k go by in blocks: the
 * columns of b are packed for a block (unless they were before) and stay in the second-level cache,
 * while the rows of a pass through the first.
 */
#include "core/kernel/matmul.h"

#include <string.h>

#include "core/kernel/gemm.h"
#include "core/kernel/kernels.h"
#include "core/kernel/scratch.h"

#define STEPS_UNIT 8

/* Of a task. To pack a row of a or a column of b pays off the better the more it meets; a gradient
 * of weights packs both. */
#define WEIGHT_ROWS 192
#define WEIGHT_COLUMNS 384
#define ROWS_LEAST 64
#define TASKS_PER_THREAD 8
#define MANY_ROWS 256 /* by packed weights: twice as many tasks, so that threads end together */

/* Tiles of a would else begin a multiple of 4096 bytes apart, in the same set of the cache. */
#define TILE_PADDING 16
#define TILE_ROWS_LEAST 6

/* The panels of a block fill about half of a second-level cache. The longer a block, the seldomer
 * sums are stored and taken up again, and the longer the rows of a that a tile reads. */
#define PANEL_WORDS 147456
#define LEFT_WORDS                                                                                 \
    (PANEL_WORDS / WEIGHT_COLUMNS * WEIGHT_ROWS + WEIGHT_ROWS / TILE_ROWS_LEAST * TILE_PADDING)

size_t matmul_scratch_bytes(void) {
    return (size_t)(PANEL_WORDS + LEFT_WORDS) * sizeof(uint32_t);
}

/* ---- cutting up ------------------------------------------------------------------------------ */

static int parts(int whole, int size) {
    return (whole + size - 1) / size;
}

static int round_up(int value, int unit) {
    return parts(value, unit) * unit;
}

struct cut {
    int rows, columns; /* of a task; whole tiles */
};

static int task_count(const struct matmul *product, struct cut cut) {
    return parts(product->m, cut.rows) * parts(product->n, cut.columns);
}

/* With packed weights each thread takes rows of its own where there are enough, so that what it
 * reads is what it wrote last (pool.h); else each would have to pack them. */
static int task_rows(const struct matmul *product, const struct compute *compute) {
    int threads = pool_threads(compute->pool), most = product->m / ROWS_LEAST;
    int shares = !product->packed || most < 1 ? 1 : most < threads ? most : threads;
    return round_up(parts(product->m, shares), compute->gemm->rows);
}

static int columns_most(const struct matmul *product, const struct gemm *gemm) {
    return product->shape == MATMUL_WEIGHT ? WEIGHT_COLUMNS : gemm->task_columns;
}

/* In tasks of the size that suits the caches, or, where that is too few, in `times` as many. */
static struct cut cut_up(const struct matmul *product, const struct compute *compute, int times) {
    const struct gemm *gemm = compute->gemm;
    int weight = product->shape == MATMUL_WEIGHT;
    struct cut cut = {weight ? WEIGHT_ROWS : task_rows(product, compute),
                      columns_most(product, gemm)};
    int wanted = times * task_count(product, cut);
    while (task_count(product, cut) < wanted) {
        if (cut.rows > ROWS_LEAST)
            cut.rows = round_up(parts(cut.rows, 2), gemm->rows);
        else if (cut.columns > gemm->columns)
            cut.columns = round_up(parts(cut.columns, 2), gemm->columns);
        else
            break;
    }
    return cut;
}

/* Of k, in a block. Depends on k, the shape and the kernels alone, since it decides in which order
 * an element is summed up. */
static int block_steps(const struct matmul *product, const struct gemm *gemm) {
    int unit = gemm->unit > STEPS_UNIT ? gemm->unit : STEPS_UNIT;
    int most = PANEL_WORDS / columns_most(product, gemm) * gemm->depth, k = product->k;
    return round_up(parts(k, parts(k, most)), unit);
}

/* ---- a task ---------------------------------------------------------------------------------- */

struct task {
    const struct matmul *product;
    const struct gemm *gemm;
    const struct kernels *kernels;
    int row, rows, column, columns; /* of y */
    uint32_t *panels, *left;        /* scratch */
};

/* Steps of k, of one of the terms. */
struct block {
    int term, begin, steps, words;
    int first, last; /* of all that are added up */
    const uint32_t *panels;
    size_t panel_words; /* from one to the next */
    size_t tile_words;  /* of a packed a */
};

static const float *at(const float *matrix, size_t row, int stride, int column) {
    return matrix + row * (size_t)stride + (size_t)column;
}

/* Points the block at the panels of b, packing them where nobody did. */
static void prepare_panels(const struct task *task, struct block *block) {
    const struct matmul *product = task->product;
    const struct gemm *gemm = task->gemm;
    size_t width = (size_t)gemm->columns;
    if (product->packed) {
        block->panel_words = (size_t)gemm_words(gemm, product->k) * width;
        block->panels = (const uint32_t *)product->packed +
                        (size_t)(task->column / gemm->columns) * block->panel_words +
                        (size_t)(block->begin / gemm->depth) * width;
        return;
    }
    block->panel_words = (size_t)block->words * width;
    block->panels = task->panels;
    uint32_t *panel = task->panels;
    const float *b = product->b[block->term];
    for (int first = task->column; first < task->column + task->columns; first += gemm->columns) {
        int left = task->column + task->columns - first;
        int columns = left < gemm->columns ? left : gemm->columns;
        if (product->shape == MATMUL_FORWARD)
            gemm->pack_rows(panel, at(b, (size_t)first, product->k, block->begin),
                            (size_t)product->k, columns, block->steps);
        else
            gemm->pack_columns(panel, at(b, (size_t)block->begin, product->n, first),
                               (size_t)product->n, columns, block->steps);
        panel += block->panel_words;
    }
}

static void prepare_left(const struct task *task, struct block *block) {
    const struct matmul *product = task->product;
    block->tile_words = (size_t)block->words * (size_t)task->gemm->rows + TILE_PADDING;
    if (product->shape == MATMUL_WEIGHT)
        task->gemm->left_columns(
            task->left, block->tile_words,
            at(product->a[block->term], (size_t)block->begin, product->m, task->row),
            (size_t)product->m, task->rows, block->steps);
}

static int left_stride(const struct matmul *product) {
    return product->a_stride > 0 ? product->a_stride : product->k;
}

static int result_stride(const struct matmul *product) {
    return product->y_stride > 0 ? product->y_stride : product->n;
}

/* Where a tile finds its rows of a, `row` counted from the task's first. */
static void point_left(const struct task *task, const struct block *block, int row,
                       struct gemm_tile *tile) {
    const struct matmul *product = task->product;
    const struct gemm *gemm = task->gemm;
    const int stride = left_stride(product);
    tile->row_stride = (size_t)stride;
    if (product->shape == MATMUL_WEIGHT) {
        tile->left = task->left + (size_t)(row / gemm->rows) * block->tile_words;
        tile->row_stride = 0;
        return;
    }
    const float *a =
        at(product->a[block->term], (size_t)task->row + (size_t)row, stride, block->begin);
    tile->left = a;
    if (gemm->left_rows) {
        gemm->left_rows(task->left, a, (size_t)stride, tile->rows, block->steps);
        tile->left = task->left;
        tile->row_stride = (size_t)block->words;
    }
}

/* Where the products are added up: y, or the place of the result when y is not wanted. */
static float *sums_of(const struct matmul *product) {
    return product->y ? product->y : product->activated;
}

static void activate_rows(const struct task *task, int first, int rows) {
    const struct matmul *product = task->product;
    const struct kernels *kernels = task->kernels;
    void (*activate)(float *, float *, size_t, const float *, int, int) =
        product->after == AFTER_BIAS_GELU ? kernels->bias_gelu : kernels->bias_relu;
    size_t stride = (size_t)result_stride(product);
    size_t start = (size_t)first * stride + (size_t)task->column;
    activate(product->activated + start, sums_of(product) + start, stride,
             product->bias + task->column, rows, task->columns);
}

/* 1: tiles go down a panel before the next one (gemm->few_rows). */
static int goes_down(const struct task *task) {
    return task->rows <= task->gemm->few_rows && task->product->shape != MATMUL_WEIGHT;
}

/* Rows of the next tile, of those that are left. */
static int tile_rows(const struct task *task, int left) {
    int most = task->gemm->rows;
    if (task->gemm->halves && task->product->shape != MATMUL_WEIGHT && left > most &&
        left < 2 * most)
        return parts(left, 2);
    return left < most ? left : most;
}

/* The next panel is fetched by the tiles that go down this one, a half by each of the first two,
 * or where one goes along all panels, by that. */
static void fetch_meanwhile(const struct task *task, const struct block *block, int part,
                            struct gemm_tile *tile) {
    const struct gemm *gemm = task->gemm;
    const uint32_t *panel = tile->panel;
    int shares = task->rows > gemm->rows && goes_down(task) ? 2 : 1;
    if (gemm->own_words > 0) {
        tile->ahead = panel + gemm->own_words * gemm->columns;
        tile->fetch = 2;
        return;
    }
    size_t own = (size_t)block->words * (size_t)gemm->columns;
    tile->ahead = panel + block->panel_words + (part > 0 ? own / 2 : 0);
    tile->fetch = part < shares ? 2 / shares : 0;
}

/* Of a row of tiles the one at `column`; the `part`-th of those that read the panel. */
static void multiply_tile(const struct task *task, const struct block *block, int column, int part,
                          struct gemm_tile tile) {
    const struct matmul *product = task->product;
    const struct gemm *gemm = task->gemm;
    int left = task->columns - column, panel = column / gemm->columns;
    tile.columns = left < gemm->columns ? left : gemm->columns;
    tile.panel = block->panels + (size_t)panel * block->panel_words;
    if (block->last && product->after == AFTER_BIAS)
        tile.bias = product->bias + task->column + column;
    tile.y += column;
    fetch_meanwhile(task, block, part, &tile);
    gemm->multiply(&tile);
}

/* Points the tile at rows of a and of y. */
static void point_rows(const struct task *task, const struct block *block, int row,
                       struct gemm_tile *tile) {
    tile->rows = tile_rows(task, task->rows - row);
    tile->y =
        sums_of(task->product) + (size_t)(task->row + row) * tile->stride + (size_t)task->column;
    point_left(task, block, row, tile);
}

static void multiply_block(const struct task *task, const struct block *block) {
    const struct matmul *product = task->product;
    const int across = task->gemm->columns;
    int activated = block->last && product->after > AFTER_BIAS, part = 0;
    struct gemm_tile tile = {.words = block->words,
                             .stride = (size_t)result_stride(product),
                             .accumulate = !block->first || product->accumulate};
    if (goes_down(task)) {
        for (int column = 0; column < task->columns; column += across, part = 0)
            for (int row = 0; row < task->rows; row += tile.rows, part++) {
                point_rows(task, block, row, &tile);
                multiply_tile(task, block, column, part, tile);
            }
        if (activated)
            activate_rows(task, task->row, task->rows);
        return;
    }
    for (int row = 0; row < task->rows; row += tile.rows, part++) {
        point_rows(task, block, row, &tile);
        for (int column = 0; column < task->columns; column += across)
            multiply_tile(task, block, column, part, tile);
        if (activated)
            activate_rows(task, task->row + row, tile.rows);
    }
}

static void run_task(const struct task *task) {
    const struct matmul *product = task->product;
    int steps = block_steps(product, task->gemm);
    for (int term = 0; term < product->terms; term++) {
        for (int begin = 0; begin < product->k; begin += steps) {
            int left = product->k - begin;
            struct block block = {.term = term, .begin = begin};
            block.steps = left < steps ? left : steps;
            block.words = gemm_words(task->gemm, block.steps);
            block.first = term == 0 && begin == 0;
            block.last = term == product->terms - 1 && left <= steps;
            prepare_panels(task, &block);
            prepare_left(task, &block);
            multiply_block(task, &block);
        }
    }
}

/* ---- all tasks ------------------------------------------------------------------------------- */

struct run {
    const struct compute *compute;
    const struct matmul *products;
    int times; /* see cut_up */
};

static void run_index(void *user, int index) {
    const struct run *run = user;
    const struct compute *compute = run->compute;
    const struct matmul *product = run->products;
    struct cut cut;
    for (int tasks;
         cut = cut_up(product, compute, run->times), index >= (tasks = task_count(product, cut));
         product++)
        index -= tasks;
    int across = parts(product->n, cut.columns);
    struct task task = {.product = product,
                        .gemm = compute->gemm,
                        .kernels = compute->kernels,
                        .row = index / across * cut.rows,
                        .column = index % across * cut.columns};
    task.rows = product->m - task.row < cut.rows ? product->m - task.row : cut.rows;
    task.columns = product->n - task.column < cut.columns ? product->n - task.column : cut.columns;
    task.panels = scratch_take(compute->scratch);
    task.left = task.panels + PANEL_WORDS;
    run_task(&task);
    scratch_give(compute->scratch, task.panels);
}

static int tasks_of_all(const struct run *run, int count) {
    int tasks = 0;
    for (int i = 0; i < count; i++)
        tasks += task_count(&run->products[i], cut_up(&run->products[i], run->compute, run->times));
    return tasks;
}

void matmul_run(const struct compute *compute, const struct matmul *products, int count) {
    struct run run = {compute, products, 1};
    int tasks = tasks_of_all(&run, count);
    int wanted = TASKS_PER_THREAD * pool_threads(compute->pool);
    if (count > 0 && products[0].packed && products[0].m >= MANY_ROWS)
        wanted *= 2;
    if (tasks > 0 && tasks < wanted) {
        run.times = parts(wanted, tasks);
        tasks = tasks_of_all(&run, count);
    }
    pool_run(compute->pool, tasks, run_index, &run);
}

/* ---- weights packed once --------------------------------------------------------------------- */

size_t matmul_packed_bytes(const struct compute *compute, int n, int k) {
    const struct gemm *gemm = compute->gemm;
    return (size_t)gemm_panels(gemm, n) * (size_t)gemm->columns * (size_t)gemm_words(gemm, k) *
           sizeof(uint32_t);
}

struct packing {
    const struct gemm *gemm;
    uint32_t *packed;
    const float *b;
    int n, k;
};

static void pack_panel(void *user, int index) {
    const struct packing *packing = user;
    const struct gemm *gemm = packing->gemm;
    int first = index * gemm->columns, left = packing->n - first;
    size_t words = (size_t)gemm_words(gemm, packing->k) * (size_t)gemm->columns;
    gemm->pack_rows(packing->packed + (size_t)index * words,
                    at(packing->b, (size_t)first, packing->k, 0), (size_t)packing->k,
                    left < gemm->columns ? left : gemm->columns, packing->k);
}

void matmul_pack(const struct compute *compute, void *packed, const float *b, int n, int k) {
    struct packing packing = {compute->gemm, packed, b, n, k};
    pool_run(compute->pool, gemm_panels(compute->gemm, n), pack_panel, &packing);
}
