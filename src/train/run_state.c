#include "train/run_state.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/status.h"
#include "model/network/network.h"
#include "train/class_weights.h"
#include "train/exchange.h"

static void exchange_tally(an_exchange *x, const char *key, an_tally *tally)
{
    an_exchange inner = an_exchange_enter(x, key);
    an_exchange_int(&inner, "images", &tally->images);
    an_exchange_int(&inner, "skipped", &tally->skipped);
    an_exchange_number(&inner, "loss", &tally->loss);
    an_exchange_number(&inner, "top1", &tally->top1);
    an_exchange_number(&inner, "top5", &tally->top5);
    an_exchange_leave(x, &inner);
}

/* The name of a part's rule. Older records have none: their rule is "count". */
static void exchange_rule(an_exchange *x, an_part *part)
{
    static const char *const rules[] = {
        [AN_SPLIT_BY_PATH] = "path", [AN_SPLIT_BY_HASH] = "hash", [AN_SPLIT_BY_COUNT] = "count"};
    enum { RULES = sizeof rules / sizeof *rules };
    char rule[8];
    int known = 0;
    if (x->writing && part->share == 0)
        return;
    if (!x->writing && !json_object_get(x->object, "share_rule")) {
        part->rule = AN_SPLIT_BY_COUNT;
        return;
    }
    snprintf(rule, sizeof rule, "%s", rules[part->rule]);
    an_exchange_word(x, "share_rule", rule, sizeof rule);
    while (known < RULES && strcmp(rule, rules[known]) != 0)
        known++;
    if (known == RULES && !x->missing)
        x->missing = "share_rule";
    part->rule = known == RULES ? AN_SPLIT_BY_PATH : (an_split_rule)known;
}

static void exchange_data(an_exchange *x, const char *key, an_data_identity *data)
{
    if (x->writing ? !data->root : json_is_null(json_object_get(x->object, key))) {
        if (x->writing)
            an_exchange_put(x, key, json_null());
        return;
    }
    an_exchange inner = an_exchange_enter(x, key);
    an_exchange_text(&inner, "root", &data->root, NULL);
    an_exchange_text(&inner, "kind", &data->kind, "folders"); /* older records have no other kind */
    int64_t val = data->part.val;
    an_exchange_number(&inner, "share", &data->part.share);
    an_exchange_wide(&inner, "share_seed", &data->part.seed);
    exchange_rule(&inner, &data->part);
    an_exchange_int(&inner, "is_validation_part", &val);
    data->part.val = val != 0;
    an_exchange_int(&inner, "count", &data->count);
    an_exchange_wide(&inner, "fingerprint", &data->fingerprint);
    if (x->writing ? data->places != 0 : json_object_get(inner.object, "places") != NULL)
        an_exchange_wide(&inner, "places", &data->places);
    an_exchange_leave(x, &inner);
}

/* Older records have only error and loss. The other figures of their best epoch stay 0. */
static void exchange_best(an_exchange *x, alexnet_metrics *best)
{
    an_exchange_number(x, "best_error", &best->top1_error);
    an_exchange_number(x, "best_loss", &best->loss);
    if (!x->writing && !json_object_get(x->object, "best_images"))
        return;
    an_exchange_number(x, "best_top5_error", &best->top5_error);
    an_exchange_int(x, "best_images", &best->images);
    an_exchange_int(x, "best_skipped", &best->skipped);
}

/* Absent in older records. */
static void exchange_best_id(an_exchange *x, uint64_t *id)
{
    if (x->writing ? *id != 0 : json_object_get(x->object, "best_id") != NULL)
        an_exchange_wide(x, "best_id", id);
}

/* Absent in older records, whose runs use the tables of this machine. */
static void exchange_tuning(an_exchange *x, char **tuning)
{
    if (x->writing ? *tuning != NULL : json_object_get(x->object, "tuning") != NULL)
        an_exchange_text(x, "tuning", tuning, NULL);
}

