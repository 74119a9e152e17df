#ifndef AN_BASE_CLOCK_H
#define AN_BASE_CLOCK_H

/** Seconds of a clock that only moves forward; its origin means nothing. */
double an_clock(void);

#endif
