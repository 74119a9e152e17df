/*
 * The list of classes in ImageNet's development kit, meta.mat: a MATLAB file of level 5 ("MAT-File
 * Format", The MathWorks), little-endian, compressed or not, with an array of structures `synsets`
 * that have the fields ILSVRC2012_ID, a number, and WNID, an identifier. Nothing else is read.
 */
#ifndef AN_DATA_TAR_META_MAT_H
#define AN_DATA_TAR_META_MAT_H

#include <stddef.h>

#include "alexnet/alexnet.h"

/**
 * The identifiers with their numbers, as lines "n02119789 1".
 * @param text  owned
 * @param name  of the file, for errors
 * @return ALEXNET_ERROR_FORMAT for any other file
 */
alexnet_status an_meta_mat_parse(char **text, const unsigned char *bytes, size_t length,
                                 const char *name);

#endif
