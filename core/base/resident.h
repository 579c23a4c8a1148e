/*
 * resident.h - how much memory the process has in use.
 */
#ifndef SAWB_CORE_BASE_RESIDENT_H
#define SAWB_CORE_BASE_RESIDENT_H

/* The most bytes that were resident at once since the program began; 0 where the system does not
 * say (Linux: VmHWM of /proc/self/status). */
double resident_peak(void);

/* Those at present (VmRSS). */
double resident_now(void);

#endif
