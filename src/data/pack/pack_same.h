/*
 * Describes the data and options of a pack for its manifest, and compares an existing manifest with
 * them.
 */
#ifndef AN_DATA_PACK_PACK_SAME_H
#define AN_DATA_PACK_PACK_SAME_H

#include <jansson.h>

#include "data/pack/pack.h"

/** New references; NULL if out of memory. */
json_t *an_pack_describe_pictures(const alexnet_pack_options *options);
json_t *an_pack_describe_order(const alexnet_pack_options *options);
json_t *an_pack_describe_classes(const alexnet_dataset *data);
json_t *an_pack_describe_source(const an_pack_part *part);

/**
 * Compare with a manifest, whose path is `name`.
 * @return ALEXNET_ERROR_INVALID_ARGUMENT if they differ; the text says in what, naming members of
 *         alexnet_pack_options
 */
alexnet_status an_pack_same_options(const json_t *manifest, const alexnet_pack_options *options,
                                    const char *name);
alexnet_status an_pack_same_classes(const json_t *classes, const alexnet_dataset *data,
                                    const char *name);
alexnet_status an_pack_same_parts(size_t parts, const alexnet_pack *pack, const char *name);
alexnet_status an_pack_same_source(const json_t *source, const an_pack_part *part,
                                   const char *name);

#endif
