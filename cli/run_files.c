#include "run_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "files.h"
#include "paths.h"
#include "progress.h"

/* Least time between drawings at reports; at the end of an epoch everything is drawn anyway. */
static const double SECONDS_BETWEEN = 60;
enum { PNG_MAX = 16 << 20 };

/* A full disk would be reported at every step, so nothing is written before the end of the next
 * epoch. What could not be written to the events is left out of them; a new file follows, as the
 * old one may end within a record. */
static void pause_writing(run_files *files, bool events)
{
    if (events) {
        alexnet_events_free(files->events);
        files->events = NULL;
    }
    progress_say("warning: tables, pictures and events of this run were not written; training "
                 "continues, and the next attempt follows the next epoch");
}

/* ---- TensorBoard ---- */

static alexnet_status put_report(run_files *files, const alexnet_progress *p)
{
    const struct {
        const char *tag;
        double value;
    } numbers[] = {{"loss", p->loss},
                   {"top1_error", p->top1_error},
                   {"top5_error", p->top5_error},
                   {"lr", p->rate},
                   {"images_per_second", p->images_per_second},
                   {"waiting", p->waiting}};
    alexnet_status status = ALEXNET_OK;
    for (size_t i = 0; i < COUNT_OF(numbers) && !status; i++)
        status = alexnet_events_scalar(files->events, p->step, numbers[i].tag, numbers[i].value);
    return status;
}

static alexnet_status put_validation(run_files *files, const alexnet_progress *p)
{
    const struct {
        const char *tag;
        double value;
    } numbers[] = {{"val/loss", p->val.loss},
                   {"val/top1_error", p->val.top1_error},
                   {"val/top5_error", p->val.top5_error}};
    alexnet_status status = ALEXNET_OK;
    for (size_t i = 0; i < COUNT_OF(numbers) && !status && p->val.images; i++)
        status = alexnet_events_scalar(files->events, p->step, numbers[i].tag, numbers[i].value);
    return status;
}

/* As in the log, for each tensor that learns. */
static alexnet_status put_norms(run_files *files)
{
    alexnet_status status = ALEXNET_OK;
    for (int i = 0; i < alexnet_trainer_tensor_count(files->trainer) && !status; i++) {
        alexnet_norms n;
        if (!alexnet_trainer_norms(files->trainer, i, &n))
            continue;
        const struct {
            const char *tag;
            double value;
        } numbers[] = {{"weights", n.weights}, {"gradients", n.gradient}, {"changes", n.change}};
        for (size_t k = 0; k < COUNT_OF(numbers) && !status; k++) {
            char *tag = cli_format("norms_of_%s/%s", numbers[k].tag, n.name);
            status = alexnet_events_scalar(files->events, n.step, tag, numbers[k].value);
            free(tag);
        }
    }
    return status;
}

static int64_t count_of(const alexnet_tensor_info *tensor)
{
    int64_t count = 1;
    for (int i = 0; i < tensor->rank; i++)
        count *= tensor->shape[i];
    return count;
}

static alexnet_status put_weights(run_files *files, int64_t step)
{
    alexnet_status status = ALEXNET_OK;
    for (int i = 0; i < alexnet_trainer_tensor_count(files->trainer) && !status; i++) {
        alexnet_tensor_info tensor;
        status = alexnet_trainer_tensor(files->trainer, i, &tensor);
        if (!status && strcmp(tensor.name, "input.mean") != 0)
            status = alexnet_events_histogram(files->events, step, tensor.name, tensor.data,
                                              count_of(&tensor));
    }
    return status;
}

/* The picture that was drawn just now. */
static alexnet_status put_filters(run_files *files, const char *path, int64_t step)
{
    FILE *file;
    if (!path_exists(path) || file_open(&file, path, NULL) != CLI_DONE)
        return ALEXNET_OK; /* the network has no conv1 */
    unsigned char *png = cli_alloc(PNG_MAX);
    size_t length = fread(png, 1, PNG_MAX, file);
    fclose(file);
    alexnet_status status = alexnet_events_picture(files->events, step, "filters", png, length);
    free(png);
    return status;
}

/* Open the events, after the updates that were made before the first one seen here. */
static alexnet_status begin_events(run_files *files, const alexnet_progress *p)
{
    return alexnet_events_open(&files->events, files->run,
                               p->phase == ALEXNET_PROGRESS_TRAIN ? p->step - 1 : p->step);
}

/* ---- Table and pictures ---- */

static int draw(run_files *files, char *filters)
{
    char *run = (char *)files->run, *curves = path_join(run, "curves.png");
    int code = run_csv_write(run);
    if (code == CLI_DONE)
        code = draw_curves(&run, 1, curves);
    if (code == CLI_DONE)
        code = draw_filters_of_run(files->trainer, filters);
    free(curves);
    files->drawn = progress_clock();
    return code;
}

static alexnet_status put_events(run_files *files, const alexnet_progress *p, const char *filters)
{
    alexnet_status status = p->norms ? put_norms(files) : ALEXNET_OK;
    if (!status && p->report)
        status = put_report(files, p);
    if (status || p->phase != ALEXNET_PROGRESS_EPOCH)
        return status;
    status = put_validation(files, p);
    if (!status)
        status = put_weights(files, p->step);
    return status ? status : put_filters(files, filters, p->step);
}

void run_files_take(run_files *files, const alexnet_progress *p)
{
    const bool epoch = p->phase == ALEXNET_PROGRESS_EPOCH;
    if (p->phase == 0 || (files->failed && !epoch))
        return;
    alexnet_status status = files->events ? ALEXNET_OK : begin_events(files, p);
    char *filters = path_join(files->run, "filters.png");
    int code = CLI_DONE;
    if (epoch || (p->report && progress_clock() - files->drawn > SECONDS_BETWEEN))
        code = draw(files, filters);
    if (!status && code == CLI_DONE)
        status = put_events(files, p, filters);
    free(filters);
    if (status)
        code = cli_code(status);
    if (code != CLI_DONE)
        pause_writing(files, status != ALEXNET_OK);
    else if (files->failed)
        progress_note("tables, pictures and events are written again");
    files->failed = code != CLI_DONE;
}

void run_files_end(run_files *files)
{
    alexnet_events_free(files->events);
    files->events = NULL;
}
