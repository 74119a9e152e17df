/*
 * Archives that make up one data set: a .tar file, all .tar files of a folder, or those that a
 * pattern names (pattern.h).
 */
#ifndef AN_DATA_TAR_SHARDS_H
#define AN_DATA_TAR_SHARDS_H

#include "base/context.h"
#include "base/strings.h"
#include "data/source/divided.h"

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
 * Split FILE.tar/train or FILE.tar/val, which name a part of an archive that holds both, or
 * FOLDER/train or FOLDER/val, if FILE.tar is the folder's only archive and holds both.
 * @param archive  out, owned: FILE.tar; NULL if the path is not of this form
 */
alexnet_status an_archive_part(char **archive, an_part_name *part, alexnet_ctx *ctx,
                               const char *path);
/**
 * The paths of the archives: those of a folder in the order of their names, those of a pattern in
 * its order.
 * @return ALEXNET_ERROR_INVALID_ARGUMENT for a folder that holds archives of several parts
 */
alexnet_status an_shards_list(an_strings *out, alexnet_ctx *ctx, const char *path);

#endif
