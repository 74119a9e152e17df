#include "training.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "evaluate.h"
#include "json.h"
#include "library_text.h"
#include "paths.h"
#include "progress.h"
#include "recipe.h"
#include "report_info.h"
#include "run_command.h"
#include "run_files.h"
#include "run_report.h"
#include "signals.h"
#include "terminal.h"
#include "text.h"

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

/* Print what the run writes, and warn if there is no room for it. */
static void describe_disk(const alexnet_trainer *trainer, const char *run_dir)
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

/* Print what the run needs: parameters and memory. */
static void describe_trainer(const alexnet_trainer *trainer)
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

static void show(const alexnet_progress *p, int classes)
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

/* @param options  further ones, " --epochs 9", or "" */
static void say_resume(const char *how, const char *run_dir, const char *options)
{
    char *run = cli_quote(run_dir);
    progress_say("%s:", how);
    progress_say("  %s train --resume %s%s", cli_program, run, options);
    free(run);
}

/* A full disk, too little memory or a lost device ends the process, but not the run. */
static int fail(alexnet_status status, const char *run_dir)
{
    const int code = cli_code(status);
    const bool passes = status == ALEXNET_ERROR_IO || status == ALEXNET_ERROR_NO_MEMORY ||
                        status == ALEXNET_ERROR_DEVICE;
    char *last = path_join(run_dir, "last.safetensors");
    if (passes && path_exists(last))
        say_resume("the last checkpoint is kept. To continue from it", run_dir, "");
    free(last);
    return code;
}

/* Save, say how to resume, and return the signal's exit code. */
static int stop(alexnet_trainer *trainer, const char *run_dir)
{
    alexnet_status status = alexnet_trainer_save(trainer);
    if (status)
        return fail(status, run_dir);
    say_resume("stopped; the run is saved. To continue", run_dir, "");
    return signals_exit_code();
}

/* Too many pictures cannot be read. The run is saved: say how to resume it. */
static int stop_for_pictures(const char *run_dir)
{
    const int code = cli_code(ALEXNET_ERROR_BAD_DATA);
    say_resume("the run is saved. To continue once they are repaired, replaced or removed", run_dir,
               " --accept-changes");
    say_resume("or to continue without them", run_dir, " --bad-pictures N");
    return code;
}

static void save_and_continue(alexnet_trainer *trainer)
{
    if (alexnet_trainer_save(trainer))
        progress_say("warning: the checkpoint was not written: %s", library_error());
    else
        progress_note("checkpoint written");
}

/* A bad picture counts in every pass. */
static void say_skipped(const training_result *result)
{
    char *list = path_join(result->run, "skipped.txt");
    progress_say("warning: unreadable training pictures were left out %" PRId64
                 " %s, once in each pass; %s names them",
                 result->skipped, text_plural(result->skipped, "time", "times"), list);
    free(list);
}

static int run(alexnet_trainer *trainer, training_result *result)
{
    alexnet_status status = ALEXNET_OK;
    bool more = true, worked = false;
    run_files files = {.run = result->run, .trainer = trainer, .drawn = progress_clock()};
    describe_trainer(trainer);
    describe_disk(trainer, result->run);
    result->classes = info_classes(alexnet_trainer_network(trainer));
    signals_begin_training();
    while (more && !status) {
        alexnet_progress p;
        status = alexnet_trainer_step(trainer, &p, &more);
        if (!status) {
            show(&p, result->classes);
            run_files_take(&files, &p);
            worked |= p.phase != 0;
            result->epochs = p.epoch;
            result->skipped = p.skipped;
        }
        if (!status && signals_take_save())
            save_and_continue(trainer);
    }
    signals_end_training();
    progress_clear();
    run_files_end(&files);
    result->best_epoch = alexnet_trainer_best(trainer, &result->best);
    if (!status && !worked)
        progress_note("%s is already complete", result->run);
    if (status == ALEXNET_ERROR_CANCELLED)
        return stop(trainer, result->run);
    if (status == ALEXNET_ERROR_BAD_DATA)
        return stop_for_pictures(result->run);
    if (result->skipped)
        say_skipped(result);
    return status ? fail(status, result->run) : CLI_DONE;
}

static void describe_data(const train_data *data)
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

static int start(alexnet_ctx *ctx, const training_request *request, const alexnet_recipe *recipe,
                 const train_data *data, const char *words, training_result *result)
{
    alexnet_trainer *trainer;
    alexnet_trainer_options options = ALEXNET_TRAINER_OPTIONS_INIT;
    options.net = request->net;
    options.recipe = recipe;
    options.init_from = request->init_from;
    options.out_dir = result->run;
    options.split = request->split;
    describe_data(data);
    recipe_describe(recipe);
    alexnet_status status = alexnet_trainer_new(&trainer, ctx, data->train, data->val, &options);
    int code = status ? cli_code(status) : run_command_write(result->run, words);
    if (code == CLI_DONE)
        code = run(trainer, result);
    alexnet_trainer_free(trainer);
    return code == CLI_DONE ? run_report_write(ctx, result->run, request->machine) : code;
}

