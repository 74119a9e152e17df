/*
 * How long OpenMP's threads spin before they sleep.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_WAITING_H
#define CLI_WAITING_H

/**
 * Limit the spinning, unless the user's environment sets it. By default libgomp's threads spin for
 * milliseconds. That is harmless on an otherwise idle machine. Where the CPUs are shared, even just
 * with our own decoding threads, it takes time from threads that have work: on two busy cores an
 * epoch of the demo took 15 to 36 s instead of 8.5 (docs/performance-diary.md). libgomp reads its
 * environment before main(), so the program executes itself once more.
 */
void waiting_bound(char **argv);

#endif
