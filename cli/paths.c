#include "paths.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

bool path_exists(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0;
}

bool path_has(const char *folder, const char *name)
{
    char *path = path_join(folder, name);
    const bool has = path_exists(path);
    free(path);
    return has;
}

bool path_is_link(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 && S_ISLNK(info.st_mode);
}

const char *path_kind(mode_t mode)
{
    return S_ISREG(mode)    ? NULL
           : S_ISDIR(mode)  ? "a folder"
           : S_ISLNK(mode)  ? "a link"
           : S_ISFIFO(mode) ? "a pipe"
           : S_ISSOCK(mode) ? "a socket"
                            : "a device";
}

bool path_is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* The first bytes of a regular file. @return how many, 0 if there are none */
static size_t first_bytes(const char *path, unsigned char *bytes, size_t room)
{
    struct stat info;
    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode))
        return 0;
    FILE *file = fopen(path, "rb");
    if (!file)
        return 0;
    size_t got = fread(bytes, 1, room, file);
    fclose(file);
    return got;
}

static bool called_picture(const char *name)
{
    const char *ending, *dot = strrchr(name, '.');
    for (int i = 0; dot && (ending = alexnet_picture_ending(i)); i++)
        if (strcasecmp(dot, ending) == 0)
            return true;
    return false;
}

/* Whether bytes are the first of a .tar, .gz or .zip file. */
static bool begin_archive(const unsigned char *bytes, size_t got)
{
    return (got >= 262 && memcmp(bytes + 257, "ustar", 5) == 0) ||
           (got >= 2 && memcmp(bytes, "\x1F\x8B", 2) == 0) ||
           (got >= 4 && memcmp(bytes, "PK\3\4", 4) == 0);
}

