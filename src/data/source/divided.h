/*
 * Folders that hold the parts train and val as files, such as MNIST's. FOLDER/train and FOLDER/val
 * name these parts, although no such folders exist.
 */
#ifndef AN_DATA_SOURCE_DIVIDED_H
#define AN_DATA_SOURCE_DIVIDED_H

#include "alexnet/alexnet.h"

typedef enum an_part_name { AN_PART_WHOLE, AN_PART_TRAIN, AN_PART_VAL } an_part_name;

/**
 * Split a path into folder and part.
 * @param folder  out, owned: the folder whose files may be meant; NULL: no folder
 * @param part    out, the part that is named; AN_PART_WHOLE: `folder` is the path
 * @return ALEXNET_ERROR_NO_MEMORY
 */
alexnet_status an_divided_path(char **folder, an_part_name *part, const char *path);
/** "train" or "val". */
const char *an_part_word(an_part_name part);
/** The error of a folder that is opened although it has both parts. */
alexnet_status an_divided_fail(const char *path);

#endif
