/*
 * The names of the files of an index (picture_index.h), "<identity>-<number>-<unique>.safetensors",
 * which let several programs and threads build one index at once without locks:
 *
 *     unique   16 random hexadecimal digits: two builders never write the same file
 *     number   greater than that of every file that the builder has found. Of two files with a row
 *              for the same picture the one with the greater name counts, for every builder. So a
 *              file is only removed while one with a greater name has its rows, and of the files
 *              that hold a row the last always stays
 *
 * A builder that finds a file removed computes what it held, or takes it from the other's files.
 * Files without `unique`, of earlier versions, are read too.
 */
#ifndef AN_INFER_INDEX_FILES_H
#define AN_INFER_INDEX_FILES_H

#include <stdbool.h>

#include "alexnet/alexnet.h"

/** @return the number of an index's file with this identity; -1 for any other name */
int an_index_file_number(const char *identity, const char *name);

/** The path of a new file, owned by the caller. */
alexnet_status an_index_file_new(char **path, const char *home, const char *identity, int number);

/** Whether a file is the unfinished file of a builder that was killed: it has not changed for a
 * day. */
bool an_index_file_is_left(const char *home, const char *identity, const char *name);

/** Make the folder of an index if it is absent, and check that files can be made in it. */
alexnet_status an_index_home_check(const char *home, const char *identity);

#endif