/* Written only if pictures came or went. */
static void exchange_shift(an_exchange *x, int64_t *shift)
{
    if (x->writing ? *shift != 0 : json_object_get(x->object, "shift") != NULL)
        an_exchange_int(x, "shift", shift);
}

/* Written only if there were any. */
static void exchange_drops(an_exchange *x, an_drops *drops)
{
    if (x->writing ? !drops->count : !json_object_get(x->object, "drops"))
        return;
    an_exchange_int(x, "drops", &drops->count);
    an_exchange_int(x, "dropped_after", &drops->after);
}

/* Each is written only if it is set. */
static void exchange_moments(an_exchange *x, an_run_state *record)
{
    an_exchange_flag(x, "has_mean", &record->has_mean);
    if (x->writing ? record->mean_done > 0 : json_object_get(x->object, "mean_done") != NULL)
        an_exchange_int(x, "mean_done", &record->mean_done);
    if (x->writing ? !record->has_axes : !json_object_get(x->object, "colour_axes"))
        return;
    static const char *const keys[3][3] = {
        {"1r", "1g", "1b"}, {"2r", "2g", "2b"}, {"3r", "3g", "3b"}};
    an_exchange inner = an_exchange_enter(x, "colour_axes");
    for (int axis = 0; axis < 3; axis++)
        for (int colour = 0; colour < 3; colour++)
            an_exchange_number(&inner, keys[axis][colour], &record->axes[axis][colour]);
    an_exchange_leave(x, &inner);
    record->has_axes = true;
}

static void read_class_weights(an_exchange *x, an_run_state *record)
{
    const json_t *list = an_exchange_take(x, "class_weights");
    const size_t count = json_array_size(list);
    if (count < 1 || count > AN_CLASSES_MAX) { /* 0 too if it is not an array */
        x->missing = x->missing ? x->missing : "class_weights";
        return;
    }
    record->class_weights = an_calloc(count, sizeof *record->class_weights);
    x->failed |= !record->class_weights;
    record->n_class_weights = record->class_weights ? (int)count : 0;
    for (int i = 0; i < record->n_class_weights; i++) {
        const json_t *weight = json_array_get(list, (size_t)i);
        const double value = json_is_number(weight) ? json_number_value(weight) : -1;
        record->class_weights[i] = an_class_weight_is_good(value) ? (float)value : -1;
    }
}

/* Present in runs whose recipe names a file of weights. */
static void exchange_class_weights(an_exchange *x, an_run_state *record)
{
    if (!x->writing) {
        if (json_object_get(x->object, "class_weights"))
            read_class_weights(x, record);
        return;
    }
    if (!record->class_weights)
        return;
    json_t *list = json_array();
    for (int i = 0; i < record->n_class_weights; i++)
        if (json_array_append_new(list, json_real((double)record->class_weights[i])) != 0)
            x->failed = true;
    an_exchange_put(x, "class_weights", list);
}

/* The log's length is stored in lines. Its bytes depend on how many digits the logged speeds have,
 * and two runs that did the same must write the same file. Older records have bytes. */
static void exchange_log(an_exchange *x, an_run_state *record)
{
    bool old = !x->writing && json_object_get(x->object, "log_length");
    if (!x->writing)
        record->log_lines = record->log_bytes = AN_RUN_COUNT_MAX;
    if (old)
        an_exchange_int(x, "log_length", &record->log_bytes);
    else
        an_exchange_int(x, "log_lines", &record->log_lines);
}

