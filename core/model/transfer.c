/*
 * transfer.c - principal components of another encoder's word embeddings.
 */
#include "core/model/transfer.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/random.h"

#define ROUNDS 60 /* of orthogonal iteration; axes of nearly equal variance may stay mixed */

/* ---- principal axes -------------------------------------------------------------------------- */

/* Makes the rows of axes [count,width] orthonormal, each against those before it, twice over for
 * the sake of rounding. */
static void orthonormalise(float *axes, int count, int width) {
    for (int row = 0; row < count; row++) {
        float *axis = axes + (size_t)row * (size_t)width;
        for (int pass = 0; pass < 2; pass++) {
            for (int other = 0; other < row; other++) {
                const float *before = axes + (size_t)other * (size_t)width;
                cblas_saxpy(width, -cblas_sdot(width, axis, 1, before, 1), before, 1, axis, 1);
            }
            float norm = cblas_snrm2(width, axis, 1);
            /* Points of fewer dimensions than axes are wanted leave nothing here. */
            cblas_sscal(width, norm > 1e-20f ? 1.0f / norm : 0.0f, axis, 1);
        }
    }
}

int principal_axes(const float *points, int rows, int width, int count, float *axes,
                   struct sawb_error *error) {
    size_t wide = (size_t)width;
    float *covariance = calloc(wide * wide, sizeof(*covariance));
    float *turned = malloc((size_t)count * wide * sizeof(*turned));
    if (!covariance || !turned) {
        free(covariance);
        free(turned);
        return error_set(error, "out of memory for %d principal axes", count);
    }
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, width, width, rows, 1.0f / (float)rows,
                points, width, points, width, 0.0f, covariance, width);
    uint64_t key = random_key(1, RANDOM_INIT, 0, 0);
    for (size_t i = 0; i < (size_t)count * wide; i++)
        axes[i] = (float)random_normal(key, i);
    orthonormalise(axes, count, width);
    for (int round = 0; round < ROUNDS; round++) {
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, count, width, width, 1.0f, axes,
                    width, covariance, width, 0.0f, turned, width);
        memcpy(axes, turned, (size_t)count * wide * sizeof(*axes));
        orthonormalise(axes, count, width);
    }
    free(covariance);
    free(turned);
    return 0;
}

/* ---- word pieces ----------------------------------------------------------------------------- */

static void centre(float *points, int rows, int width, float *mean) {
    memset(mean, 0, (size_t)width * sizeof(*mean));
    for (int row = 0; row < rows; row++)
        cblas_saxpy(width, 1.0f / (float)rows, points + (size_t)row * (size_t)width, 1, mean, 1);
    for (int row = 0; row < rows; row++)
        cblas_saxpy(width, -1.0f, mean, 1, points + (size_t)row * (size_t)width, 1);
}

/* points [rows, width of the source] of all pieces, with mean 0. */
static int place_pieces(const struct model *model, const struct model *source, float *points,
                        float *mean, struct sawb_error *error) {
    size_t width = (size_t)source->config.hidden;
    for (int id = 0; id < model->config.vocabulary; id++) {
        const char *piece = tokenizer_piece(model->tokenizer, id);
        int known = tokenizer_find(source->tokenizer, piece);
        if (known < 0)
            return error_set(error,
                             "%s: has no word piece \"%s\", so it cannot give an embedding of it",
                             source->directory, piece);
        memcpy(points + (size_t)id * width, source->weights.word_embeddings + (size_t)known * width,
               width * sizeof(*points));
    }
    centre(points, model->config.vocabulary, source->config.hidden, mean);
    return 0;
}

/* words [rows,columns] = points axesᵀ, scaled. */
static void project(float *words, const float *points, const float *axes, int rows, int columns,
                    int width, double deviation) {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, columns, width, 1.0f, points, width,
                axes, width, 0.0f, words, columns);
    size_t count = (size_t)rows * (size_t)columns;
    double squares = 0;
    for (size_t i = 0; i < count; i++)
        squares += (double)words[i] * (double)words[i];
    double scale = squares > 0 ? deviation / sqrt(squares / (double)count) : 0;
    for (size_t i = 0; i < count; i++)
        words[i] = (float)(words[i] * scale);
}

int transfer_words(struct model *model, const struct model *source, double deviation,
                   struct sawb_error *error) {
    int rows = model->config.vocabulary, columns = model->config.hidden;
    int width = source->config.hidden;
    if (width < columns)
        return error_set(error,
                         "%s: is %d wide, it cannot give word embeddings to an encoder of %d; make "
                         "that at most as wide",
                         source->directory, width, columns);
    float *points = calloc((size_t)rows * (size_t)width, sizeof(*points));
    float *axes = malloc((size_t)columns * (size_t)width * sizeof(*axes));
    float *mean = malloc((size_t)width * sizeof(*mean));
    int status = -1;
    if (!points || !axes || !mean)
        error_set(error, "out of memory for the word embeddings of %d word pieces", rows);
    else if (place_pieces(model, source, points, mean, error) == 0 &&
             principal_axes(points, rows, width, columns, axes, error) == 0) {
        project(model->weights.word_embeddings, points, axes, rows, columns, width, deviation);
        status = 0;
    }
    free(points);
    free(axes);
    free(mean);
    return status;
}
