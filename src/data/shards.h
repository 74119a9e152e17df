/*
 * Archives that make up one data set: a .tar file, all those of a folder, or those that a pattern
 * names: `{000..146}` counts, with zeros in front where the first number has them, and `{a,b}` is
 * each of its words.
 */
#ifndef AN_DATA_SHARDS_H
#define AN_DATA_SHARDS_H

#include "base/strings.h"
#include "data/divided.h"

enum { AN_SHARDS_MAX = 100000 };

/** Whether a name has a pattern in it. */
bool an_is_pattern(const char *path);
/** Replace a pattern by what it stands for. @return ALEXNET_ERROR_INVALID_ARGUMENT */
alexnet_status an_pattern_expand(an_strings *out, const char *pattern);

/**
 * Whether a path leads to archives: a file called so, also a compressed one, which is then refused;
 * a folder with .tar files in it and no folders but ImageNet's devkit; a pattern of such names;
 * FOLDER/train and FOLDER/val, which name the archives of a part (divided.h), FILE.tar/train and
 * FILE.tar/val.
 * @return ALEXNET_ERROR_NO_MEMORY
 */
alexnet_status an_shards_accept(const char *path, bool *yes);
/** Whether a folder has archives for training and for validation, as their names say, or an archive
 *  holds both. */
alexnet_status an_shards_divided(const char *path, bool *yes);
/**
 * Take FILE.tar/train or FILE.tar/val apart, which name a part of an archive that holds both.
 * @param archive  out, owned: FILE.tar; NULL: the path is no such
 */
alexnet_status an_archive_part(char **archive, an_part_name *part, const char *path);
/**
 * The paths of the archives, in the order of their names.
 * @return ALEXNET_ERROR_INVALID_ARGUMENT for a folder that holds archives of several parts
 */
alexnet_status an_shards_list(an_strings *out, const char *path);

#endif
