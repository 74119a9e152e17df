/*
 * Features (features.h) as what an index of pictures holds (picture_index.h).
 */
#ifndef AN_INFER_INDEX_FEATURES_H
#define AN_INFER_INDEX_FEATURES_H

#include "infer/features.h"
#include "infer/picture_index.h"

/**
 * What makes the rows of an index. Its identity is a hash of everything that they depend on: the
 * network with its preprocessing, the weights, layers, views, pooling and precision.
 */
alexnet_status an_index_features(an_feature_maker *out, an_features *features);

#endif
