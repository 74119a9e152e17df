#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/status.h"
#include "base/utf8.h"
#include "base/writer.h"
#include "train/init.h"
#include "train/trainer.h"

/* Standard deviation times direction of the colours' principal axes on ImageNet, in grey levels,
 * R G B (facts section 3.2). */
static const double COLOUR_AXES[3][3] = {
    {121.780 * -0.5635, 121.780 * -0.5762, 121.780 * -0.5920},
    {37.094 * -0.7126, 37.094 * -0.0235, 37.094 * 0.7012},
    {19.721 * 0.4180, 19.721 * -0.8170, 19.721 * 0.3973},
};

static void make_draw_rule(alexnet_trainer *t)
{
    const an_input *input = &t->net->network->input;
    t->draw =
        (an_draw_rule){.side = input->side,
                       .crop = input->size,
                       .random_crop = an_recipe_choice(t->recipe, AN_KEY_CROP) == AN_CROP_RANDOM,
                       .mirror = an_recipe_choice(t->recipe, AN_KEY_MIRROR) == 1,
                       .seed = t->seed};
    for (int i = 0; i < 3; i++)
        for (int c = 0; c < 3; c++)
            t->draw.colour_axis[i][c] =
                (float)(input->scale[c] * COLOUR_AXES[i][input->channels == 1 ? 2 - c : c]);
}

/* Everything that follows from recipe, network and data. */
static alexnet_status make_machinery(alexnet_trainer *t)
{
    size_t slots = (size_t)t->batch, classes = (size_t)t->classes.count;
    an_program_options options = {
        .slots = t->batch, .pictures = t->batch, .training = true, .split = t->record.split};
    AN_CHECK(an_program_compile(&t->program, t->net, &options));
    AN_CHECK(
        an_loader_new(&t->loader, t->train, an_fit_of(t->net->network), t->batch, t->ctx->threads));
    if (t->val) {
        AN_CHECK(an_runner_new(&t->runner, t->net, t->batch, 1));
        AN_CHECK(an_evaluation_new(&t->evaluation, t->ctx, t->runner, t->val, false));
    }
    t->order = an_calloc((size_t)t->train->count, sizeof *t->order);
    t->named = an_calloc((size_t)t->train->count, sizeof *t->named);
    t->slots = an_calloc(slots, sizeof *t->slots);
    t->probabilities = an_calloc(slots * classes, sizeof *t->probabilities);
    t->losses = an_calloc(slots, sizeof *t->losses);
    t->rates = an_calloc((size_t)t->net->count, sizeof *t->rates);
    if (!t->order || !t->named || !t->slots || !t->probabilities || !t->losses || !t->rates)
        return AN_FAIL_MEMORY((size_t)t->train->count * 5 + slots * classes * 4, "a training run");
    make_draw_rule(t);
    t->pace.started = t->pace.saved = an_clock();
    return ALEXNET_OK;
}

static void read_recipe(alexnet_trainer *t)
{
    t->batch = (int)an_recipe_integer(t->recipe, AN_KEY_BATCH);
    t->epochs = an_recipe_integer(t->recipe, AN_KEY_EPOCHS);
    t->seed = (uint64_t)an_recipe_integer(t->recipe, AN_KEY_SEED);
    t->steps_per_epoch = (t->train->count + t->batch - 1) / t->batch;
}

static alexnet_status check_layers(const alexnet_recipe *recipe, const alexnet_network *network)
{
    const char *layer;
    for (int i = 0; (layer = an_recipe_layer(recipe, i)); i++) {
        bool found = false;
        for (int j = 0; j < network->count; j++)
            found |= strcmp(network->layers[j].name, layer) == 0;
        if (!found)
            return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                           "the recipe sets a key of layer %s, which %s does not have", layer,
                           network->name);
    }
    return ALEXNET_OK;
}

static alexnet_status record_data(an_data_record *record, const alexnet_dataset *data)
{
    if (!data)
        return ALEXNET_OK;
    if (!an_is_utf8(data->root))
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s: the path is not UTF-8; rename the folder",
                       data->root);
    record->root = an_strdup(data->root);
    if (!record->root)
        return AN_FAIL_MEMORY(strlen(data->root), "a path");
    record->part = data->part;
    record->count = data->count;
    record->fingerprint = an_dataset_fingerprint(data);
    return ALEXNET_OK;
}

