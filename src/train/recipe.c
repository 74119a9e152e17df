#include "train/recipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/builtin.h"
#include "base/files.h"
#include "base/ini.h"
#include "base/status.h"
#include "base/text.h"

typedef enum value_kind { INTEGER, NUMBER, SCHEDULE, CHOICE } value_kind;

typedef struct key_spec {
    const char *name;
    value_kind kind;
    double min, max;
    const char *range; /* for people; of a choice, the choices */
    const char *standard;
    bool per_layer;
    const char *help;
} key_spec;

static const key_spec keys[AN_KEY_COUNT] = {
    [AN_KEY_BATCH] = {"batch", INTEGER, 1, 65536, "1 to 65536", "64", false, "pictures per update"},
    [AN_KEY_EPOCHS] = {"epochs", INTEGER, 1, 1000000, "1 to 1000000", "20", false,
                       "passes over the training pictures"},
    [AN_KEY_RATE] = {"rate", SCHEDULE, 0, 1000, "0 to 1000", "0.01", true,
                     "learning rate of weights; 0 freezes them"},
    [AN_KEY_RATE_BIAS] = {"rate_bias", SCHEDULE, 0, 1000, "0 to 1000", "0.02", true,
                          "learning rate of biases"},
    [AN_KEY_SCHEDULE] = {"schedule", CHOICE, 0, 0, "constant|step|cosine", "cosine", false,
                         "how the rates fall: as written, in steps, or to zero along a cosine"},
    [AN_KEY_STEP_EPOCHS] = {"step_epochs", INTEGER, 1, 1000000, "1 to 1000000", "30", false,
                            "epochs between the steps of schedule = step"},
    [AN_KEY_STEP_FACTOR] = {"step_factor", NUMBER, 0, 1, "0 to 1", "0.1", false,
                            "what each step multiplies the rates by"},
    [AN_KEY_WARMUP] = {"warmup", NUMBER, 0, 1000000, "0 to 1000000", "1", false,
                       "epochs in which the rates rise from zero; fractions allowed"},
    [AN_KEY_MOMENTUM] = {"momentum", SCHEDULE, 0, 0.9999, "0 to 0.9999", "0.9", true,
                         "share of the last change that each change keeps"},
    [AN_KEY_DECAY] = {"decay", SCHEDULE, 0, 100, "0 to 100", "0.0005", true,
                      "weight decay of weights"},
    [AN_KEY_DECAY_BIAS] = {"decay_bias", SCHEDULE, 0, 100, "0 to 100", "0", true,
                           "weight decay of biases"},
    [AN_KEY_INIT] =
        {"init", CHOICE, 0, 0, "safe|net", "safe", false,
         "first weights: scaled so that learning starts at once, or the network file's"},
    [AN_KEY_CROP] = {"crop", CHOICE, 0, 0, "random|centre", "random", false,
                     "where training crops are taken"},
    [AN_KEY_MIRROR] = {"mirror", CHOICE, 0, 0, "no|yes", "yes", false,
                       "mirror half of the training pictures"},
    [AN_KEY_COLOUR_NOISE] = {"colour_noise", SCHEDULE, 0, 10, "0 to 10", "0", false,
                             "strength of the paper's colour noise (section 4.1); 0.1 in 2012"},
    [AN_KEY_REPORT] = {"report", INTEGER, 1, 1000000, "1 to 1000000", "20", false,
                       "updates between reports"},
    [AN_KEY_SEED] = {"seed", INTEGER, 0, 9e15, "0 to 9e15", "1", false, "of all random numbers"},
};

#define LAYER_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
/* A line of recipe text, "LAYER.decay_bias = VALUE", is no longer than AN_INI_LINE_MAX. */
enum { VALUE_MAX = 128, LAYER_MAX = 47 };

/* A key set for one layer. */
typedef struct layer_value {
    char layer[LAYER_MAX + 1];
    an_key key;
    char value[VALUE_MAX];
} layer_value;

struct alexnet_recipe {
    char value[AN_KEY_COUNT][VALUE_MAX];
    int n_layers;
    layer_value *layers;
};

/* ---- Values ---- */

