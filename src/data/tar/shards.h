/*
 * Archives that make up one data set: a .tar file, all .tar files of a folder, or those that a
 * pattern names (pattern.h).
 */
#ifndef AN_DATA_TAR_SHARDS_H
#define AN_DATA_TAR_SHARDS_H

#include "data/tar/tar_set.h"

/**
 * Whether a path leads to archives: a file with the ending of one (even of a compressed one, which
 * is refused when it is opened); a folder with .tar files in it and no folders but ImageNet's
 * devkit; a pattern of such names; FOLDER/train and FOLDER/val, which name the archives of a part
 * (divided.h), FILE.tar/train and FILE.tar/val. A folder whose only archive holds both parts stands
 * for that archive.
 * @param ctx  here and below: it may be NULL
 * @return ALEXNET_ERROR_NO_MEMORY, ALEXNET_ERROR_CANCELLED
 */
alexnet_status an_shards_accept(alexnet_ctx *ctx, const char *path, bool *yes);
/** Whether a folder has archives for training and for validation, as their names say, or an archive
 *  holds both. */
alexnet_status an_shards_divided(alexnet_ctx *ctx, const char *path, bool *yes);
/**
 * Open the archives of a path: those of a folder in the order of their names, those of a pattern in
 * its order; or a part of one.
 * @return ALEXNET_ERROR_INVALID_ARGUMENT for a folder that holds archives of several parts
 */
alexnet_status an_shards_open(an_tar_set *out, alexnet_ctx *ctx, const char *path);

#endif
