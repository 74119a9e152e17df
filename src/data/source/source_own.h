/*
 * A source of the caller's own, behind callbacks; see alexnet_source in the public header.
 */
#ifndef AN_DATA_SOURCE_SOURCE_OWN_H
#define AN_DATA_SOURCE_SOURCE_OWN_H

#include "data/source/source.h"

/** The description is copied, its texts too; `user` is borrowed until the source is released. */
alexnet_status an_data_source_own(an_data_source **out, alexnet_ctx *ctx,
                                  const alexnet_source *description);

extern const an_data_kind an_own_kind;

#endif