/* ---- A new run ---- */

/* The network that is asked for: by name, or else the one of the model to begin from. */
static alexnet_status choose_network(alexnet_network **out, const alexnet_trainer_options *options,
                                     int classes)
{
    alexnet_status rc;
    an_source *source;
    an_safetensors *file = NULL;
    alexnet_network *theirs = NULL;
    an_classes their_classes = {0};
    if (options->net || !options->init_from)
        return an_network_load(out, options->net ? options->net : "alexnet", classes);
    AN_CHECK(an_source_open(&source, options->init_from));
    AN_TRY(an_model_file_open(&file, &theirs, &their_classes, source));
    rc = an_network_parse(out, theirs->text, options->init_from, theirs->name, classes);
cleanup:
    an_network_release(theirs);
    an_classes_free(&their_classes);
    an_safetensors_close(file);
    return rc;
}

/* Take the tensors of a model that fit; says how many. */
static alexnet_status take_tensors(alexnet_trainer *t, const char *path, bool *has_mean)
{
    alexnet_status rc;
    an_source *source;
    an_safetensors *file;
    float *values = NULL;
    int taken = 0;
    AN_CHECK(an_source_open(&source, path));
    AN_CHECK(an_safetensors_open(&file, source));
    for (int i = 0; i < t->net->count; i++) {
        const an_param *param = &t->net->params[i];
        const an_tensor_entry *entry = an_safetensors_find(file, param->name);
        if (!entry || !an_shape_equal(entry->shape, param->shape))
            continue;
        values = an_malloc((size_t)param->count * sizeof *values);
        if (!values) {
            rc = AN_FAIL_MEMORY((size_t)param->count * sizeof *values, param->name);
            goto cleanup;
        }
        AN_TRY(an_safetensors_read(file, param->name, param->shape, AN_F32, values));
        AN_TRY(an_net_write(t->net, AN_VALUES, i, values, AN_F32));
        an_free(values);
        values = NULL;
        taken++;
        *has_mean |= !param->learned;
    }
    rc = taken
             ? ALEXNET_OK
             : AN_FAIL(ALEXNET_ERROR_FORMAT, "%s has no tensor of the name and shape of one of %s",
                       path, t->net->network->name);
    an_log(t->ctx, ALEXNET_LOG_INFO, "took %d of %d tensors from %s", taken, t->net->count, path);
cleanup:
    an_free(values);
    an_safetensors_close(file);
    return rc;
}

static alexnet_status first_weights(alexnet_trainer *t, const alexnet_trainer_options *options)
{
    bool has_mean = false;
    AN_CHECK(an_init_weights(t->net, t->recipe));
    if (options->init_from)
        AN_CHECK(take_tensors(t, options->init_from, &has_mean));
    t->record.phase = an_mean_wanted(t->net) && !has_mean ? AN_PHASE_MEAN : AN_PHASE_TRAIN;
    return an_program_pack(t->program);
}

static alexnet_status write_recipe(const alexnet_trainer *t)
{
    char *recipe = an_recipe_text(t->recipe);
    char *text = recipe
                     ? an_format("; written at the start of the run; resuming reads the "
                                 "checkpoint, not this\n%s\n[run]\nnetwork = %s\ntrain = %s\n"
                                 "val = %s\nval_share = %g\nsplit = %d\n",
                                 recipe, t->net->network->name, t->train->root,
                                 t->val ? t->val->root : "", t->train->part.share, t->record.split)
                     : NULL;
    alexnet_status rc = text ? an_file_replace(t->run.recipe, text, strlen(text))
                             : AN_FAIL_MEMORY(4096, "a recipe");
    an_free(recipe);
    an_free(text);
    return rc;
}

