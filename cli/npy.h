/*
 * Headers of NumPy's arrays (.npy).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CLI_NPY_H
#define CLI_NPY_H

#include <stdint.h>

/** Bytes of a header: a multiple of 64, as the format asks for, with room for any shape. */
enum { NPY_HEADER = 192 };

/**
 * Write the header of an array in C order, in version 1.0 of the format.
 * @param descr  the type of the elements, "<f4" or "<f8"
 */
void npy_header(char out[NPY_HEADER], const char *descr, int rank, const int64_t *shape);

#endif