/* The next "number" or "number@epoch" of a schedule; false at its end or if it is not one. */
static bool next_step(const char **at, double *value, double *from)
{
    char word[VALUE_MAX];
    const char *p = *at + strspn(*at, " \t,");
    size_t length = strcspn(p, " \t,");
    if (length == 0 || length >= sizeof word)
        return false;
    memcpy(word, p, length);
    word[length] = '\0';
    char *sign = strchr(word, '@');
    *from = 0;
    if (sign) {
        *sign = '\0';
        if (!an_text_to_double(sign + 1, from))
            return false;
    }
    if (!an_text_to_double(word, value))
        return false;
    *at = p + length;
    return true;
}

static bool schedule_is_good(const key_spec *key, const char *text)
{
    double value, from, last = -1;
    const char *at = text;
    while (next_step(&at, &value, &from)) {
        if (value < key->min || value > key->max || from <= last || (last < 0 && from != 0))
            return false;
        last = from;
    }
    return last >= 0 && at[strspn(at, " \t,")] == '\0';
}

static bool integer_is_good(const key_spec *key, const char *text)
{
    int64_t value;
    return an_text_to_int(text, &value) && (double)value >= key->min && (double)value <= key->max;
}

static bool number_is_good(const key_spec *key, const char *text)
{
    double value;
    return an_text_to_double(text, &value) && value >= key->min && value <= key->max;
}

static alexnet_status check_value(const key_spec *key, const char *value)
{
    if (strlen(value) >= VALUE_MAX)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "%s: the value has %zu bytes; at most %d",
                       key->name, strlen(value), VALUE_MAX - 1);
    bool good = key->kind == INTEGER    ? integer_is_good(key, value)
                : key->kind == NUMBER   ? number_is_good(key, value)
                : key->kind == SCHEDULE ? schedule_is_good(key, value)
                                        : an_text_choice(key->range, value) >= 0;
    if (good)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "%s = %s: expected %s%s%s", key->name, value,
                   key->kind == INTEGER  ? "an integer from "
                   : key->kind == CHOICE ? ""
                                         : "a number from ",
                   key->range, key->kind == SCHEDULE ? ", or steps such as \"0.01 0.001@25\"" : "");
}

int64_t an_recipe_integer(const alexnet_recipe *recipe, an_key key)
{
    int64_t value = 0;
    an_text_to_int(recipe->value[key], &value);
    return value;
}

int an_recipe_choice(const alexnet_recipe *recipe, an_key key)
{
    return an_text_choice(keys[key].range, recipe->value[key]);
}

static const char *layer_text(const alexnet_recipe *recipe, an_key key, const char *layer)
{
    for (int i = 0; layer && i < recipe->n_layers; i++)
        if (recipe->layers[i].key == key && strcmp(recipe->layers[i].layer, layer) == 0)
            return recipe->layers[i].value;
    return recipe->value[key];
}

double an_recipe_number(const alexnet_recipe *recipe, an_key key, const char *layer, double epoch)
{
    const char *at = layer_text(recipe, key, layer);
    double value, from, result = 0;
    while (next_step(&at, &value, &from) && from <= epoch)
        result = value;
    return result;
}

/* ---- Setting ---- */

static const char *key_at(void *user, int i)
{
    (void)user;
    return keys[i].name;
}

static alexnet_status find_key(const char *name, an_key *key)
{
    for (int i = 0; i < AN_KEY_COUNT; i++)
        if (strcmp(keys[i].name, name) == 0) {
            *key = (an_key)i;
            return ALEXNET_OK;
        }
    const char *near = an_text_nearest(name, AN_KEY_COUNT, key_at, NULL);
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "%s is not a key of a recipe%s%s%s", name,
                   near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static alexnet_status set_for_layer(alexnet_recipe *recipe, an_key key, const char *layer,
                                    size_t length, const char *value)
{
    if (!keys[key].per_layer)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "%s cannot differ by layer", keys[key].name);
    if (length == 0 || length > LAYER_MAX || strspn(layer, LAYER_LETTERS) < length)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "%.*s is not a layer's name", (int)length,
                       layer);
    layer_value *at = NULL;
    for (int i = 0; i < recipe->n_layers; i++)
        if (recipe->layers[i].key == key && strncmp(recipe->layers[i].layer, layer, length) == 0 &&
            recipe->layers[i].layer[length] == '\0')
            at = &recipe->layers[i];
    if (!at) {
        layer_value *grown =
            an_realloc(recipe->layers, (size_t)recipe->n_layers + 1, sizeof *grown);
        if (!grown)
            return AN_FAIL_MEMORY(sizeof *grown, "a recipe");
        recipe->layers = grown;
        at = &grown[recipe->n_layers++];
        *at = (layer_value){.key = key};
        memcpy(at->layer, layer, length);
    }
    memcpy(at->value, value, strlen(value) + 1);
    return ALEXNET_OK;
}

