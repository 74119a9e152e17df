/*
 * Whether the file of an LMDB can be read with its library, which trusts it: it maps the file, and
 * a page number, a size or a place that leads out of the file ends the process (SIGBUS), as does
 * what the library asserts.
 */
#ifndef AN_DATA_SOURCE_STORE_LMDB_CHECK_H
#define AN_DATA_SOURCE_STORE_LMDB_CHECK_H

#include "base/reader.h"

/**
 * Check data.mdb: its header, and each page of the tree of keys, once. Pages that hold only the
 * rest of a large value are not read: they must only be there.
 * @return ALEXNET_ERROR_FORMAT, _UNSUPPORTED (keys of another kind), _NO_MEMORY, _IO
 */
alexnet_status an_lmdb_check(an_reader *file);

#endif