/* The name for runs on a data set: "train" for train.tar, train.csv and "train-{000..146}.tar". */
static char *data_name(const char *data)
{
    static const char *const endings[] = {".tar", ".txt", ".csv", ".tsv", ".lst", ".list"};
    char *name = path_name(data);
    size_t length = strcspn(name, "{");
    for (size_t i = 0; !name[length] && i < COUNT_OF(endings); i++) {
        const size_t ending = strlen(endings[i]);
        if (length > ending && strcmp(name + length - ending, endings[i]) == 0) {
            length -= ending;
            break;
        }
    }
    while (length > 1 && strchr("-_.", name[length - 1]))
        length--;
    if (length > 0 && !path_is_folder(data))
        name[length] = '\0';
    return name;
}

#define RUNS "runs" /* the folder of runs without --out */

/* Choose the folder of the run. Processes that start at the same time get one each. */
static int choose_run(training_result *result, const training_request *request)
{
    if (request->out) {
        result->run = cli_copy(request->out);
        return CLI_DONE;
    }
    char *name = data_name(request->data), *stem = path_join(RUNS, name);
    int code = path_new_folder(&result->run, stem);
    free(name);
    free(stem);
    return code;
}

int training_open(alexnet_ctx *ctx, const training_request *request, alexnet_recipe **recipe,
                  train_data *data, char **val)
{
    alexnet_dataset_options how = ALEXNET_DATASET_OPTIONS_INIT;
    how.names_file = request->names;
    *recipe = NULL;
    *data = (train_data){0};
    int code = train_data_val(val, ctx, request->data, request->val, TRAIN_DATA_SHARE);
    if (code == CLI_DONE)
        code = recipe_open(recipe, request->recipe, request->settings);
    if (code == CLI_DONE) {
        uint64_t seed = strtoull(alexnet_recipe_get(*recipe, "seed"), NULL, 10);
        code = train_data_open(data, ctx, request->data, *val, &how, seed);
    }
    return code;
}

int training_start(alexnet_ctx *ctx, const training_request *request, training_result *result)
{
    alexnet_recipe *recipe;
    train_data data;
    char *val;
    *result = (training_result){0};
    signals_keep_requests(); /* reading a large data set takes a while */
    const bool had_runs = path_exists(RUNS);
    int code = training_open(ctx, request, &recipe, &data, &val);
    if (code == CLI_DONE)
        code = choose_run(result, request);
    if (code == CLI_DONE) {
        int split = request->split ? request->split : alexnet_ctx_split(ctx);
        char *words = run_command(request, val, result->run, split);
        progress_note("%s", words);
        code = start(ctx, request, recipe, &data, words, result);
        free(words);
    }
    if (code != CLI_DONE && result->run && !request->out)
        rmdir(result->run); /* succeeds only if the run did not begin */
    if (code != CLI_DONE && !had_runs && !request->out)
        rmdir(RUNS);
    train_data_free(&data);
    alexnet_recipe_free(recipe);
    free(val);
    return code;
}

/* The settings as the library takes them: ended by NULL. Owned by the caller. */
static const char **settings_of(const string_list *list)
{
    const char **settings = cli_alloc((list->count + 1) * sizeof *settings);
    for (size_t i = 0; i < list->count; i++)
        settings[i] = list->items[i];
    return settings;
}

/* A run that ends has a model, unless a file was removed and no epoch was left to replace it. */
static int check_best(const training_result *result)
{
    char *best = path_join(result->run, "best.safetensors");
    const bool there = path_exists(best);
    free(best);
    return there ? CLI_DONE
                 : cli_error(CLI_FAILED,
                             "%s is complete but has no best.safetensors; with --resume and more "
                             "--epochs it gets a new one; last.safetensors in it has the weights "
                             "of its last update",
                             result->run);
}

int training_resume(alexnet_ctx *ctx, const training_again *again, training_result *result)
{
    alexnet_resume_options options = ALEXNET_RESUME_OPTIONS_INIT;
    alexnet_trainer *trainer = NULL;
    char *train = NULL, *val = NULL;
    *result = (training_result){.run = cli_copy(again->run)};
    signals_keep_requests();
    const char **settings = settings_of(again->settings);
    int code = train_data_part(&train, ctx, again->data, "train");
    if (code == CLI_DONE)
        code = train_data_part(&val, ctx, again->val, "val");
    if (code == CLI_DONE) {
        options.train = train;
        options.val = val;
        options.settings = settings;
        options.accept_changes = again->accept_changes;
        alexnet_status status = alexnet_trainer_resume(&trainer, ctx, again->run, &options);
        if (!status && run_command_resume(again) != CLI_DONE)
            progress_say("warning: command.txt lacks the command that resumed the run");
        code = status ? cli_input_code(status) : run(trainer, result);
    }
    alexnet_trainer_free(trainer);
    if (code == CLI_DONE)
        code = check_best(result);
    if (code == CLI_DONE)
        code = run_report_write(ctx, again->run, again->machine);
    free(settings);
    free(train);
    free(val);
    return code;
}

void training_result_free(training_result *result)
{
    free(result->run);
    *result = (training_result){0};
}

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

void training_report(const training_result *result, bool json)
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
    terminal_line(stdout, "run %s, model %s", result->run, model);
    free(model);
}
