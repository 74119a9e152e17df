/*
 * The header of a .npy array: a dict of three entries, as Python writes it.
 */
#ifndef AN_TENSOR_NPY_HEADER_H
#define AN_TENSOR_NPY_HEADER_H

#include "tensor/tensor.h"

typedef struct an_npy_header {
    char descr[16]; /* "<f4"; "" for a record, which is described by a list */
    bool fortran;   /* column-major: the first index is fastest */
    an_shape shape;
} an_npy_header;

/**
 * @param text  the dict, ending with a zero byte
 * @param why   out, what is wrong, if the result is false
 */
bool an_npy_header_parse(an_npy_header *header, const char *text, const char **why);

/** The bytes that an_npy_header_write() writes: a multiple of 64, as the format requires. */
enum { AN_NPY_HEADER = 192 };

/**
 * Write the header of an array in row-major order, format version 1.
 * @param descr  its element type, "<f4"
 */
void an_npy_header_write(char out[AN_NPY_HEADER], const char *descr, an_shape shape);

#endif
