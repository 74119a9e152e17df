#include <string.h>

#include "base/alloc.h"
#include "base/files.h"
#include "base/interned.h"
#include "base/status.h"
#include "base/text.h"
#include "data/source/names.h"
#include "data/tar/tar_set.h"

enum { CLASSES_FILE_MAX = 64 << 20 };

/* "folder/classes.txt" of an archive's folder; owned, NULL if out of memory. */
static char *path_beside(const char *archive)
{
    return an_format("%.*s%s", (int)an_path_folder(archive), archive, AN_TAR_CLASSES);
}

/* The lines of a text, without the carriage returns of Windows or empty lines at the end. */
static alexnet_status read_lines(an_interned *out, char *text, const char *path)
{
    char *next;
    int64_t index;
    for (char *line = text; *line; line = next) {
        size_t length = strcspn(line, "\n");
        next = line[length] ? line + length + 1 : line + length;
        length -= length > 0 && line[length - 1] == '\r';
        line[length] = '\0';
        const int64_t number = out->list.count + 1;
        if (length == 0 && next[strspn(next, "\r\n")] == '\0')
            break;
        const char *fault = length ? an_text_fault(line) : "is empty";
        if (fault || number > AN_NAMES_MAX)
            return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s, line %lld: the name of a class %s", path,
                           (long long)number, fault ? fault : "is one too many");
        AN_CHECK(an_interned_add(out, line, &index));
        if (index + 1 != number)
            return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s names %s twice, in lines %lld and %lld", path,
                           line, (long long)index + 1, (long long)number);
    }
    return ALEXNET_OK;
}

static alexnet_status read_names(an_interned *out, const char *path)
{
    unsigned char *text;
    size_t length;
    AN_CHECK(an_file_read(path, CLASSES_FILE_MAX, &text, &length));
    const size_t mark = length >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    alexnet_status rc = memchr(text, 0, length)
                            ? AN_FAIL(ALEXNET_ERROR_FORMAT, "%s has a zero byte in it", path)
                            : read_lines(out, (char *)text + mark, path);
    an_free(text);
    return rc;
}

/* Whether class k is called k. */
static bool are_numbers(const an_strings *names)
{
    for (int64_t i = 0; i < names->count; i++) {
        char number[24];
        an_print_in(number, sizeof number, "%lld", (long long)i);
        if (strcmp(number, names->at[i]) != 0)
            return false;
    }
    return true;
}

static alexnet_status take_names(an_tar_set *set, const char *path)
{
    an_interned names = {0};
    alexnet_status rc;
    AN_TRY(read_names(&names, path));
    if (names.list.count < set->classes.count)
        AN_TRY(AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s names %lld classes, and the archives have labels up to %lld, counted "
                       "from 0",
                       path, (long long)names.list.count, (long long)set->classes.count - 1));
    an_strings_free(&set->classes);
    set->classes = names.list;
    names.list = (an_strings){0};
    set->numbered = are_numbers(&set->classes);
cleanup:
    an_interned_free(&names);
    return rc;
}

alexnet_status an_tar_set_name_classes(an_tar_set *set)
{
    bool there;
    if (!set->numbered)
        return ALEXNET_OK;
    char *path = path_beside(set->paths.at[0]);
    if (!path)
        return AN_FAIL_MEMORY(strlen(set->paths.at[0]), "a path");
    alexnet_status rc = an_file_exists(path, &there);
    if (rc == ALEXNET_OK && there)
        rc = take_names(set, path);
    an_free(path);
    return rc;
}