static alexnet_status begin(alexnet_trainer *t, const alexnet_trainer_options *options)
{
    alexnet_network *network = NULL;
    alexnet_status rc;
    if (options->recipe)
        AN_TRY(an_recipe_copy(&t->recipe, options->recipe));
    else
        AN_TRY(an_recipe_load(&t->recipe, "default"));
    read_recipe(t);
    AN_TRY(an_classes_copy(&t->classes, t->train->classes, t->train->class_ids,
                           t->train->class_names));
    AN_TRY(choose_network(&network, options, t->classes.count));
    AN_TRY(check_layers(t->recipe, network));
    AN_TRY(record_data(&t->record.train, t->train));
    AN_TRY(record_data(&t->record.val, t->val));
    t->record.split = options->split ? options->split : t->ctx->threads;
    AN_TRY(an_net_new(&t->net, t->ctx, network, true));
    an_trainer_origin(t, &t->record);
    AN_TRY(make_machinery(t));
    AN_TRY(first_weights(t, options));
    AN_TRY(an_run_create(&t->run, options->out_dir));
    AN_TRY(write_recipe(t));
cleanup:
    an_network_release(network);
    return rc;
}

static alexnet_status new_trainer(alexnet_trainer **out, alexnet_ctx *ctx)
{
    *out = an_calloc(1, sizeof **out);
    if (!*out)
        return AN_FAIL_MEMORY(sizeof **out, "a trainer");
    (*out)->ctx = an_ctx_retain(ctx);
    (*out)->run.log_file = -1;
    return ALEXNET_OK;
}

static alexnet_status finish_new(alexnet_trainer **out, alexnet_status rc)
{
    if (rc != ALEXNET_OK) {
        an_trainer_free(*out);
        *out = NULL;
    }
    return rc;
}

static alexnet_status check_val_classes(const alexnet_dataset *train, const alexnet_dataset *val)
{
    bool same = train->classes == val->classes;
    for (int i = 0; same && i < train->classes; i++)
        same = strcmp(train->class_ids[i], val->class_ids[i]) == 0;
    if (same)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "%s and %s do not have the same classes (%d and %d folders)", train->root,
                   val->root, train->classes, val->classes);
}

alexnet_status an_trainer_new(alexnet_trainer **out, alexnet_ctx *ctx, const alexnet_dataset *train,
                              const alexnet_dataset *val, const alexnet_trainer_options *options)
{
    if (train->classes < 2)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s has %d class; a classifier needs two class folders or more", train->root,
                       train->classes);
    if (train->count > UINT32_MAX)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s has too many pictures", train->root);
    if (val)
        AN_CHECK(check_val_classes(train, val));
    AN_CHECK(new_trainer(out, ctx));
    (*out)->train = an_dataset_retain((alexnet_dataset *)train);
    (*out)->val = val ? an_dataset_retain((alexnet_dataset *)val) : NULL;
    return finish_new(out, begin(*out, options));
}

/* ---- A run that goes on ---- */

static alexnet_status reopen(alexnet_dataset **out, const an_data_record *record,
                             const an_classes *classes)
{
    an_class_list list = an_classes_list(classes);
    AN_CHECK(an_dataset_reopen(out, record->root, record->part, &list));
    if ((*out)->count == record->count && an_dataset_fingerprint(*out) == record->fingerprint)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_BAD_DATA,
                   "%s is not as it was when the run began: %lld pictures then, %lld now, and "
                   "names or sizes differ; restore it, or begin a new run with --init-from",
                   record->root, (long long)record->count, (long long)(*out)->count);
}

static void compare_origin(const alexnet_trainer *t)
{
    an_record now = {0};
    an_trainer_origin(t, &now);
    const an_record *then = &t->record;
    if (strcmp(now.device, then->device) == 0 && strcmp(now.isa, then->isa) == 0 &&
        strcmp(now.library, then->library) == 0 && strcmp(now.precision, then->precision) == 0)
        return;
    an_log(t->ctx, ALEXNET_LOG_WARNING,
           "the run began on %s (%s, %s, %s) and goes on on %s (%s, %s, %s): from here on its bits "
           "may differ",
           then->device, then->isa, then->library, then->precision, now.device, now.isa,
           now.library, now.precision);
}

static alexnet_status read_metadata(alexnet_trainer *t, an_safetensors *file)
{
    const char *record = an_safetensors_metadata(file, "alexnet.run");
    const char *recipe = an_safetensors_metadata(file, "alexnet.recipe");
    if (!record || !recipe)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is a model, not a checkpoint: it lacks %s",
                       t->run.last, record ? "alexnet.recipe" : "alexnet.run");
    AN_CHECK(an_record_from_text(&t->record, record, t->run.last));
    AN_CHECK(an_recipe_new(&t->recipe));
    return an_recipe_read(t->recipe, recipe, t->run.last);
}

