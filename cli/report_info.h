/*
 * How `info` shows networks.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_REPORT_INFO_H
#define CLI_REPORT_INFO_H

#include "cli.h"
#include "json.h"

/** Sums over the layers of a network. */
typedef struct info_totals {
    int64_t parameters, mult_adds, neurons, activation_bytes;
} info_totals;

info_totals info_sum(const alexnet_network *network);
/** Outputs of the last layer: the number of classes. */
int info_classes(const alexnet_network *network);

/** Print one network: its structure, a row per layer, the sums. */
void report_info(const alexnet_network *network);
/** Print what a model has besides its network: classes, preprocessing, provenance. */
void report_model(const alexnet_model *model);
/**
 * Print several side by side: rows are layers of the same name, a group of columns for each.
 * @param names  what the user calls them: two runs may have the same network
 */
void report_info_compared(const alexnet_network *const *networks, const char *const *names,
                          int count);
/** The document of `info --json`. @param model  the model that the network belongs to, or NULL */
json_t *report_info_json(const alexnet_network *network, const alexnet_model *model);

#endif
