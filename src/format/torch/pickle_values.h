/*
 * The values of a pickle, and their memory.
 */
#ifndef AN_FORMAT_TORCH_PICKLE_VALUES_H
#define AN_FORMAT_TORCH_PICKLE_VALUES_H

#include "format/torch/pickle.h"

/** Values without content, shared by all pickles and never changed. */
extern an_value an_value_none, an_value_other, an_value_mark;

/** Zeroed memory that lives as long as the pickle; counts as a value. NULL: see an_pickle_fail() */
void *an_pickle_alloc(an_pickle *pickle, size_t bytes);
/** The error after an_pickle_alloc() returned NULL: too many values, or out of memory. */
alexnet_status an_pickle_fail(const an_pickle *pickle, const an_section *section);
/** NULL as above. */
an_value *an_value_new(an_pickle *pickle, an_value_kind kind);
/** Add an item to a tuple, list or dict. @return false as above */
bool an_value_add(an_pickle *pickle, an_value *to, const an_value *key, const an_value *value);

#endif