alexnet_status an_recipe_set(alexnet_recipe *recipe, const char *name, const char *value)
{
    const char *dot = strrchr(name, '.');
    an_key key;
    AN_CHECK(find_key(dot ? dot + 1 : name, &key));
    AN_CHECK(check_value(&keys[key], value));
    if (dot)
        return set_for_layer(recipe, key, name, (size_t)(dot - name), value);
    memcpy(recipe->value[key], value, strlen(value) + 1);
    return ALEXNET_OK;
}

const char *an_recipe_get(const alexnet_recipe *recipe, const char *name)
{
    const char *dot = strrchr(name, '.');
    char layer[LAYER_MAX + 1] = "";
    an_key key;
    if (find_key(dot ? dot + 1 : name, &key) != ALEXNET_OK || (dot && !keys[key].per_layer))
        return NULL;
    if (dot)
        snprintf(layer, sizeof layer, "%.*s", (int)(dot - name), name);
    return layer_text(recipe, key, dot ? layer : NULL);
}

const char *an_recipe_layer(const alexnet_recipe *recipe, int i)
{
    return i < recipe->n_layers ? recipe->layers[i].layer : NULL;
}

bool an_recipe_key_info(int index, alexnet_recipe_key *info)
{
    if (index < 0 || index >= AN_KEY_COUNT)
        return false;
    static const char *const types[] = {
        [INTEGER] = "integer", [NUMBER] = "number", [SCHEDULE] = "schedule", [CHOICE] = "choice"};
    const key_spec *key = &keys[index];
    *info = (alexnet_recipe_key){key->name,     types[key->kind], key->range,
                                 key->standard, key->help,        key->per_layer};
    return true;
}

/* ---- Making ---- */

alexnet_status an_recipe_new(alexnet_recipe **out)
{
    *out = an_calloc(1, sizeof **out);
    if (!*out)
        return AN_FAIL_MEMORY(sizeof **out, "a recipe");
    for (int i = 0; i < AN_KEY_COUNT; i++)
        memcpy((*out)->value[i], keys[i].standard, strlen(keys[i].standard) + 1);
    return ALEXNET_OK;
}

alexnet_status an_recipe_copy(alexnet_recipe **out, const alexnet_recipe *recipe)
{
    AN_CHECK(an_recipe_new(out));
    memcpy((*out)->value, recipe->value, sizeof recipe->value);
    size_t bytes = (size_t)recipe->n_layers * sizeof *recipe->layers;
    (*out)->layers = an_malloc(bytes);
    if (!(*out)->layers) {
        an_recipe_free(*out);
        *out = NULL;
        return AN_FAIL_MEMORY(bytes, "a recipe");
    }
    if (bytes)
        memcpy((*out)->layers, recipe->layers, bytes);
    (*out)->n_layers = recipe->n_layers;
    return ALEXNET_OK;
}

void an_recipe_free(alexnet_recipe *recipe)
{
    if (!recipe)
        return;
    an_free(recipe->layers);
    an_free(recipe);
}

typedef struct reading {
    alexnet_recipe *recipe;
    const char *source;
    bool has_recipe;    /* its section was met */
    unsigned long seen; /* bit per key */
    int earlier;        /* layers' settings that were there before */
} reading;
_Static_assert(AN_KEY_COUNT <= 32, "seen has a bit per key");

