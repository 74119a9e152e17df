#include "speed/jpeg_alone.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <jpeglib.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/threads.h"
#include "data/picture/picture.h"

typedef struct pile {
    const an_jpeg_file *files;
    int64_t count;
    atomic_llong next;
    atomic_bool failed; /* memory was short */
} pile;

typedef struct decoder {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    unsigned char *pixels;
    size_t room;
} decoder;

bool an_is_jpeg(const unsigned char *bytes, size_t length)
{
    return length > 3 && memcmp(bytes, "\xFF\xD8\xFF", 3) == 0;
}

static void on_error(j_common_ptr jpeg)
{
    longjmp(((decoder *)jpeg->client_data)->escape, 1);
}

static void on_message(j_common_ptr jpeg, int level)
{
    (void)jpeg;
    (void)level;
}

/* The library itself would decode any number of scans of a progressive file. */
static void on_progress(j_common_ptr jpeg)
{
    enum { SCANS_MAX = 100 };
    decoder *d = jpeg->client_data;
    if (d->jpeg.input_scan_number > SCANS_MAX)
        longjmp(d->escape, 1);
}

static bool make_room(decoder *d, size_t bytes)
{
    if (bytes <= d->room)
        return true;
    an_free(d->pixels);
    d->pixels = an_malloc(bytes);
    d->room = d->pixels ? bytes : 0;
    return d->pixels != NULL;
}

/* Decode with the library's defaults, as in the loader, which refuses pictures that are too large
 * too. @return false if memory is short */
static bool decode(decoder *d, const an_jpeg_file *file)
{
    if (setjmp(d->escape)) {
        jpeg_abort_decompress(&d->jpeg);
        return true;
    }
    jpeg_mem_src(&d->jpeg, file->bytes, file->length);
    jpeg_read_header(&d->jpeg, TRUE);
    if (!an_picture_size_fits(d->jpeg.image_width, d->jpeg.image_height)) {
        jpeg_abort_decompress(&d->jpeg);
        return true;
    }
    if (d->jpeg.num_components != 4)
        d->jpeg.out_color_space = JCS_RGB;
    jpeg_start_decompress(&d->jpeg);
    const size_t row = (size_t)d->jpeg.output_width * (size_t)d->jpeg.output_components;
    const bool room = make_room(d, row * d->jpeg.output_height);
    while (room && d->jpeg.output_scanline < d->jpeg.output_height) {
        JSAMPROW rows[16];
        for (size_t i = 0; i < 16; i++) {
            const size_t y = d->jpeg.output_scanline + i;
            rows[i] = d->pixels + row * (y < d->jpeg.output_height ? y : 0);
        }
        const JDIMENSION left = d->jpeg.output_height - d->jpeg.output_scanline;
        jpeg_read_scanlines(&d->jpeg, rows, left < 16 ? left : 16);
    }
    jpeg_abort_decompress(&d->jpeg);
    return room;
}

static void *work(void *argument)
{
    pile *p = argument;
    decoder d = {0};
    d.jpeg.err = jpeg_std_error(&d.errors);
    d.errors.error_exit = on_error;
    d.errors.emit_message = on_message;
    d.jpeg.client_data = &d;
    if (setjmp(d.escape)) { /* jpeg_create_decompress() has no memory */
        atomic_store(&p->failed, true);
        return NULL;
    }
    jpeg_create_decompress(&d.jpeg);
    d.progress.progress_monitor = on_progress;
    d.jpeg.progress = &d.progress;
    for (int64_t i; (i = atomic_fetch_add(&p->next, 1)) < p->count;)
        if (!decode(&d, &p->files[i]))
            atomic_store(&p->failed, true);
    jpeg_destroy_decompress(&d.jpeg);
    an_free(d.pixels);
    return NULL;
}

alexnet_status an_jpeg_alone(const an_jpeg_file *files, int64_t count, int threads, double *seconds)
{
    pile p = {.files = files, .count = count};
    int started = 0;
    pthread_t *ids = an_calloc((size_t)threads, sizeof *ids);
    if (!ids)
        return AN_FAIL_MEMORY((size_t)threads * sizeof *ids, "decoding threads");
    const double began = an_clock();
    const int error = an_threads_start(ids, &started, threads, work, &p);
    for (int i = 0; i < started; i++)
        pthread_join(ids[i], NULL);
    *seconds = an_clock() - began;
    an_free(ids);
    if (error)
        return an_threads_fail("decoding", started + 1, threads, error);
    return atomic_load(&p.failed) ? AN_FAIL_MEMORY(0, "a decoder") : ALEXNET_OK;
}
