#ifndef AN_BASE_CLOCK_H
#define AN_BASE_CLOCK_H

/** Seconds of a clock that only moves forward, from an arbitrary origin. */
double an_clock(void);

/** Sort the values and return their median: for an even count, the mean of the two in the middle.
 * @param count  at least 1 */
double an_median(double *values, int count);

#endif