static void exchange_record(an_exchange *x, an_run_state *record)
{
    int64_t phase = record->phase, split = record->split;
    an_exchange_int(x, "phase", &phase);
    an_exchange_int(x, "step", &record->step);
    exchange_shift(x, &record->shift);
    exchange_tally(x, "interval", &record->interval);
    exchange_tally(x, "epoch", &record->epoch);
    exchange_best(x, &record->best);
    an_exchange_int(x, "best_epoch", &record->best_epoch);
    exchange_best_id(x, &record->best_id);
    exchange_drops(x, &record->drops);
    an_exchange_flag(x, "told_stuck", &record->told_stuck);
    exchange_moments(x, record);
    an_exchange_int(x, "skipped", &record->skipped);
    exchange_log(x, record);
    an_exchange_int(x, "split", &split);
    exchange_class_weights(x, record);
    exchange_data(x, "train", &record->train);
    exchange_data(x, "val", &record->val);
    an_exchange_word(x, "device", record->device, sizeof record->device);
    an_exchange_word(x, "isa", record->isa, sizeof record->isa);
    an_exchange_word(x, "library", record->library, sizeof record->library);
    an_exchange_word(x, "precision", record->precision, sizeof record->precision);
    an_exchange_flag(x, "deterministic", &record->deterministic);
    exchange_tuning(x, &record->tuning);
    if (phase < AN_PHASE_MEAN || phase > AN_PHASE_DONE || split < 1 || split > AN_SPLIT_MAX)
        split = 0; /* check() refuses it; a cast could bring it back into range */
    record->phase = (an_phase)phase;
    record->split = (int)split;
}

char *an_run_state_to_text(const an_run_state *record)
{
    an_run_state copy = *record;
    an_exchange x = {.object = json_object(), .writing = true};
    exchange_record(&x, &copy);
    char *result = x.failed ? NULL : an_json_text(x.object, JSON_COMPACT | JSON_REAL_PRECISION(17));
    json_decref(x.object);
    return result;
}

static bool is_count(int64_t value)
{
    return value >= 0 && value <= AN_RUN_COUNT_MAX;
}

static bool is_tally(const an_tally *tally)
{
    return is_count(tally->images) && is_count(tally->skipped);
}

static bool is_data(const an_data_identity *data)
{
    return data->root && data->kind && data->count > 0 && is_count(data->count) &&
           data->part.share >= 0 && data->part.share < 1;
}

static bool are_weights(const float *weights, int count)
{
    bool good = true;
    for (int i = 0; i < count; i++)
        good &= weights[i] >= 0;
    return good;
}

static bool are_in_range(const an_run_state *r)
{
    return r->split >= 1 && is_count(r->step) && r->shift >= -r->step &&
           r->shift <= AN_RUN_COUNT_MAX && is_count(r->log_lines) && is_count(r->log_bytes) &&
           is_tally(&r->interval) && is_tally(&r->epoch) && is_count(r->skipped) &&
           is_count(r->best.images) && is_count(r->best.skipped) && is_count(r->best_epoch) &&
           is_count(r->drops.count) && is_count(r->drops.after) && is_count(r->mean_done) &&
           is_data(&r->train) && (!r->val.root || is_data(&r->val)) &&
           are_weights(r->class_weights, r->n_class_weights);
}

static alexnet_status check(const an_run_state *r, const char *source)
{
    if (are_in_range(r))
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: its record of progress has values out of range",
                   source);
}

alexnet_status an_run_state_from_text(an_run_state *record, const char *json, const char *source)
{
    *record = (an_run_state){0};
    alexnet_status rc;
    an_exchange x = {0};
    AN_CHECK(an_json_parse(&x.object, json, strlen(json), 0, NULL));
    if (!json_is_object(x.object)) {
        rc = AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: its record of progress is not a JSON object",
                     source);
        goto cleanup;
    }
    exchange_record(&x, record);
    if (x.failed)
        rc = AN_FAIL_MEMORY(strlen(json), "a record of progress");
    else if (x.missing)
        rc =
            AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: its record of progress lacks %s", source, x.missing);
    else
        rc = check(record, source);
cleanup:
    json_decref(x.object);
    if (rc != ALEXNET_OK)
        an_run_state_free(record);
    return rc;
}

void an_run_state_free(an_run_state *record)
{
    an_data_identity_free(&record->train);
    an_data_identity_free(&record->val);
    an_free(record->tuning);
    an_free(record->class_weights);
    *record = (an_run_state){0};
}
