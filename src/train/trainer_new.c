/*
 * A new run: its network, first weights and folder.
 */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/utf8.h"
#include "train/init.h"
#include "train/trainer.h"

static bool has_parameters(const alexnet_network *network, int layer)
{
    an_param_info infos[AN_MAX_PARAMS];
    const an_graph *graph = &network->graph;
    for (int i = 0; i < graph->count; i++)
        if (graph->nodes[i].layer == layer && an_op_params(&graph->nodes[i].desc, infos) > 0)
            return true;
    return false;
}

/* "conv1, conv2, fc3", cut short where room ends. */
static void list_layers(const alexnet_network *network, char *text, size_t room)
{
    size_t length = 0;
    text[0] = '\0';
    for (int i = 0; i < network->count && length < room; i++)
        if (has_parameters(network, i))
            length += (size_t)snprintf(text + length, room - length, "%s%s", length ? ", " : "",
                                       network->layers[i].name);
}

/* What a recipe sets for one layer must have an effect. */
static alexnet_status check_layers(const alexnet_recipe *recipe, const alexnet_network *network)
{
    const char *name;
    char those[512];
    for (int i = 0; (name = an_recipe_layer(recipe, i)); i++) {
        int layer = an_network_find_layer(network, name);
        if (layer >= 0 && has_parameters(network, layer))
            continue;
        list_layers(network, those, sizeof those);
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "the recipe sets a key of layer %s, which %s; layers with parameters are %s",
                       name, layer >= 0 ? "has no parameters" : "the network does not have", those);
    }
    return ALEXNET_OK;
}

static alexnet_status record_data(an_data_identity *record, const alexnet_dataset *data)
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

/* The network that is asked for: by name, or else the one of the model to begin from. */
static alexnet_status choose_network(alexnet_network **out, const alexnet_trainer_options *options,
                                     int classes)
{
    alexnet_status rc;
    an_source *source;
    an_tensor_file *file = NULL;
    alexnet_network *theirs = NULL;
    an_classes their_classes = {0};
    if (options->net || !options->init_from)
        return an_network_load(out, options->net ? options->net : "alexnet", classes);
    AN_CHECK(an_model_file_source(&source, options->init_from));
    AN_TRY(an_model_file_open(&file, &theirs, &their_classes, source));
    rc = an_network_parse(out, theirs->text, options->init_from, theirs->name, classes);
cleanup:
    an_network_release(theirs);
    an_classes_free(&their_classes);
    an_tensor_file_close(file);
    return rc;
}

/* Whether parameter `index` may come from a file: what the network file fixes stays. */
static bool may_take(const an_net *net, int index, an_tensor_file *file)
{
    const an_param *param = &net->params[index];
    const an_tensor_entry *entry = an_tensor_file_find(file, param->name);
    return entry && an_shape_equal(entry->shape, param->shape) &&
           (param->learned || an_mean_wanted(net));
}

/* Take the tensors of a model that fit; says how many. */
static alexnet_status take_tensors(alexnet_trainer *t, an_tensor_file *file, bool *has_mean)
{
    int taken = 0;
    for (int i = 0; i < t->net->count; i++) {
        if (!may_take(t->net, i, file))
            continue;
        AN_CHECK(an_model_file_tensor(file, t->net->params[i].name, t->net, AN_VALUES, i));
        taken++;
        *has_mean |= !t->net->params[i].learned;
    }
    if (!taken)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s has no tensor of the name and shape of one of %s",
                       an_tensor_file_name(file), t->net->network->name);
    an_log(t->ctx, ALEXNET_LOG_INFO, "took %d of %d tensors from %s", taken, t->net->count,
           an_tensor_file_name(file));
    return ALEXNET_OK;
}

/* A class that the data set has no readable name for keeps the model's, if the classes are the
 * same. A file of another program has none. */
static alexnet_status take_names(an_classes *ours, an_tensor_file *file)
{
    an_classes theirs = {0};
    if (!an_tensor_file_metadata(file, "alexnet.classes"))
        return ALEXNET_OK;
    alexnet_status rc = an_model_file_classes(&theirs, file);
    bool same = rc == ALEXNET_OK && theirs.count == ours->count;
    for (int i = 0; same && i < ours->count; i++)
        same = strcmp(ours->ids[i], theirs.ids[i]) == 0;
    for (int i = 0; same && i < ours->count; i++) {
        if (strcmp(ours->names[i], ours->ids[i]) != 0)
            continue;
        char *name = ours->names[i];
        ours->names[i] = theirs.names[i];
        theirs.names[i] = name;
    }
    an_classes_free(&theirs);
    return rc;
}

static alexnet_status begin_from(alexnet_trainer *t, const char *path, bool *has_mean)
{
    an_source *source;
    an_tensor_file *file;
    AN_CHECK(an_model_file_source(&source, path));
    AN_CHECK(an_tensor_file_open(&file, source));
    alexnet_status rc = take_tensors(t, file, has_mean);
    if (rc == ALEXNET_OK)
        rc = take_names(&t->classes, file);
    an_tensor_file_close(file);
    return rc;
}

static alexnet_status first_weights(alexnet_trainer *t, const alexnet_trainer_options *options)
{
    bool has_mean = false;
    AN_CHECK(an_init_weights(t->net, t->recipe));
    if (options->init_from)
        AN_CHECK(begin_from(t, options->init_from, &has_mean));
    t->record.phase = an_mean_wanted(t->net) && !has_mean ? AN_PHASE_MEAN : AN_PHASE_TRAIN;
    return an_program_pack(t->program);
}

static alexnet_status begin(alexnet_trainer *t, const alexnet_trainer_options *options)
{
    alexnet_network *network = NULL;
    alexnet_status rc;
    if (options->recipe)
        AN_TRY(an_recipe_copy(&t->recipe, options->recipe));
    else
        AN_TRY(an_recipe_load(&t->recipe, "default"));
    an_trainer_read_recipe(t);
    AN_TRY(an_classes_copy(&t->classes, t->train->classes, t->train->class_ids,
                           t->train->class_names));
    AN_TRY(choose_network(&network, options, t->classes.count));
    AN_TRY(check_layers(t->recipe, network));
    AN_TRY(record_data(&t->record.train, t->train));
    AN_TRY(record_data(&t->record.val, t->val));
    t->record.split = options->split ? options->split : t->ctx->threads;
    AN_TRY(an_net_new(&t->net, t->ctx, network, true));
    an_trainer_origin(t, &t->record);
    AN_TRY(an_trainer_make(t));
    t->record.tuning = an_trainer_tuning(t);
    if (!t->record.tuning)
        AN_TRY(AN_FAIL_MEMORY(4096, "a record of progress"));
    AN_TRY(first_weights(t, options));
    AN_TRY(an_run_create(&t->run, options->out_dir));
    AN_TRY(an_trainer_save_recipe(t));
    AN_TRY(an_trainer_save(t)); /* from here on the run can be resumed */
cleanup:
    an_network_release(network);
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
    AN_CHECK(an_trainer_alloc(out, ctx));
    (*out)->train = an_dataset_retain((alexnet_dataset *)train);
    (*out)->val = val ? an_dataset_retain((alexnet_dataset *)val) : NULL;
    return an_trainer_finish(out, begin(*out, options));
}
