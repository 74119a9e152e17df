#include "rdm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "csv.h"
#include "feature_store.h"
#include "files.h"
#include "npy.h"

int rdm_write_array(const char *path, const double *rdm, int64_t n)
{
    file_output out;
    char head[NPY_HEADER];
    int code = file_begin(&out, path);
    if (code != CLI_DONE)
        return code;
    npy_header(head, "<f8", 2, (const int64_t[]){n, n});
    fwrite(head, 1, sizeof head, out.file);
    fwrite(rdm, sizeof *rdm, (size_t)(n * n), out.file);
    return file_end(&out, CLI_DONE);
}

int rdm_write_csv(const char *path, const double *rdm, const string_list *names)
{
    file_output out;
    const size_t n = names->count;
    int code = file_begin(&out, path);
    if (code != CLI_DONE)
        return code;
    fputs("file", out.file);
    for (size_t i = 0; i < n; i++) {
        fputc(',', out.file);
        csv_text(out.file, names->items[i]);
    }
    fputc('\n', out.file);
    for (size_t i = 0; i < n; i++) {
        csv_text(out.file, names->items[i]);
        for (size_t j = 0; j < n; j++)
            if (isnan(rdm[i * n + j]))
                fputs(",NaN", out.file); /* without the sign that printf() would show */
            else
                fprintf(out.file, ",%.17g", rdm[i * n + j]);
        fputc('\n', out.file);
    }
    return file_end(&out, CLI_DONE);
}

int rdm_write_names(const char *prefix, const string_list *names)
{
    file_output out;
    char *path = cli_format("%s.names.txt", prefix);
    int code = file_begin(&out, path);
    free(path);
    if (code != CLI_DONE)
        return code;
    for (size_t i = 0; i < names->count; i++) {
        char *line = feature_name_escape(names->items[i]);
        fprintf(out.file, "%s\n", line);
        free(line);
    }
    return file_end(&out, CLI_DONE);
}
