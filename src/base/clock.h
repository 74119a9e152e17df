#ifndef AN_BASE_CLOCK_H
#define AN_BASE_CLOCK_H

/** Seconds of a clock that only moves forward; its origin means nothing. */
double an_clock(void);

/** The median of measured times, which are sorted; of an even number, the mean of the two in the
 * middle. */
double an_median(double *values, int count);

#endif
