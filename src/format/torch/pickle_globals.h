/*
 * The names that a pickle may refer to, and the value of each.
 */
#ifndef AN_FORMAT_TORCH_PICKLE_GLOBALS_H
#define AN_FORMAT_TORCH_PICKLE_GLOBALS_H

#include "format/torch/pickle_values.h"

/**
 * The value of a name.
 * @return ALEXNET_ERROR_UNSUPPORTED for one that is refused
 */
alexnet_status an_global_find(an_pickle *pickle, const an_section *section, const char *module,
                              const char *name, an_value **value);
/** The value that a call of a name would give for a tuple of arguments. Nothing is called. */
alexnet_status an_global_call(an_pickle *pickle, const an_section *section, const an_value *callee,
                              const an_value *arguments, an_value **value);
/** The block outside the pickle for an id: ('storage', type, key, location, count, part). */
alexnet_status an_global_storage(an_pickle *pickle, const an_section *section, const an_value *id,
                                 an_value **value);

#endif
