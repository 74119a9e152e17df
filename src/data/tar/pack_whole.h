/*
 * Whether a folder of archives is all of the pack that its manifest describes. A folder without a
 * manifest is no pack, and may hold any archives.
 */
#ifndef AN_DATA_TAR_PACK_WHOLE_H
#define AN_DATA_TAR_PACK_WHOLE_H

#include "alexnet/alexnet.h"

/**
 * Find out what a pack lacks.
 * @param path  what is opened: a folder, or a part of one (divided.h); anything else is no pack
 * @param folder  out, owned: the folder of the pack; NULL if it lacks nothing
 * @param lacks  out, owned: what is missing and what to do, without the folder's name in front;
 *               NULL likewise
 * @return ALEXNET_ERROR_FORMAT for a manifest that is damaged; ALEXNET_ERROR_UNSUPPORTED for one of
 *         another version; ALEXNET_ERROR_IO
 */
alexnet_status an_pack_lacks(char **folder, char **lacks, const char *path);

#endif
