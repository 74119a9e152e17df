/*
 * PyTorch's files of tensors (.pth, .pt): zip archives since version 1.6, and the older form.
 *
 *     archive:  ROOT/data.pkl    a pickle, whose tensors name the blocks that hold them
 *               ROOT/data/KEY    a block of elements
 *               ROOT/byteorder   "little" or "big"; may be absent
 *     before:   pickles of a magic number, a protocol and facts about the machine; the pickle; a
 *               pickle of the list of keys; then for each key its number of elements, in 8 bytes,
 *               and the block, little-endian
 *
 * The weights are the dict of tensors that the pickle is, or that a checkpoint holds under
 * `state_dict` or another usual name; everything else in it is ignored. Checksums are not checked:
 * PyTorch does not have to write them, and does not check them either.
 * Source: torch/serialization.py, docs.pytorch.org/docs/stable/notes/serialization.html
 */
#ifndef AN_FORMAT_TORCH_PTH_H
#define AN_FORMAT_TORCH_PTH_H

#include "format/torch/pickle.h"

/**
 * Find the dict of tensors in the value that a file holds.
 * @param file  its name, for the error
 * @return ALEXNET_ERROR_FORMAT if there is none, or the choice is unclear: the text lists
 *         the entries
 */
alexnet_status an_pth_weights(const char *file, const an_value *root, const an_value **weights);
/** Find the blocks of a file from before 1.6, from `at` on, for the storages of the pickle. */
alexnet_status an_pth_blocks(an_pickle *pickle, const an_section *section, uint64_t at);

#endif