/* Whether bytes are the first of a picture. */
static bool begin_picture(const unsigned char *bytes, size_t got)
{
    static const struct {
        size_t at, length;
        const char *bytes;
    } known[] = {{0, 3, "\xFF\xD8\xFF"}, {0, 4, "\x89PNG"},  {0, 4, "GIF8"},    {8, 4, "WEBP"},
                 {0, 4, "II*\0"},        {0, 4, "MM\0*"},    {4, 7, "ftyphei"}, {4, 7, "ftyphev"},
                 {4, 8, "ftypmif1"},     {4, 8, "ftypmsf1"}, {4, 7, "ftypavi"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (got >= known[i].at + known[i].length &&
            memcmp(bytes + known[i].at, known[i].bytes, known[i].length) == 0)
            return true;
    return false;
}

bool path_is_picture(const char *path)
{
    unsigned char bytes[12];
    return begin_picture(bytes, first_bytes(path, bytes, sizeof bytes)) ||
           (called_picture(path) && !path_is_folder(path));
}

bool path_is_model(const char *path)
{
    return alexnet_format_of(path) != NULL;
}

bool path_ends_in(const char *path, const char *ending)
{
    size_t length = strlen(path), tail = strlen(ending);
    return length > tail && strcasecmp(path + length - tail, ending) == 0;
}

bool path_is_recipe(const char *path)
{
    char bytes[4097];
    size_t got = first_bytes(path, (unsigned char *)bytes, sizeof bytes - 1);
    bytes[got] = '\0';
    for (const char *line = bytes; line; line = strchr(line, '\n')) {
        line += strspn(line, "\n\xEF\xBB\xBF \t\r");
        if (*line == '[')
            return strncmp(line, "[recipe]", 8) == 0;
    }
    return false;
}

char *path_join(const char *folder, const char *name)
{
    size_t length = strlen(folder);
    const char *slash = length && folder[length - 1] == '/' ? "" : "/";
    return cli_format("%s%s%s", folder, slash, name);
}

char *path_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = cli_copy(slash ? path : ".");
    if (slash)
        folder[slash == path ? 1 : slash - path] = '\0';
    return folder;
}

const char *path_last(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *path_name(const char *path)
{
    char *real = realpath(path, NULL);
    const char *whole = real ? real : path;
    const char *slash = strrchr(whole, '/');
    char *name = cli_copy(slash && slash[1] ? slash + 1 : whole);
    free(real);
    return name;
}

char *path_unused(const char *stem)
{
    for (int n = 1;; n++) {
        char *path = cli_format("%s-%d", stem, n);
        if (!path_exists(path))
            return path;
        free(path);
    }
}

int path_new_folder(char **out, const char *stem)
{
    char *parent = cli_copy(stem), *slash = strrchr(parent, '/');
    *out = NULL;
    if (slash)
        *slash = '\0';
    int code = slash ? path_make_folder(parent) : CLI_DONE;
    free(parent);
    while (code == CLI_DONE && !*out) {
        *out = path_unused(stem);
        if (mkdir(*out, 0777) == 0)
            break;
        if (errno != EEXIST) /* another process may have been quicker */
            code = cli_error(CLI_FAILED, "cannot make the folder %s: %s", *out, strerror(errno));
        free(*out);
        *out = NULL;
    }
    return code;
}

int path_make_folder(const char *path)
{
    char *part = cli_copy(path);
    int code = CLI_DONE;
    for (char *c = part + 1; code == CLI_DONE; c++) {
        char kept = *c;
        if (kept && kept != '/')
            continue;
        *c = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            code = cli_error(CLI_FAILED, "cannot make the folder %s: %s", part, strerror(errno));
        *c = kept;
        if (!kept)
            break;
    }
    free(part);
    if (code == CLI_DONE && !path_is_folder(path))
        return cli_error(CLI_FAILED, "%s exists and is not a folder", path);
    return code;
}

/* Why a stream with this beginning is not a list; NULL if it may be one. */
static const char *why_not_list(const char *line, size_t length)
{
    if (length >= 2 && (memcmp(line, "\xFF\xFE", 2) == 0 || memcmp(line, "\xFE\xFF", 2) == 0))
        return "the list of pictures is UTF-16 text; save it as UTF-8";
    if (begin_picture((const unsigned char *)line, length))
        return "standard input holds a picture; - reads a list of paths, one on each line";
    if (begin_archive((const unsigned char *)line, length))
        return "standard input holds an archive; - reads a list of paths, one on each line, such "
               "as that of a .tar file";
    return NULL;
}

/* Add a name. A carriage return at its end belongs to a Windows line end, unless there is a file
 * with exactly this name. */
static void add_name(string_list *list, const char *text)
{
    char *name = cli_copy(text);
    const size_t length = strlen(name);
    if (length > 0 && name[length - 1] == '\r' && !path_exists(name))
        name[length - 1] = '\0';
    if (name[strspn(name, "\n")])
        string_list_add(list, name);
    else
        free(name);
}

/* Read a stream to its end, with a zero byte after it, but only its beginning if that is not a
 * list.
 * @param wrong  out: why it is not one, or NULL */
static char *read_list(FILE *stream, size_t *length, const char **wrong)
{
    size_t room = 1 << 16;
    char *text = cli_alloc(room);
    *length = 0;
    *wrong = NULL;
    for (size_t got; !*wrong && (got = fread(text + *length, 1, room - 1 - *length, stream)) > 0;) {
        if (*length == 0)
            *wrong = why_not_list(text, got);
        *length += got;
        if (*length == room - 1)
            text = cli_realloc(text, room *= 2);
    }
    text[*length] = '\0';
    return text;
}

int paths_read(string_list *list, FILE *stream)
{
    size_t length;
    const char *wrong;
    char *text = read_list(stream, &length, &wrong);
    const bool zeros = memchr(text, '\0', length) != NULL; /* names may then have line ends */
    size_t at = strncmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    while (!wrong && at < length) {
        char *name = text + at;
        char *end = zeros ? name + strlen(name) : name + strcspn(name, "\n");
        *end = '\0';
        add_name(list, name);
        at = (size_t)(end - text) + 1;
    }
    free(text);
    if (wrong)
        return cli_error(CLI_BAD_INPUT, "%s", wrong);
    if (ferror(stream))
        return cli_error(CLI_BAD_INPUT, "cannot read the list of pictures: %s", strerror(errno));
    return CLI_DONE;
}
