/*
 * Recipes: how to train. One table of keys (recipe_keys.c) serves recipe files, command options and
 * alexnet_recipe_set().
 */
#ifndef AN_TRAIN_RECIPE_H
#define AN_TRAIN_RECIPE_H

#include <stdbool.h>
#include <stdint.h>

#include "alexnet/alexnet.h"

/** The keys, in the order of the table. */
typedef enum an_key {
    AN_KEY_BATCH,
    AN_KEY_ACCUMULATE,
    AN_KEY_EPOCHS,
    AN_KEY_RATE,
    AN_KEY_RATE_BIAS,
    AN_KEY_SCHEDULE,
    AN_KEY_STEP_EPOCHS,
    AN_KEY_STEP_FACTOR,
    AN_KEY_FALL,
    AN_KEY_FALL_STEPS,
    AN_KEY_POLY_POWER,
    AN_KEY_RESTART_EPOCHS,
    AN_KEY_RESTART_GROWTH,
    AN_KEY_PATIENCE,
    AN_KEY_WARMUP,
    AN_KEY_RULE,
    AN_KEY_MOMENTUM,
    AN_KEY_BETA2,
    AN_KEY_EPSILON,
    AN_KEY_DECAY,
    AN_KEY_DECAY_BIAS,
    AN_KEY_CLIP,
    AN_KEY_AVERAGE,
    AN_KEY_FREEZE,
    AN_KEY_INIT,
    AN_KEY_CROP,
    AN_KEY_MIRROR,
    AN_KEY_CROP_GROUP,
    AN_KEY_CROP_AREA,
    AN_KEY_CROP_ASPECT,
    AN_KEY_ROTATE,
    AN_KEY_COLOUR_NOISE,
    AN_KEY_COLOUR_AXES,
    AN_KEY_BRIGHTNESS,
    AN_KEY_CONTRAST,
    AN_KEY_SATURATION,
    AN_KEY_HUE,
    AN_KEY_ERASE,
    AN_KEY_ERASE_AREA,
    AN_KEY_ERASE_ASPECT,
    AN_KEY_MIXUP,
    AN_KEY_CUTMIX,
    AN_KEY_LABEL_SMOOTHING,
    AN_KEY_CLASS_WEIGHTS,
    AN_KEY_BEST_BY,
    AN_KEY_STOP_PATIENCE,
    AN_KEY_KEEP,
    AN_KEY_ORDER,
    AN_KEY_SAMPLING,
    AN_KEY_BAD_PICTURES,
    AN_KEY_REPORT,
    AN_KEY_NORMS,
    AN_KEY_SEED,
    AN_KEY_COUNT
} an_key;

/** Choices, in the order of the table's ranges; those of `rule` are AN_RULE_* (backend/state.h). */
enum {
    AN_SCHEDULE_CONSTANT,
    AN_SCHEDULE_STEP,
    AN_SCHEDULE_EXPONENTIAL,
    AN_SCHEDULE_POLY,
    AN_SCHEDULE_COSINE,
    AN_SCHEDULE_PLATEAU
};
enum { AN_BEST_BY_TOP1, AN_BEST_BY_TOP5, AN_BEST_BY_LOSS };
enum { AN_RECIPE_INIT_SAFE, AN_RECIPE_INIT_NET };
enum { AN_ORDER_RANDOM, AN_ORDER_SHARDS };
enum { AN_SAMPLING_UNIFORM, AN_SAMPLING_BALANCED };
enum { AN_WEIGHTS_NONE, AN_WEIGHTS_BALANCED, AN_WEIGHTS_FILE };
enum { AN_AXES_PUBLISHED, AN_AXES_DATA };
enum { AN_CROP_RANDOM, AN_CROP_CENTRE, AN_CROP_SCALED };

/** New recipe with the standard values of all keys. */
alexnet_status an_recipe_new(alexnet_recipe **out);
alexnet_status an_recipe_load(alexnet_recipe **out, const char *name_or_path);
/** Read the [recipe] section of a text; its keys replace the values that a recipe has. */
alexnet_status an_recipe_read(alexnet_recipe *recipe, const char *text, const char *source);
/** The same for the recipe of a run, which must have every key. Keys that are newer than the run
 * get the values that keep its behaviour. */
alexnet_status an_recipe_read_whole(alexnet_recipe *recipe, const char *text, const char *source);
alexnet_status an_recipe_copy(alexnet_recipe **out, const alexnet_recipe *recipe);
void an_recipe_free(alexnet_recipe *recipe); /* NULL allowed */

alexnet_status an_recipe_set(alexnet_recipe *recipe, const char *name, const char *value);
/** The same for a run that is resumed: only keys whose at_resume is true. */
alexnet_status an_recipe_set_at_resume(alexnet_recipe *recipe, const char *name, const char *value);
/** A value as text; NULL for an unknown key. "conv1.rate" gives that of "rate" if nothing is set
 * for conv1. */
const char *an_recipe_get(const alexnet_recipe *recipe, const char *name);
/** All values as the text of a recipe file; owned. NULL if memory is short. */
char *an_recipe_text(const alexnet_recipe *recipe);
/** The i-th key that is set for layers, "conv*.rate", or NULL past the last. */
const char *an_recipe_layer_key(const alexnet_recipe *recipe, int i);
/** Whether a layer is one of those that `freeze` names. */
bool an_recipe_frozen(const alexnet_recipe *recipe, const char *layer);
/** Whether every layer with parameters that the i-th key is set for is frozen. */
bool an_recipe_layer_key_is_idle(const alexnet_recipe *recipe, int i,
                                 const alexnet_network *network);
/** Check that every layer or pattern in a recipe matches a layer of the network with parameters. */
alexnet_status an_recipe_check_layers(const alexnet_recipe *recipe, const alexnet_network *network);

bool an_recipe_key_info(int index, alexnet_recipe_key *info);

/** Values. A schedule gives its value in `epoch`, counted from 1; other keys do not depend on
 * it. */
int64_t an_recipe_integer(const alexnet_recipe *recipe, an_key key);
/** Of a key that also takes a path, any path is the last choice. */
int an_recipe_choice(const alexnet_recipe *recipe, an_key key);
/** @param layer  a layer's name, for its own value if it has one; or NULL */
double an_recipe_number(const alexnet_recipe *recipe, an_key key, const char *layer, double epoch);
/** In how many of the epochs 1 .. epochs a schedule is above 0. */
int64_t an_recipe_epochs_above_zero(const alexnet_recipe *recipe, an_key key, const char *layer,
                                    int64_t epochs);
/** Whether a schedule is above 0 in any epoch; values of single layers do not count. */
bool an_recipe_ever(const alexnet_recipe *recipe, an_key key);
/** The two numbers of a range. */
void an_recipe_range(const alexnet_recipe *recipe, an_key key, double range[2]);

#endif
