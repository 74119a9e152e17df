/*
 * Matrices of dissimilarities: their comparison, and the files that 'rdm' writes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_RDM_H
#define CLI_RDM_H

#include "machine.h"

/** Print how alike the matrices of two files are. @return an exit code, as all here */
int rdm_compare(char **files, alexnet_rank rank, const machine_options *machine);

/**
 * Read a matrix from a table: numbers alone, or with headings, with or without names; or a row or
 * column of those above the diagonal.
 * @param count  out: pictures
 * @param rdm    out, [count][count]: to be freed, also after a failure
 * @param names  out: of the rows, if there are any; added to
 */
int rdm_read_table(const char *path, int64_t *count, double **rdm, string_list *names);

/** A matrix of n pictures, as a NumPy array of float64. */
int rdm_write_array(const char *path, const double *rdm, int64_t n);
/** The same as CSV, with the names of the pictures. */
int rdm_write_csv(const char *path, const double *rdm, const string_list *names);
/** PREFIX.names.txt: a picture on each line. */
int rdm_write_names(const char *prefix, const string_list *names);

#endif
