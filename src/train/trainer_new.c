/*
 * A new run: its network, first weights and folder.
 */
#include <math.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/text.h"
#include "train/init.h"
#include "train/init_from.h"
#include "train/trainer_impl.h"

alexnet_status an_trainer_choose_network(alexnet_network **out, alexnet_ctx *ctx,
                                         const alexnet_trainer_options *options, int classes)
{
    if (options->net || !options->init_from)
        return an_network_load(out, options->net ? options->net : "alexnet", classes);
    return an_init_from_network(out, ctx, options->init_from, classes);
}

/* Warn if no layer learns, or if, without a model to begin from, frozen layers keep their random
 * weights. */
static void warn_frozen(const alexnet_trainer *t, bool random)
{
    const alexnet_network *network = t->net->network;
    int all = 0, frozen = 0, first = 0;
    for (int i = network->count; i-- > 0;) {
        if (!(network->layers[i].type & (AN_LAYER_CONV | AN_LAYER_FC)))
            continue;
        all++;
        frozen += t->frozen[i];
        first = t->frozen[i] ? i : first;
    }
    if (frozen == all)
        an_log(t->ctx, ALEXNET_LOG_WARNING,
               "every layer is frozen, so this run cannot learn anything; set freeze = none, "
               "or freeze fewer layers");
    else if (frozen > 0 && random)
        an_log(t->ctx, ALEXNET_LOG_WARNING,
               "%s%s frozen at random weights, because no model is given to begin with",
               network->layers[first].name, frozen > 1 ? " and others are" : " is");
}

/* Warn about keys that are set for layers of which all are frozen. */
static void warn_idle(const alexnet_trainer *t)
{
    const char *key;
    for (int i = 0; (key = an_recipe_layer_key(t->recipe, i)); i++)
        if (an_recipe_layer_key_is_idle(t->recipe, i, t->net->network))
            an_log(t->ctx, ALEXNET_LOG_WARNING, "%s has no effect with freeze = %s", key,
                   an_recipe_get(t->recipe, "freeze"));
}

/* Warn if weights that were copied are far larger than init = safe counts on: the outputs of the
 * layer, and the gradients of those after it, then are too. */
static alexnet_status warn_large(const alexnet_trainer *t, const char *from)
{
    enum { FAR = 4 };
    const an_net *net = t->net;
    if (an_recipe_choice(t->recipe, AN_KEY_INIT) != AN_RECIPE_INIT_SAFE)
        return ALEXNET_OK;
    for (int i = 0; i < net->count; i++) {
        const an_param *p = &net->params[i];
        const double spread = p->learned ? an_pixel_spread(net->network, p->layer) : 1;
        an_norm norm;
        if (spread == 1 || p->is_bias)
            continue;
        AN_CHECK(an_net_norm(net, AN_VALUES, i, &norm));
        const double times =
            sqrt(norm.sum_squares / (double)p->count * (double)p->fan_in / 2) * spread;
        if (times > FAR)
            an_log(t->ctx, ALEXNET_LOG_WARNING,
                   "%s of %s is %.3g times as large as init = safe expects, so this run may "
                   "diverge; use the recipe finetune, or init = net and a rate of 0.001",
                   p->name, from, times);
    }
    return ALEXNET_OK;
}

static alexnet_status first_weights(alexnet_trainer *t, const alexnet_trainer_options *options)
{
    bool has_mean = false;
    AN_CHECK(an_init_weights(t->net, t->recipe));
    if (options->init_from) {
        AN_CHECK(an_init_from(t->net, &t->classes, options->init_from, &has_mean));
        AN_CHECK(warn_large(t, options->init_from));
    }
    warn_frozen(t, !options->init_from);
    warn_idle(t);
    AN_CHECK(an_net_copy(t->net, an_trainer_result(t), AN_VALUES));
    const bool axes = an_recipe_choice(t->recipe, AN_KEY_COLOUR_AXES) == AN_AXES_DATA;
    t->record.has_mean = !an_mean_wanted(t->net) || has_mean;
    t->record.phase = axes || !t->record.has_mean ? AN_PHASE_MEAN : AN_PHASE_TRAIN;
    return an_program_pack(t->program);
}

/* Refuse settings that follow validation if there is none. */
static alexnet_status check_validation(const alexnet_trainer *t)
{
    bool plateau = an_recipe_choice(t->recipe, AN_KEY_SCHEDULE) == AN_SCHEDULE_PLATEAU;
    if (t->val || !(plateau || an_recipe_integer(t->recipe, AN_KEY_STOP_PATIENCE)))
        return ALEXNET_OK;
    return AN_FAIL(
        ALEXNET_ERROR_INVALID_ARGUMENT,
        "%s follows the validation of every epoch, and there are no pictures to validate "
        "with",
        plateau ? "schedule = plateau" : "stop_patience");
}