/* A key that a file gives twice is a mistake: which of the two counts? */
static bool given_twice(reading *r, const char *name)
{
    const char *dot = strrchr(name, '.');
    size_t length = dot ? (size_t)(dot - name) : 0;
    an_key key;
    if (find_key(dot ? dot + 1 : name, &key) != ALEXNET_OK)
        return false;
    for (int i = r->earlier; dot && i < r->recipe->n_layers; i++)
        if (r->recipe->layers[i].key == key && strlen(r->recipe->layers[i].layer) == length &&
            strncmp(r->recipe->layers[i].layer, name, length) == 0)
            return true;
    bool seen = !dot && (r->seen >> key & 1);
    r->seen |= dot ? 0 : 1ul << key;
    return seen;
}

static alexnet_status on_key(void *user, int line, const char *section, const char *key,
                             const char *value)
{
    reading *r = user;
    if (strcmp(section, "run") == 0)
        return ALEXNET_OK; /* a run's recipe.ini also says where its data is */
    if (strcmp(section, "recipe") != 0)
        return AN_FAIL(ALEXNET_ERROR_FORMAT,
                       "%s:%d: [%s] is not a section of a recipe; it has [recipe]", r->source, line,
                       section);
    if (key ? given_twice(r, key) : r->has_recipe)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s:%d: [recipe] %s", r->source, line,
                       key ? "this key is given twice" : "this section stands twice");
    r->has_recipe = true;
    if (!key)
        return ALEXNET_OK;
    alexnet_status rc = an_recipe_set(r->recipe, key, value);
    if (rc != ALEXNET_ERROR_INVALID_ARGUMENT)
        return rc;
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s:%d: [recipe] %s", r->source, line, an_error_text());
}

alexnet_status an_recipe_read(alexnet_recipe *recipe, const char *text, const char *source)
{
    reading r = {.recipe = recipe, .source = source, .earlier = recipe->n_layers};
    return an_ini_read(text, source, on_key, &r);
}

static const char *builtin_at(void *user, int i)
{
    (void)user;
    return an_builtin_recipes[i].name;
}

static alexnet_status read_named(alexnet_recipe *recipe, const char *name_or_path)
{
    int count = 0;
    for (; an_builtin_recipes[count].name; count++)
        if (strcmp(an_builtin_recipes[count].name, name_or_path) == 0)
            return an_recipe_read(recipe, an_builtin_recipes[count].text, name_or_path);
    if (!an_is_file(name_or_path)) {
        const char *near = an_text_nearest(name_or_path, count, builtin_at, NULL);
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "%s is neither a built-in recipe nor a recipe file%s%s%s", name_or_path,
                       near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    }
    unsigned char *bytes;
    size_t length;
    AN_CHECK(an_file_read(name_or_path, 1 << 20, &bytes, &length));
    alexnet_status rc = memchr(bytes, '\0', length)
                            ? AN_FAIL(ALEXNET_ERROR_FORMAT,
                                      "%s is not a recipe file: it holds a zero byte", name_or_path)
                            : an_recipe_read(recipe, (const char *)bytes, name_or_path);
    an_free(bytes);
    return rc;
}

alexnet_status an_recipe_load(alexnet_recipe **out, const char *name_or_path)
{
    AN_CHECK(an_recipe_new(out));
    alexnet_status rc = read_named(*out, name_or_path);
    if (rc != ALEXNET_OK) {
        an_recipe_free(*out);
        *out = NULL;
    }
    return rc;
}

char *an_recipe_text(const alexnet_recipe *recipe)
{
    size_t room = 64 + AN_KEY_COUNT * (VALUE_MAX + 32) +
                  (size_t)recipe->n_layers * (LAYER_MAX + VALUE_MAX + 32);
    char *text = an_malloc(room);
    if (!text)
        return NULL;
    size_t length = (size_t)snprintf(text, room, "[recipe]\n");
    for (int i = 0; i < AN_KEY_COUNT; i++)
        length += (size_t)snprintf(text + length, room - length, "%s = %s\n", keys[i].name,
                                   recipe->value[i]);
    for (int i = 0; i < recipe->n_layers; i++)
        length +=
            (size_t)snprintf(text + length, room - length, "%s.%s = %s\n", recipe->layers[i].layer,
                             keys[recipe->layers[i].key].name, recipe->layers[i].value);
    return text;
}
