/*
 * The name of a tensor, taken apart: a prefix that all tensors share ("state_dict.", "model."), or
 * all of a part of the network, the layer's name, and an ending that says whether it is the weight
 * or the bias. A component "module" (DataParallel) is skipped wherever it occurs.
 */
#ifndef AN_MODEL_RECOGNISE_TENSOR_NAME_H
#define AN_MODEL_RECOGNISE_TENSOR_NAME_H

#include <stdbool.h>
#include <stddef.h>

enum { AN_TENSOR_STEM = 256 };

typedef struct an_tensor_name {
    char stem[AN_TENSOR_STEM]; /* prefix and layer */
    size_t length;
    int which; /* 0 weight, 1 bias */
} an_tensor_name;

/** @return false for a name that is neither a weight's nor a bias's, or that is too long */
bool an_tensor_name_parse(an_tensor_name *out, const char *whole);
/**
 * Whether a stem is a prefix followed by this layer.
 * @param layer  a # at its end stands for a number
 * @param prefix out, the length of the prefix if it is
 */
bool an_tensor_name_is_of(const an_tensor_name *name, const char *layer, size_t *prefix);
/** Whether the name of a vector can be that of the bias beside a weight. If the weight's name ends
 * like one, the vector's ends like a bias, and never like a weight, as that of a normalisation
 * does. */
bool an_tensor_name_may_be_bias(const char *vector, const char *weight);
/** Compare names as strcmp() does, but digits as numbers: features.3 comes before features.10. */
int an_tensor_name_compare(const char *a, const char *b);

#endif