/* Refuse a folder before anything is computed for the run. One inside the data set would be read as
 * a class, or as pictures, the next time. */
static alexnet_status check_folder(const alexnet_trainer *t, const char *folder)
{
    AN_CHECK(an_dataset_check_outside(t->train, folder));
    if (t->val)
        AN_CHECK(an_dataset_check_outside(t->val, folder));
    return an_run_check_free(folder);
}

/* Warn of settings that each make sense, but hardly together. */
static void warn_settings(const alexnet_trainer *t)
{
    const alexnet_recipe *recipe = t->recipe;
    const int64_t epochs = an_recipe_integer(recipe, AN_KEY_EPOCHS);
    if (an_recipe_number(recipe, AN_KEY_WARMUP, NULL, 0) > (double)epochs)
        an_log(t->ctx, ALEXNET_LOG_WARNING,
               "warmup = %s is longer than the run of %lld %s: rates never reach those of the "
               "recipe",
               an_recipe_get(recipe, "warmup"), (long long)epochs,
               an_text_plural(epochs, "epoch", "epochs"));
    if (an_recipe_choice(recipe, AN_KEY_CLASS_WEIGHTS) == AN_WEIGHTS_BALANCED &&
        an_recipe_choice(recipe, AN_KEY_SAMPLING) == AN_SAMPLING_BALANCED)
        an_log(t->ctx, ALEXNET_LOG_WARNING,
               "class_weights = balanced and sampling = balanced each make up for classes of "
               "unequal size; together they favour small ones");
}

/* Record the data sets, and warn of pictures that both of them have. */
static alexnet_status record_data(alexnet_trainer *t)
{
    int64_t *train = NULL, *val = NULL;
    alexnet_status rc;
    AN_TRY(an_dataset_stamps(&train, t->ctx, t->train, false));
    AN_TRY(
        an_data_identity_record(&t->record.train, t->train, train, an_trainer_reads_by_place(t)));
    if (!t->val)
        goto cleanup;
    AN_TRY(an_dataset_stamps(&val, t->ctx, t->val, false));
    AN_TRY(an_data_identity_record(&t->record.val, t->val, val, false));
    AN_TRY(an_dataset_warn_shared(t->ctx, t->train, train, t->val, val));
cleanup:
    an_free(train);
    an_free(val);
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
    AN_TRY(check_validation(t));
    if (!t->trial)
        AN_TRY(check_folder(t, options->out_dir));
    warn_settings(t);
    AN_TRY(an_trainer_read_recipe(t));
    AN_TRY(an_classes_copy(&t->classes, t->train->classes, t->train->class_ids,
                           t->train->class_names));
    AN_TRY(an_trainer_read_weights(t));
    AN_TRY(an_trainer_choose_network(&network, t->ctx, options, t->classes.count));
    AN_TRY(an_recipe_check_layers(t->recipe, network));
    if (!t->trial) { /* a trial shows few of the pictures, and leaves no record */
        AN_TRY(an_dataset_warn_absent(t->ctx, t->train, t->val));
        AN_TRY(record_data(t));
    }
    t->record.split = options->split ? options->split : t->ctx->split;
    AN_TRY(an_net_new(&t->net, t->ctx, network, true));
    an_trainer_origin(t, &t->record);
    AN_TRY(an_trainer_make(t));
    t->record.tuning = an_trainer_tuning(t);
    if (!t->record.tuning)
        AN_TRY(AN_FAIL_MEMORY(4096, "a record of progress"));
    AN_TRY(first_weights(t, options));
    if (!t->trial) {
        AN_TRY(an_run_create(&t->run, options->out_dir));
        an_trainer_warn_unlocked(t);
        t->recipe_due = true;
        AN_TRY(an_trainer_save(t)); /* from here on the run can be resumed */
    }
cleanup:
    an_network_release(network);
    return rc;
}

static alexnet_status take_validation(alexnet_trainer *t, const alexnet_dataset *val)
{
    AN_CHECK(an_dataset_match_classes(&t->val, t->train, val));
    return an_dataset_check_labels(t->val);
}

alexnet_status an_trainer_new(alexnet_trainer **out, alexnet_ctx *ctx, const alexnet_dataset *train,
                              const alexnet_dataset *val, const alexnet_trainer_options *options,
                              const an_trial_rule *trial)
{
    if (train->classes < 2)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s has %d %s; a classifier needs two class folders or more", train->root,
                       train->classes, an_text_plural(train->classes, "class", "classes"));
    AN_CHECK(an_dataset_check_labels(train));
    AN_CHECK(an_trainer_alloc(out, ctx));
    (*out)->trial = trial;
    (*out)->train = an_dataset_retain((alexnet_dataset *)train);
    alexnet_status rc = val ? take_validation(*out, val) : ALEXNET_OK;
    return an_trainer_finish(out, rc == ALEXNET_OK ? begin(*out, options) : rc);
}
