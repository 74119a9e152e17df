#include "data/picture/endings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"
#include "base/text.h"

const char *const an_picture_endings[] = {".jpg",  ".jpeg", ".jpe",  ".jfif", ".jif",  ".png",
                                          ".webp", ".gif",  ".bmp",  ".tif",  ".tiff", ".heic",
                                          ".heif", ".hif",  ".avif", NULL};

/* What is to be done with files that are not read. */
enum { CONVERT, UNPACK, REMEDIES };
static const struct {
    const char *verb, *rest;
} remedies[REMEDIES] = {
    [CONVERT] = {"convert", " files to JPEG or PNG"},
    [UNPACK] = {"unpack", ""},
};

/* Files that are not read: pictures of other formats, all that Pillow opens among them, and
 * cameras' raw data; archives. Not videos, which phones put beside photographs. Each list has
 * blanks around its words. */
static const char *const unread[REMEDIES] = {
    [CONVERT] =
        " .jp2 .j2k .jpx .jpf .jpc .j2c .jxl .psd .xcf .svg .ico .icns .cur .tga .icb .vda .vst"
        " .dib .jfi .apng .pbm .pgm .ppm .pnm .pfm .qoi .exr .hdr .heics .avifs .dds .fli .flc"
        " .ftc .ftu .gbr .blp .bw .rgb .rgba .sgi .ras .pcx .dcx .pcd .pxr .palm .msp .im .mpo"
        " .xbm .xpm .eps .emf .wmf .fit .fits"
        " .dng .raw .cr2 .cr3 .crw .nef .nrw .arw .sr2 .orf .rw2 .raf .pef .srw .3fr .iiq .x3f ",
    [UNPACK] = " .zip .tar .tgz .gz .bz2 .xz .zst .7z .rar ",
};

/* Whether files with an ending, in any case, have this remedy. */
static bool has_remedy(const char *ending, int remedy)
{
    const char *list = unread[remedy];
    const size_t length = strlen(ending);
    for (const char *word = list + 1; *word; word += strcspn(word, " ") + 1)
        if (length == strcspn(word, " ") && an_text_same_part(word, ending, length))
            return true;
    return false;
}

static bool is_among(const char *const *list, const char *ending)
{
    for (; *list; list++)
        if (an_text_same(*list, ending))
            return true;
    return false;
}

bool an_has_picture_ending(const char *file_name)
{
    return is_among(an_picture_endings, an_ending_of(file_name));
}

bool an_is_archive(const char *file_name)
{
    return has_remedy(an_ending_of(file_name), UNPACK);
}

static int more_first(const void *a, const void *b)
{
    const an_ending_count *x = a, *y = b;
    if ((*x->ending == '*') != (*y->ending == '*')) /* a sum of many, not the most frequent */
        return (*x->ending == '*') - (*y->ending == '*');
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    if (!*x->ending != !*y->ending)
        return !*x->ending - !*y->ending; /* files without an ending come last */
    return strcmp(x->ending, y->ending);
}

an_endings an_endings_sorted(const an_endings *endings)
{
    an_endings sorted = *endings;
    qsort(sorted.row, (size_t)sorted.rows, sizeof *sorted.row, more_first);
    return sorted;
}

/* Append to a text, truncated to `room`. */
static void append(char *out, size_t room, const char *before, const char *text)
{
    size_t length = strlen(out);
    snprintf(out + length, room - length, "%s%s", before, text);
}

const char *an_picture_endings_text(char *out, size_t room)
{
    *out = '\0';
    for (int i = 0; an_picture_endings[i]; i++)
        append(out, room,
               i == 0                      ? ""
               : an_picture_endings[i + 1] ? ", "
                                           : " or ",
               an_picture_endings[i]);
    return out;
}

static const char *row_text(const an_ending_count *row)
{
    switch (*row->ending) {
    case '\0': return "without an ending";
    case AN_ENDING_LINK: return an_text_plural(row->count, "link", "links");
    case AN_ENDING_OTHER:
        return an_text_plural(row->count, "picture beside another of its key",
                              "pictures beside others of their keys");
    case AN_ENDING_IDX: return an_text_plural(row->count, "file of MNIST", "files of MNIST");
    case '*':
        return an_text_plural(row->count, "file with another ending", "files with other endings");
    default: return row->ending;
    }
}

const char *an_endings_text(char *out, size_t room, const an_endings *endings)
{
    enum { SHOWN = 6 };
    const an_endings sorted = an_endings_sorted(endings);
    int64_t rest = endings->total;
    char part[64];
    *out = '\0';
    for (int i = 0; i < sorted.rows && i < SHOWN; i++) {
        const an_ending_count *r = &sorted.row[i];
        if (*r->ending == '*' && i > 0)
            break; /* they are among the others */
        snprintf(part, sizeof part, "%lld %s", (long long)r->count, row_text(r));
        append(out, room, i ? ", " : "", part);
        rest -= r->count;
    }
    if (rest > 0) {
        snprintf(part, sizeof part, ", %lld others", (long long)rest);
        append(out, room, part, "");
    }
    return out;
}

/* "convert .jxl, .psd files to JPEG or PNG", if there are any of them. */
static void add_remedy(char *out, size_t room, const an_endings *endings, int remedy)
{
    bool any = false;
    for (int i = 0; i < endings->rows; i++) {
        if (!has_remedy(endings->row[i].ending, remedy))
            continue;
        if (!any)
            append(out, room, *out ? "; " : "", remedies[remedy].verb);
        append(out, room, any ? ", " : " ", endings->row[i].ending);
        any = true;
    }
    if (any)
        append(out, room, remedies[remedy].rest, "");
}

const char *an_endings_remedy(char *out, size_t room, const an_endings *counts)
{
    const an_endings sorted = an_endings_sorted(counts), *endings = &sorted;
    *out = '\0';
    for (int remedy = 0; remedy < REMEDIES; remedy++)
        add_remedy(out, room, endings, remedy);
    for (int i = 0; i < endings->rows; i++) {
        if (*endings->row[i].ending == '\0')
            append(out, room, *out ? "; " : "",
                   "add .jpg or .png to the names of pictures without an ending");
        if (*endings->row[i].ending == AN_ENDING_LINK)
            append(out, room, *out ? "; " : "",
                   "make archives with tar --dereference --hard-dereference, without links");
        if (*endings->row[i].ending == AN_ENDING_IDX)
            append(out, room, *out ? "; " : "", "give the folder that holds MNIST's files itself");
    }
    return *out ? out : NULL;
}

const char *an_hidden_text(char *out, size_t room, int64_t hidden)
{
    snprintf(out, room, "%lld hidden %s, with a dot before the name or a system's own",
             (long long)hidden, an_text_plural(hidden, "file or folder", "files or folders"));
    return out;
}

alexnet_status an_fail_no_pictures(const char *what, const char *folder, const an_endings *left_out)
{
    char names[128], counts[256], remedy[256];
    an_picture_endings_text(names, sizeof names);
    const char *help = an_endings_remedy(remedy, sizeof remedy, left_out);
    if (left_out->total == 0 && left_out->hidden > 0)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s%s holds no %s file, but %s", what, folder, names,
                       an_hidden_text(counts, sizeof counts, left_out->hidden));
    if (left_out->total == 0)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s%s holds no %s file", what, folder, names);
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s%s holds no %s file, but %s%s%s", what, folder, names,
                   an_endings_text(counts, sizeof counts, left_out), help ? "; " : "",
                   help ? help : "");
}
