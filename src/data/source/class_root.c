#include "data/source/class_root.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/status.h"
#include "base/text.h"
#include "data/picture/endings.h"

bool an_are_parts(const an_strings *names)
{
    static const char *const parts[] = {"train",      "training", "val",     "valid",
                                        "validation", "test",     "testing", "dev"};
    int64_t found = 0;
    for (int64_t i = 0; i < names->count; i++)
        for (size_t j = 0; j < sizeof parts / sizeof *parts; j++)
            found += an_text_same(names->at[i], parts[j]);
    return found > 1 && found == names->count;
}

bool an_have_train_and_val(const an_strings *folders)
{
    return an_strings_have(folders, "train") && an_strings_have(folders, "val");
}

int64_t an_count_pictures(const an_strings *files, an_endings *others)
{
    int64_t pictures = 0;
    for (int64_t i = 0; i < files->count; i++)
        if (an_has_picture_ending(files->at[i]))
            pictures++;
        else
            an_endings_add(others, files->at[i]);
    return pictures;
}

/* The first file whose ending is not among those that are counted by name; NULL: none. */
static const char *with_other_ending(const an_strings *files, const an_endings *counted)
{
    for (int64_t i = 0; i < files->count; i++) {
        an_endings one = {0};
        bool named = false;
        an_endings_add(&one, files->at[i]);
        for (int k = 0; k < counted->rows && *one.row[0].ending != '*'; k++)
            named = named || strcmp(counted->row[k].ending, one.row[0].ending) == 0;
        if (!named)
            return files->at[i];
    }
    return NULL;
}

/* A root without class folders: say what it holds instead. */
static alexnet_status fail_no_classes(const an_folder *root, const char *path)
{
    an_endings others = {0};
    char counts[256];
    int64_t pictures = an_count_pictures(&root->files, &others);
    if (pictures > 0)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s holds %lld %s but no class folders; put the pictures of each class "
                       "into a folder of its own, named after the class",
                       path, (long long)pictures, an_text_plural(pictures, "picture", "pictures"));
    if (an_strings_have(&root->files, "last.safetensors") ||
        an_strings_have(&root->files, "recipe.ini"))
        return AN_FAIL(
            ALEXNET_ERROR_FORMAT,
            "%s is the folder of a training run, not of pictures; to continue the run, resume it",
            path);
    if (others.total == 0 && root->hidden > 0)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s holds nothing but %s; a folder of pictures is expected in it for each "
                       "class",
                       path, an_hidden_text(counts, sizeof counts, root->hidden));
    if (others.total == 0)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s is empty; a folder of pictures is expected in it for each class", path);
    const char *other = with_other_ending(&root->files, &others);
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "%s holds no folders, but %s%s%s; a folder of pictures is expected in it for "
                   "each class",
                   path, an_endings_text(counts, sizeof counts, &others),
                   !other              ? ""
                   : others.total == 1 ? ", "
                                       : ", among them ",
                   other ? other : "");
}

/* A dangling link may be a class on a disk that is not mounted; without it, a network would learn
 * only the other classes. */
static alexnet_status check_links(const an_folder *root, const char *path, an_work *work)
{
    for (int64_t i = 0; i < root->files.count; i++) {
        struct stat info;
        AN_CHECK(an_work_add(work, 0));
        char *name = an_path_join(path, root->files.at[i]);
        if (!name)
            return AN_FAIL_MEMORY(strlen(path), "a path");
        alexnet_status rc = ALEXNET_OK;
        if (!an_has_picture_ending(name) && stat(name, &info) != 0)
            rc = AN_FAIL(ALEXNET_ERROR_IO,
                         "the link %s leads nowhere: %s; if it is a class, restore its target, "
                         "else remove it",
                         name, strerror(errno));
        an_free(name);
        AN_CHECK(rc);
    }
    return ALEXNET_OK;
}

/* The folders of a root that are parts of a data set and not called train and val. In byte order
 * the one to validate with comes after the one to train on, and the one to test before it. */
static alexnet_status fail_parts(const an_strings *names, const char *path)
{
    const char *const *at = (const char *const *)names->at;
    int64_t train = 0;
    while (train < names->count && !an_text_same_part(at[train], "train", 5))
        train++;
    if (train == names->count)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "%s holds the folders %s and %s, which are not classes; open one of them",
                       path, at[0], at[1]);
    const char *val = train + 1 < names->count ? at[train + 1] : at[0];
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                   "%s holds the folders %s and %s, which are not classes; call them train and "
                   "val, or open each on its own: %s as `train`, %s as `val`",
                   path, at[0], at[1], at[train], val);
}

alexnet_status an_class_root_check(const an_folder *root, const char *path, an_work *work)
{
    AN_CHECK(check_links(root, path, work));
    if (an_have_train_and_val(&root->folders))
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "%s holds the folders train and val; open one of them", path);
    if (an_are_parts(&root->folders))
        return fail_parts(&root->folders, path);
    if (root->folders.count == 0)
        return fail_no_classes(root, path);
    if (root->folders.count > INT32_MAX)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s has too many class folders", path);
    return ALEXNET_OK;
}
