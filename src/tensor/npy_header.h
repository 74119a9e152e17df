/*
 * The header of a .npy array: a dict of three entries, as Python writes it.
 */
#ifndef AN_TENSOR_NPY_HEADER_H
#define AN_TENSOR_NPY_HEADER_H

#include "tensor/tensor.h"

typedef struct an_npy_header {
    char descr[16]; /* "<f4"; "" if it is no string: a record */
    bool fortran;   /* the first index is fastest */
    an_shape shape;
} an_npy_header;

/**
 * @param text  with a zero byte behind it
 * @param why   receives what is wrong, if it returns false
 */
bool an_npy_header_parse(an_npy_header *header, const char *text, const char **why);

/** The bytes that an_npy_header_write() writes: a multiple of 64, as the format asks for. */
enum { AN_NPY_HEADER = 192 };

/**
 * Write what stands before the elements of an array in row-major order, version 1.
 * @param descr  its element type, "<f4"
 */
void an_npy_header_write(char out[AN_NPY_HEADER], const char *descr, an_shape shape);

#endif
