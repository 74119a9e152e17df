/*
 * PyTorch's files of tensors (.pth, .pt): of version 1.6 and later, which are zip archives, and
 * those of before.
 *
 *     archive:  ROOT/data.pkl    a pickle, whose tensors name the blocks that they lie in
 *               ROOT/data/KEY    a block of elements
 *               ROOT/byteorder   "little" or "big"; may be absent
 *     before:   pickles of a magic number, a protocol and facts about the machine; the pickle; a
 *               pickle of the list of keys; then for each of these 8 bytes, its number of elements,
 *               and the block, little-endian
 *
 * The weights are the dict of tensors that the pickle is, or that a checkpoint holds under
 * `state_dict` or another usual name; all else in it is passed over. Checksums are not looked at:
 * PyTorch need not write them, and does not look at them either.
 * Source: torch/serialization.py, docs.pytorch.org/docs/stable/notes/serialization.html
 */
#ifndef AN_FORMAT_PTH_H
#define AN_FORMAT_PTH_H

#include "format/pickle.h"

/**
 * The dict of tensors in what a file holds.
 * @param file  its name, for the error
 * @return ALEXNET_ERROR_FORMAT if there is none, or no telling which: the text says what there is
 */
alexnet_status an_pth_weights(const char *file, const an_value *root, const an_value **weights);
/** Read the keys and places of a file's blocks, from `at` on, into the storages of the pickle. */
alexnet_status an_pth_blocks(an_pickle *pickle, const an_section *section, uint64_t at);

#endif
