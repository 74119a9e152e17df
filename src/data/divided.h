/*
 * Folders whose files are the parts train and val, as those of MNIST. FOLDER/train and FOLDER/val
 * name these parts, although there are no folders of these names.
 */
#ifndef AN_DATA_DIVIDED_H
#define AN_DATA_DIVIDED_H

#include "alexnet/alexnet.h"

typedef enum an_part_name { AN_PART_WHOLE, AN_PART_TRAIN, AN_PART_VAL } an_part_name;

/**
 * Take a path apart.
 * @param folder  out, owned: the folder whose files may be meant; NULL: nothing is there
 * @param part    out, the part that is named; AN_PART_WHOLE: `folder` is the path
 * @return ALEXNET_ERROR_NO_MEMORY
 */
alexnet_status an_divided_path(char **folder, an_part_name *part, const char *path);
/** "train" or "val". */
const char *an_part_word(an_part_name part);
/** The error of a folder that is opened although it has both parts. */
alexnet_status an_divided_fail(const char *path);

#endif
