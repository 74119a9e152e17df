#include "report_training.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "evaluate.h"
#include "json.h"
#include "paths.h"
#include "progress.h"
#include "report_info.h"
#include "terminal.h"
#include "text.h"

/* ---- Before ---- */

void report_training_data(const train_data *data)
{
    char train[TEXT_SIZE], val[TEXT_SIZE], all[TEXT_SIZE];
    int64_t held = data->val ? alexnet_dataset_count(data->val) : 0;
    int64_t fit = alexnet_dataset_count(data->train);
    int classes = alexnet_dataset_class_count(data->train);
    progress_note("data     %s %s, %s %s to train on, %s to validate with",
                  text_count(all, classes), text_plural(classes, "class", "classes"),
                  text_count(train, fit), text_plural(fit, "picture", "pictures"),
                  text_count(val, held));
}

/* Bytes of the models that a run folder has already. */
static uint64_t bytes_of_models(const char *run_dir)
{
    struct stat info;
    struct dirent *entry;
    uint64_t bytes = 0;
    DIR *folder = opendir(run_dir);
    while (folder && (entry = readdir(folder)))
        if (path_ends_in(entry->d_name, ".safetensors") &&
            fstatat(dirfd(folder), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0)
            bytes += (uint64_t)info.st_size;
    if (folder)
        closedir(folder);
    return bytes;
}

/* What the run writes; warns if there is no room for it. */
static void show_disk(const alexnet_trainer *trainer, const char *run_dir)
{
    alexnet_disk d;
    struct statvfs disk;
    char a[TEXT_SIZE], b[TEXT_SIZE], c[TEXT_SIZE], e[TEXT_SIZE];
    alexnet_trainer_disk(trainer, &d);
    progress_note("disk     %s, at most %s: %s a checkpoint, %s the best model",
                  text_bytes(a, (double)d.kept), text_bytes(b, (double)d.peak),
                  text_bytes(c, (double)d.checkpoint), text_bytes(e, (double)d.model));
    const uint64_t there = bytes_of_models(run_dir);
    const double missing = d.peak > there ? (double)(d.peak - there) : 0;
    if (statvfs(run_dir, &disk) != 0)
        return;
    const double available = (double)disk.f_bavail * (double)disk.f_frsize;
    if (available < missing)
        progress_say("warning: the disk of %s has %s free, and the run needs %s more", run_dir,
                     text_bytes(a, available), text_bytes(b, missing));
}

/* What the run needs: parameters and memory. */
static void show_network(const alexnet_trainer *trainer)
{
    const alexnet_network *network = alexnet_trainer_network(trainer);
    info_totals sum = info_sum(network);
    alexnet_memory m;
    char a[TEXT_SIZE], b[TEXT_SIZE], c[TEXT_SIZE], d[TEXT_SIZE];
    alexnet_trainer_memory(trainer, &m);
    progress_note("network  %s: %s parameters, %s multiply-adds per picture",
                  alexnet_network_name(network), text_count(a, sum.parameters),
                  text_count(b, sum.mult_adds));
    size_t weights = m.parameters + m.gradients + m.momentum;
    progress_note("memory   %s: %s parameters, gradients and momentum; %s activations and scratch; "
                  "%s pictures",
                  text_bytes(a, (double)m.total), text_bytes(b, (double)weights),
                  text_bytes(c, (double)(m.activations + m.scratch)),
                  text_bytes(d, (double)m.pictures));
}

void report_training_needs(const alexnet_trainer *trainer, const char *run_dir)
{
    show_network(trainer);
    show_disk(trainer, run_dir);
}

/* ---- Meanwhile ---- */

enum { PACE_SIZE = 3 * TEXT_SIZE };
/* From this share of the time on, it is worth saying that decoding limits the speed. */
static const double WAITING_SHARE = 0.1;

/* "  812 images/s  12 min left", without what is not known yet. */
static const char *pace(char out[PACE_SIZE], const alexnet_progress *p)
{
    char text[TEXT_SIZE];
    int length = 0;
    out[0] = '\0';
    if (p->images_per_second > 0)
        length = snprintf(out, PACE_SIZE, "  %.0f images/s", p->images_per_second);
    if (p->waiting >= WAITING_SHARE)
        length += snprintf(out + length, PACE_SIZE - (size_t)length,
                           " (%.0f%% of the time waiting for pictures)", 100 * p->waiting);
    if (p->seconds_left >= 0)
        snprintf(out + length, PACE_SIZE - (size_t)length, "  %s left",
                 text_duration(text, p->seconds_left));
    return out;
}

/* The share of the run that is done; validation, between epochs, counts for nothing. */
static double fraction(const alexnet_progress *p)
{
    double part = p->total ? (double)p->done / (double)p->total : 0;
    switch (p->phase) {
    case ALEXNET_PROGRESS_MEAN: return 0;
    case ALEXNET_PROGRESS_TRAIN: return (p->epoch - 1 + part) / p->epochs;
    default: return (double)p->epoch / p->epochs;
    }
}

static void show_epoch(const alexnet_progress *p, int classes)
{
    char val[128] = "", errors[METRICS_SIZE];
    if (p->val.images > 0)
        snprintf(val, sizeof val, "; validation: loss %.4f, %s%s", p->val.loss,
                 metrics_text(errors, &p->val, classes), p->best ? ", the best so far" : "");
    progress_note("epoch %d/%d  loss %.4f  error %.2f%%  rate %.3g%s", p->epoch, p->epochs, p->loss,
                  100 * p->top1_error, p->rate, val);
}

void report_training_progress(const alexnet_progress *p, int classes)
{
    char text[PACE_SIZE];
    switch (p->phase) {
    case ALEXNET_PROGRESS_MEAN:
        progress_at_speed("mean image", p->done, p->total, p->images_per_second);
        break;
    case ALEXNET_PROGRESS_TRAIN:
        progress_show(fraction(p),
                      "epoch %d/%d%s  loss %.4f  error %.1f%%  %" PRId64 "/%" PRId64 "  rate %.3g",
                      p->epoch, p->epochs, pace(text, p), p->loss, 100 * p->top1_error, p->done,
                      p->total, p->rate);
        break;
    case ALEXNET_PROGRESS_VAL:
        progress_show(fraction(p), "epoch %d/%d%s  validating %" PRId64 "/%" PRId64, p->epoch,
                      p->epochs, pace(text, p), p->done, p->total);
        break;
    case ALEXNET_PROGRESS_EPOCH: show_epoch(p, classes); break;
    }
}

/* ---- At the end ---- */

static void print_json(const training_result *result)
{
    json_t *document = json_object();
    json_object_set_new(document, "run", json_text(result->run));
    json_object_set_new(document, "epochs", json_integer(result->epochs));
    json_object_set_new(document, "skipped", json_integer(result->skipped));
    if (result->best_epoch && result->best.images) {
        json_t *best = json_object();
        json_object_set_new(best, "epoch", json_integer(result->best_epoch));
        json_object_set_new(best, "images", json_integer(result->best.images));
        json_object_set_new(best, "loss", json_number(result->best.loss));
        json_object_set_new(best, "top1_error", json_number(result->best.top1_error));
        json_object_set_new(best, "top5_error", json_number(result->best.top5_error));
        json_object_set_new(document, "best", best);
    }
    json_print(document);
}

void report_training_result(const training_result *result, bool json)
{
    char errors[METRICS_SIZE];
    if (json) {
        print_json(result);
        return;
    }
    if (result->best_epoch && result->best.images)
        printf("best epoch %d of %d: %s, loss %.4f on %" PRId64 " validation %s\n",
               result->best_epoch, result->epochs,
               metrics_text(errors, &result->best, result->classes), result->best.loss,
               result->best.images, text_plural(result->best.images, "picture", "pictures"));
    char *model = path_join(result->run, "best.safetensors");
    char *report = path_join(result->run, "report.html");
    const bool written = path_exists(report);
    terminal_line(stdout, "run %s, model %s%s%s", result->run, model, written ? ", report " : "",
                  written ? report : "");
    free(model);
    free(report);
}
