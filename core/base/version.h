/*
 * version.h - which sawb this is, for files and for --version.
 */
#ifndef SAWB_CORE_BASE_VERSION_H
#define SAWB_CORE_BASE_VERSION_H

#define SAWB_VERSION "0.1.0"

#endif
