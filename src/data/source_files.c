/*
 * What a caller names, without classes: files, and all pictures below folders.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "data/endings.h"
#include "data/source.h"

static const an_data_kind files_kind = {
    .name = "files", .read = an_file_item_read, .stamp = an_file_item_stamp};

static alexnet_status add_file(an_data_source *source, char *path)
{
    return an_data_source_add(source, path, path, -1);
}

static alexnet_status add_folder(an_data_source *source, const char *path)
{
    alexnet_status rc;
    an_walk walk = {.takes = an_has_picture_ending};
    AN_TRY(an_walk_below(&walk, path));
    if (walk.files.count == 0) {
        rc = an_fail_no_pictures("", path, &walk.left_out);
        goto cleanup;
    }
    an_endings_join(&source->left_out, &walk.left_out);
    for (int64_t i = 0; i < walk.files.count; i++)
        AN_TRY(add_file(source, an_strdup(walk.files.at[i])));
cleanup:
    an_walk_free(&walk);
    return rc;
}

alexnet_status an_data_source_files(an_data_source **out, const char *const *paths, int64_t count)
{
    AN_CHECK(an_data_source_new(out, &files_kind, ""));
    alexnet_status rc = ALEXNET_OK;
    for (int64_t i = 0; i < count && rc == ALEXNET_OK; i++)
        rc = an_is_folder(paths[i]) ? add_folder(*out, paths[i])
                                    : add_file(*out, an_strdup(paths[i]));
    if (rc != ALEXNET_OK) {
        an_data_source_release(*out);
        *out = NULL;
    }
    return rc;
}
