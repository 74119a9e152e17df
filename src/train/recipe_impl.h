/*
 * The inside of a recipe: the table of keys, and the values a recipe has for them.
 */
#ifndef AN_TRAIN_RECIPE_IMPL_H
#define AN_TRAIN_RECIPE_IMPL_H

#include "train/recipe.h"

typedef enum an_value_type {
    AN_VALUE_INTEGER,
    AN_VALUE_NUMBER,
    AN_VALUE_SCHEDULE,
    AN_VALUE_RANGE, /* two numbers, "0.02 0.33", the second no smaller */
    AN_VALUE_CHOICE,
    AN_VALUE_FILE, /* a choice, the last of which stands for any path */
    AN_VALUE_LAYERS
} an_value_type;

/* How the last choice of such a key is written. */
#define AN_ANY_FILE "FILE"

typedef struct an_key_spec {
    const char *name;
    an_value_type type;
    double min, max;
    const char *range; /* for people; of a choice, the choices */
    const char *standard;
    bool per_layer;
    const char *help;
    bool at_resume; /* may be changed when a run is resumed */
} an_key_spec;

extern const an_key_spec an_recipe_keys[AN_KEY_COUNT];

/* A line of recipe text, "LAYER.decay_bias = VALUE", is no longer than AN_INI_LINE_MAX. */
enum { AN_VALUE_LENGTH = 128, AN_LAYER_MAX = 47, AN_LAYER_KEYS_MAX = 4096 };

/* A key set for the layers whose names match a pattern. If several match, the last one counts. */
typedef struct an_layer_value {
    char pattern[AN_LAYER_MAX + 1];
    an_key key;
    char name[AN_LAYER_MAX + 24]; /* as it was set: "conv*.rate" */
    char value[AN_VALUE_LENGTH];
} an_layer_value;

struct alexnet_recipe {
    char value[AN_KEY_COUNT][AN_VALUE_LENGTH];
    int n_layers;
    an_layer_value *layers;
};

/** recipe_keys.c: find a key by its name; the error says which name is near. */
alexnet_status an_recipe_key_find(const char *name, an_key *key);

/** recipe_values.c: check that a key may have this value; the error says which it may have.
 *  @param name  the key as it was given, perhaps with its layer: "conv1.rate" */
alexnet_status an_recipe_key_check(an_key index, const char *name, const char *value);
/** Whether a text of `length` bytes has the form of a layer's name or of a pattern of names. */
bool an_recipe_is_pattern(const char *text, size_t length);
/** The next pattern of a list such as "conv* fc6"; false at its end, or if no pattern follows. */
bool an_recipe_next_layer(const char **at, char pattern[AN_LAYER_MAX + 1]);
/** The next "number" or "number@epoch" of a schedule; false at its end or if it is not one. */
bool an_recipe_next_step(const char **at, double *value, double *from);

/** recipe_layers.c: what is set for a layer, or NULL. */
const char *an_recipe_layer_text(const alexnet_recipe *recipe, an_key key, const char *layer);
alexnet_status an_recipe_set_layer(alexnet_recipe *recipe, an_key key, const char *name,
                                   const char *value);

#endif
