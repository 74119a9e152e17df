/*
 * How long the threads of OpenMP turn on the spot before they sleep.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_WAITING_H
#define CLI_WAITING_H

/**
 * Bound the spinning, unless the user's environment says something about it. By default libgomp's
 * threads spin for milliseconds. That is harmless on a machine of our own; where the CPUs are
 * shared, with our decoding threads to begin with, it takes them from those that have work: on two
 * busy cores an epoch of the demo took 15 to 36 s in place of 8.5 (docs/performance-diary.md).
 * libgomp reads its environment before main(), so the program starts itself once more.
 */
void waiting_bound(char **argv);

#endif
