/*
 * export_raster.h - a drawing as pixels, and pixels as PNG.
 */
#ifndef SAWB_VIZ_EXPORT_RASTER_H
#define SAWB_VIZ_EXPORT_RASTER_H

#include <stdint.h>
#include <stdio.h>

#include "viz/export_drawing.h"

struct raster {
    int width, height;
    uint8_t *rgb; /* [height, width, 3] */
};

/* Draws with `scale` pixels to a unit. Lines and letters are smooth; rectangles end at whole
 * pixels, so that cells that touch leave no seam. An error when the picture would be larger than
 * RASTER_MOST pixels, or memory is out. */
#define RASTER_MOST 100000000.0
int drawing_raster(const struct drawing *drawing, double scale, struct raster *raster,
                   struct sawb_error *error);
void raster_free(struct raster *raster);

/* Writes a drawing as PNG (RGB, 8 bit): its title and facts as iTXt chunks, `scale` as pHYs. */
int drawing_png(const struct drawing *drawing, double scale, FILE *out, struct sawb_error *error);

#endif