static alexnet_status go_on(alexnet_trainer *t, const char *folder)
{
    alexnet_status rc;
    an_source *source = NULL;
    an_safetensors *file = NULL;
    alexnet_network *network = NULL;
    AN_TRY(an_run_open(&t->run, folder));
    AN_TRY(an_source_open(&source, t->run.last));
    AN_TRY(an_model_file_open(&file, &network, &t->classes, source));
    AN_TRY(read_metadata(t, file));
    AN_TRY(reopen(&t->train, &t->record.train, &t->classes));
    if (t->record.val.root)
        AN_TRY(reopen(&t->val, &t->record.val, &t->classes));
    read_recipe(t);
    if (t->record.step > t->epochs * t->steps_per_epoch) {
        rc = AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: %lld updates are more than the recipe's %lld",
                     t->run.last, (long long)t->record.step,
                     (long long)(t->epochs * t->steps_per_epoch));
        goto cleanup;
    }
    AN_TRY(an_net_new(&t->net, t->ctx, network, true));
    compare_origin(t);
    AN_TRY(make_machinery(t));
    AN_TRY(an_model_file_weights(file, t->net));
    AN_TRY(an_model_file_momentum(file, t->net));
    AN_TRY(an_program_pack(t->program));
    AN_TRY(an_run_cut_log(&t->run, t->record.log_length));
cleanup:
    an_network_release(network);
    an_safetensors_close(file);
    return rc;
}

alexnet_status an_trainer_resume(alexnet_trainer **out, alexnet_ctx *ctx, const char *folder)
{
    AN_CHECK(new_trainer(out, ctx));
    return finish_new(out, go_on(*out, folder));
}

alexnet_status an_run_validation(alexnet_dataset **out, const char *folder,
                                 const an_class_list *classes)
{
    alexnet_status rc;
    an_run run;
    an_source *source;
    an_safetensors *file = NULL;
    an_record record = {0};
    *out = NULL;
    AN_CHECK(an_run_open(&run, folder));
    AN_TRY(an_source_open(&source, run.last));
    AN_TRY(an_safetensors_open(&file, source));
    const char *text = an_safetensors_metadata(file, "alexnet.run");
    AN_TRY(an_record_from_text(&record, text ? text : "", run.last));
    if (record.val.root)
        rc = an_dataset_reopen(out, record.val.root, record.val.part, classes);
    else
        rc = AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "%s was trained without a validation set",
                     folder);
cleanup:
    an_record_free(&record);
    an_safetensors_close(file);
    an_run_close(&run);
    return rc;
}

/* ---- Both ---- */

void an_trainer_memory(const alexnet_trainer *t, alexnet_memory *memory)
{
    an_program_memory p = an_program_bytes(t->program), v = {0};
    if (t->runner)
        v = an_program_bytes(t->runner->program);
    *memory = (alexnet_memory){.parameters = t->net->bytes + p.packed + v.packed,
                               .gradients = t->net->bytes,
                               .momentum = t->net->bytes,
                               .activations = p.activations + v.activations,
                               .scratch = p.scratch + v.scratch,
                               .pictures = p.batch + v.batch + an_loader_bytes(t->loader)};
    if (t->evaluation)
        memory->pictures += an_loader_bytes(t->evaluation->loader);
}

void an_trainer_free(alexnet_trainer *t)
{
    if (!t)
        return;
    an_loader_free(t->loader);
    an_evaluation_free(t->evaluation);
    an_runner_free(t->runner);
    an_program_free(t->program);
    an_net_release(t->net);
    an_mean_free(&t->mean);
    an_free(t->order);
    an_free(t->named);
    an_free(t->slots);
    an_free(t->probabilities);
    an_free(t->losses);
    an_free(t->rates);
    an_classes_free(&t->classes);
    an_record_free(&t->record);
    an_recipe_free(t->recipe);
    an_dataset_release(t->train);
    an_dataset_release(t->val);
    an_run_close(&t->run);
    an_ctx_release(t->ctx);
    an_free(t);
}
