/*
 * The contact sheet of `alexnet similar`: one HTML file without scripts, which names the pictures
 * by their path from the page's own folder.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "paths.h"
#include "similar.h"

static const char style[] =
    ".row { display: flex; flex-wrap: wrap; gap: 8px; padding: 8px 0; border-top: 1px solid #ddd "
    "}\n"
    "figure { margin: 0; width: 150px }\n"
    "figure:first-child { margin-right: 24px }\n"
    "img { width: 150px; height: 150px; object-fit: cover; background: #eee; display: block }\n"
    "figcaption { overflow-wrap: anywhere }\n"
    ".d { color: #777 }\n";

/* The real path of the folder of a path, with a slash at its end; NULL if it does not exist. Owned
 * by the caller. */
static char *real_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? cli_format("%.*s", (int)(slash - path + 1), path) : cli_copy(".");
    char *real = realpath(folder, NULL), *out = NULL;
    if (real)
        out = cli_format("%s%s", real, strcmp(real, "/") == 0 ? "" : "/");
    free(real);
    free(folder);
    return out;
}

/* The relative path from the page to a picture: up to the folder that both share, and down again.
 */
static void put_way(const similar_page *page, const char *path)
{
    char *from = real_folder(page->path), *to = real_folder(path);
    size_t same = 0;
    for (size_t i = 0; from && to && from[i] && from[i] == to[i]; i++)
        if (from[i] == '/')
            same = i + 1;
    if (from && to) {
        for (const char *c = from + same; *c; c++)
            if (*c == '/')
                fputs("../", page->file);
        if (from[same] == '\0' && to[same] == '\0')
            fputs("./", page->file); /* else a name with a colon could be taken for a scheme */
        html_url(page->file, to + same);
        html_url(page->file, path_last(path));
    } else {
        html_url(page->file, path);
    }
    free(from);
    free(to);
}

void similar_page_begin(const similar_page *page, const char *title)
{
    if (page->file)
        html_begin(page->file, title, style);
}

void similar_page_row_begin(const similar_page *page)
{
    if (page->file)
        fputs("<div class=\"row\">\n", page->file);
}

void similar_page_row_end(const similar_page *page)
{
    if (page->file)
        fputs("</div>\n", page->file);
}

void similar_page_picture(const similar_page *page, const char *path, double distance)
{
    if (!page->file)
        return;
    fputs("<figure><a href=\"", page->file);
    put_way(page, path);
    fputs("\"><img loading=\"lazy\" alt=\"\" src=\"", page->file);
    put_way(page, path);
    fputs("\"></a><figcaption>", page->file);
    if (distance >= 0)
        fprintf(page->file, "<span class=\"d\">%.4g</span> ", distance);
    html_text(page->file, path);
    fputs("</figcaption></figure>\n", page->file);
}

void similar_page_end(const similar_page *page)
{
    if (page->file)
        html_end(page->file);
}
