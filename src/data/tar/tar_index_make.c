#include "base/alloc.h"
#include "base/status.h"
#include "data/tar/tar_build.h"

alexnet_status an_tar_index_build(an_tar_index *out, an_reader *reader, an_work *work)
{
    an_tar_builder b = {.index = out, .work = work};
    alexnet_status rc;
    *out = (an_tar_index){0};
    AN_TRY(an_tar_walk(&b, reader));
    AN_TRY(an_tar_drop_replaced(&b));
    if (b.keys.list.count > 0)
        AN_TRY(an_tar_join(&b));
    out->folders = b.folders.list;
    out->labels = b.labels.list;
    b.folders.list = b.labels.list = (an_strings){0};
cleanup:
    an_interned_free(&b.folders);
    an_interned_free(&b.labels);
    an_interned_free(&b.keys);
    an_free(b.keyed);
    an_free(b.packed);
    if (rc != ALEXNET_OK)
        an_tar_index_free(out);
    return rc;
}
