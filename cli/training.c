#include "training.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "held.h"
#include "library_text.h"
#include "paths.h"
#include "progress.h"
#include "recipe.h"
#include "report_info.h"
#include "report_training.h"
#include "retry.h"
#include "run_command.h"
#include "run_files.h"
#include "run_report.h"
#include "signals.h"
#include "text.h"

/* @param options  further ones, " --epochs 9", or "" */
static void say_resume(const char *how, const char *run_dir, const char *options)
{
    char *run = cli_quote(run_dir);
    progress_say("%s:", how);
    progress_say("  %s train --resume %s%s", cli_program, run, options);
    free(run);
}

/* Whether it is the system that refuses something, which it may allow later: the disk is full, or
 * others have taken the memory. */
static bool is_refused(alexnet_status status)
{
    return status == ALEXNET_ERROR_IO || status == ALEXNET_ERROR_NO_MEMORY;
}

/* A full disk, too little memory or a lost device ends the process, but not the run. */
static void say_kept(alexnet_status status, const alexnet_trainer *trainer)
{
    const char *run_dir = alexnet_trainer_folder(trainer);
    const bool passes = is_refused(status) || status == ALEXNET_ERROR_DEVICE;
    if (passes && path_has(run_dir, "last.safetensors"))
        say_resume("the last checkpoint is kept. To continue from it", run_dir, "");
}

/* If only pictures cannot be read, or no memory is left to read them, the run can still be saved.
 */
static int fail(alexnet_status status, alexnet_trainer *trainer)
{
    const int code = cli_code(status);
    if (is_refused(status) && !alexnet_trainer_save(trainer))
        say_resume("the run is saved. To continue once this has passed",
                   alexnet_trainer_folder(trainer), "");
    else
        say_kept(status, trainer);
    return code;
}

/* Save, say how to resume, and return the signal's exit code. */
static int stop(alexnet_trainer *trainer)
{
    const alexnet_status status = alexnet_trainer_save(trainer);
    if (status) {
        const int code = cli_code(status);
        say_kept(status, trainer);
        return code;
    }
    say_resume("stopped; the run is saved. To continue", alexnet_trainer_folder(trainer), "");
    return signals_exit_code();
}

/* Too many pictures cannot be read. The run is saved: say how to resume it. If none can, nothing
 * would be left without them. */
static int stop_for_pictures(const alexnet_trainer *trainer)
{
    const char *run_dir = alexnet_trainer_folder(trainer);
    const int64_t bad = alexnet_trainer_bad(trainer);
    const int code = cli_code(ALEXNET_ERROR_BAD_DATA);
    if (bad) {
        char *without = cli_format(" --bad-pictures %" PRId64, bad);
        say_resume("the run is saved. To continue once they are repaired, replaced or removed",
                   run_dir, " --accept-changes");
        say_resume("or to continue without them", run_dir, without);
        free(without);
    } else {
        say_resume("the run is saved. To continue once they are there again", run_dir, "");
        say_resume("or, if they are not what they were at the start", run_dir, " --accept-changes");
    }
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

/* The folder of the run may have been moved. */
static void follow(training_result *result, run_files *files, const alexnet_trainer *trainer)
{
    const char *folder = alexnet_trainer_folder(trainer);
    if (strcmp(folder, result->run) == 0)
        return;
    free(result->run);
    files->run = result->run = cli_copy(folder);
    held_moved_to(folder);
}

/* Nothing brings back a folder that was removed; any other refusal of the system may pass. */
static bool may_pass(alexnet_status status)
{
    return is_refused(status) && !held_is_removed();
}

static int run(alexnet_trainer *trainer, int64_t wait, training_result *result)
{
    alexnet_status status = ALEXNET_OK;
    bool more = true, worked = false;
    retry trouble = {.minutes = wait};
    run_files files = {.run = result->run, .trainer = trainer, .drawn = progress_clock()};
    report_training_needs(trainer, result->run);
    result->classes = info_classes(alexnet_trainer_network(trainer));
    held_begin(result->run);
    signals_begin_training();
    while (more && !status) {
        alexnet_progress p;
        status = alexnet_trainer_step(trainer, &p, &more);
        follow(result, &files, trainer);
        if (may_pass(status) && retry_wait(&trouble)) {
            status = ALEXNET_OK;
        } else if (!status) {
            retry_passed(&trouble);
            report_training_progress(&p, result->classes);
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
    held_end();
    result->best_epoch = alexnet_trainer_best(trainer, &result->best);
    if (!status && !worked)
        progress_note("%s is already complete", result->run);
    if (status == ALEXNET_ERROR_CANCELLED)
        return stop(trainer);
    if (status == ALEXNET_ERROR_BAD_DATA)
        return stop_for_pictures(trainer);
    if (result->skipped)
        say_skipped(result);
    return status ? fail(status, trainer) : CLI_DONE;
}

/* The recipe `default` is made for a few thousand pictures (docs/training.md, section 2). */
static void advise(const training_request *request, const train_data *data)
{
    enum { FEW = 1000 };
    if (request->advise && alexnet_dataset_count(data->train) < FEW)
        progress_note("         from so few, a network learns more with --recipe small, or from "
                      "published weights: --recipe finetune --init-from MODEL");
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
    report_training_data(data);
    advise(request, data);
    recipe_describe(recipe);
    alexnet_status status = alexnet_trainer_new(&trainer, ctx, data->train, data->val, &options);
    int code = status ? cli_code(status) : run_command_write(result->run, words);
    if (code == CLI_DONE)
        code = run(trainer, request->wait, result);
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

/* Refuse a network that cannot be read before the pictures are looked for, which may take long. */
static int check_network(alexnet_ctx *ctx, const char *name)
{
    alexnet_network *network = NULL;
    const alexnet_status status = name ? alexnet_network_load(&network, ctx, name) : ALEXNET_OK;
    alexnet_network_free(network);
    return cli_code(status);
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
    if (code == CLI_DONE)
        code = check_network(ctx, request->net);
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

/* A run that can be read but not written is no bad input: its disk may be read-only. */
static int resume_code(alexnet_status status, const char *run_dir)
{
    const int code = cli_input_code(status);
    const bool kept = path_is_folder(run_dir) && access(run_dir, W_OK) != 0;
    return status == ALEXNET_ERROR_IO && kept ? CLI_FAILED : code;
}

/* A run that ends has a model, unless a file was removed and no epoch was left to replace it. */
static int check_best(const training_result *result)
{
    if (path_has(result->run, "best.safetensors"))
        return CLI_DONE;
    return cli_error(CLI_FAILED,
                     "%s is complete but has no best.safetensors; with --resume and more --epochs "
                     "it gets a new one; last.safetensors in it has the weights of its last update",
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
        code = status ? resume_code(status, again->run) : run(trainer, again->wait, result);
    }
    alexnet_trainer_free(trainer);
    if (code == CLI_DONE)
        code = check_best(result);
    if (code == CLI_DONE)
        code = run_report_write(ctx, result->run, again->machine);
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
