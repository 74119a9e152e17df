/*
 * What `bench` measured of a network: the whole step and its layers.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_REPORT_BENCH_H
#define CLI_REPORT_BENCH_H

#include "cli.h"

/** Print it on stdout, as text or as a JSON document. */
void report_bench(const alexnet_bench *bench, bool training, bool json);

#endif
