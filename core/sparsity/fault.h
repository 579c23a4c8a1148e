/*
 * fault.h - an error that points into a text: of specifications, and of other small languages.
 */
#ifndef SAWB_CORE_SPARSITY_FAULT_H
#define SAWB_CORE_SPARSITY_FAULT_H

#include <stddef.h>

#include "core/base/error.h"

/* An error of three lines: "origin: column N: message", the text around `offset`, a caret under it.
 */
int specification_fault(struct sawb_error *error, const char *origin, const char *text,
                        size_t offset, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

#endif
