/*
 * Features (features.h) as the rows of an index of pictures (picture_index.h).
 */
#ifndef AN_INFER_INDEX_FEATURES_H
#define AN_INFER_INDEX_FEATURES_H

#include "infer/features.h"
#include "infer/picture_index.h"

/**
 * Fill in a maker of rows. Its identity has a hash of everything that the rows depend on: the
 * network with its preprocessing, the weights, layers, views, pooling and precision.
 */
alexnet_status an_index_features(an_feature_maker *out, an_features *features);

#endif
