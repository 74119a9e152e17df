/*
 * The keys of recipes: their types, ranges and defaults, and what other programs call them.
 */
#include <string.h>

#include "base/status.h"
#include "base/text.h"
#include "train/recipe_impl.h"

const an_key_spec an_recipe_keys[AN_KEY_COUNT] = {
    [AN_KEY_BATCH] = {"batch", AN_VALUE_INTEGER, 1, 65536, "1 to 65536", "32", false,
                      "pictures per update"},
    [AN_KEY_ACCUMULATE] = {"accumulate", AN_VALUE_INTEGER, 1, 65536, "1 to 65536", "1", false,
                           "parts in which a batch is computed, one after the other, to save "
                           "memory; their gradients are added"},
    [AN_KEY_EPOCHS] = {"epochs", AN_VALUE_INTEGER, 1, 1000000, "1 to 1000000", "30", false,
                       "passes over the training pictures", true},
    [AN_KEY_RATE] = {"rate", AN_VALUE_SCHEDULE, 0, 1000, "0 to 1000", "0.01", true,
                     "learning rate of weights; 0 freezes them"},
    [AN_KEY_RATE_BIAS] = {"rate_bias", AN_VALUE_SCHEDULE, 0, 1000, "0 to 1000", "0.02", true,
                          "learning rate of biases"},
    [AN_KEY_SCHEDULE] = {"schedule", AN_VALUE_CHOICE, 0, 0,
                         "constant|step|exponential|poly|cosine|plateau", "cosine", false,
                         "how the rates fall: as written, in steps, to a fraction or to zero at "
                         "the end, or when validation stops improving"},
    [AN_KEY_STEP_EPOCHS] = {"step_epochs", AN_VALUE_INTEGER, 1, 1000000, "1 to 1000000", "30",
                            false, "epochs between the steps of schedule = step"},
    [AN_KEY_STEP_FACTOR] =
        {"step_factor", AN_VALUE_NUMBER, 0, 1, "0 to 1", "0.1", false,
         "factor by which each step multiplies the rates, also with schedule = plateau"},
    [AN_KEY_FALL] = {"fall", AN_VALUE_NUMBER, 1, 1e12, "1 to 1e12", "250", false,
                     "schedule = exponential: the first rate divided by the last"},
    [AN_KEY_FALL_STEPS] = {"fall_steps", AN_VALUE_INTEGER, 2, 10000, "2 to 10000", "4", false,
                           "schedule = exponential: equal parts of the run, each with one rate"},
    [AN_KEY_POLY_POWER] = {"poly_power", AN_VALUE_NUMBER, 0, 100, "0 to 100", "1", false,
                           "exponent of schedule = poly; 1 is a straight line"},
    [AN_KEY_RESTART_EPOCHS] = {"restart_epochs", AN_VALUE_INTEGER, 0, 1000000, "0 to 1000000", "0",
                               false, "epochs until schedule = cosine starts again; 0: never"},
    [AN_KEY_RESTART_GROWTH] = {"restart_growth", AN_VALUE_INTEGER, 1, 100, "1 to 100", "1", false,
                               "how many times longer each of its periods is than the one before"},
    [AN_KEY_PATIENCE] =
        {"patience", AN_VALUE_INTEGER, 1, 1000000, "1 to 1000000", "5", false,
         "epochs without improvement in validation before schedule = plateau takes a step"},
    [AN_KEY_WARMUP] = {"warmup", AN_VALUE_NUMBER, 0, 1000000, "0 to 1000000", "1", false,
                       "epochs over which the rates rise from zero; fractions allowed"},
    [AN_KEY_RULE] = {"rule", AN_VALUE_CHOICE, 0, 0, "2012|nesterov|adam|adamw", "nesterov", false,
                     "how gradients change weights: with momentum as in 2012 or as Nesterov's, or "
                     "by Adam, which needs lower rates"},
    [AN_KEY_MOMENTUM] = {"momentum", AN_VALUE_SCHEDULE, 0, 0.9999, "0 to 0.9999", "0.9", true,
                         "share of the previous change that each change keeps; Adam's beta1"},
    [AN_KEY_BETA2] = {"beta2", AN_VALUE_NUMBER, 0, 0.999999, "0 to 0.999999", "0.999", false,
                      "Adam: share of the mean square of gradients that each update keeps"},
    [AN_KEY_EPSILON] = {"epsilon", AN_VALUE_NUMBER, 1e-30, 1, "1e-30 to 1", "1e-8", false,
                        "Adam: what is added to the root of that mean"},
    [AN_KEY_DECAY] = {"decay", AN_VALUE_SCHEDULE, 0, 100, "0 to 100", "0.0005", true,
                      "weight decay of weights"},
    [AN_KEY_DECAY_BIAS] = {"decay_bias", AN_VALUE_SCHEDULE, 0, 100, "0 to 100", "0", true,
                           "weight decay of biases"},
    [AN_KEY_CLIP] =
        {"clip", AN_VALUE_SCHEDULE, 0, 1e9, "0 to 1e9", "0", false,
         "largest norm of all gradients together; larger ones are scaled down to it; 0: off"},
    [AN_KEY_AVERAGE] = {"average", AN_VALUE_NUMBER, 0, 0.999999, "0 to 0.999999", "0.999", false,
                        "average the weights over the updates for validation and the best model; "
                        "each update keeps this share of the average; 0: off"},
    [AN_KEY_FREEZE] = {"freeze", AN_VALUE_LAYERS, 0, 0, "none, or names: conv1 fc*", "none", false,
                       "layers whose weights and biases do not change"},
    [AN_KEY_INIT] =
        {"init", AN_VALUE_CHOICE, 0, 0, "safe|net", "safe", false,
         "initial weights: scaled so that learning starts at once, or the network file's"},
    [AN_KEY_CROP] = {"crop", AN_VALUE_CHOICE, 0, 0, "random|centre|scaled", "scaled", false,
                     "where training crops are taken; scaled: boxes of random area and aspect"},
    [AN_KEY_MIRROR] = {"mirror", AN_VALUE_CHOICE, 0, 0, "no|yes", "yes", false,
                       "mirror half of the training pictures"},
    [AN_KEY_CROP_GROUP] = {"crop_group", AN_VALUE_INTEGER, 1, 65536, "1 to 65536", "1", false,
                           "consecutive pictures that share a crop and a mirroring; 32 in 2012"},
    [AN_KEY_CROP_AREA] = {"crop_area", AN_VALUE_RANGE, 0.001, 1, "0.001 to 1", "0.35 1", false,
                          "crop = scaled: smallest and largest share of a picture's area"},
    [AN_KEY_CROP_ASPECT] = {"crop_aspect", AN_VALUE_RANGE, 0.1, 10, "0.1 to 10", "0.75 1.3333",
                            false, "crop = scaled: smallest and largest ratio of width to height"},
    [AN_KEY_ROTATE] =
        {"rotate", AN_VALUE_NUMBER, 0, 180, "0 to 180", "0", false,
         "largest angle in degrees by which training pictures are turned, either way"},
    [AN_KEY_COLOUR_NOISE] = {"colour_noise", AN_VALUE_SCHEDULE, 0, 10, "0 to 10", "0", false,
                             "strength of the paper's colour noise (section 4.1); 0.1 in 2012"},
    [AN_KEY_COLOUR_AXES] =
        {"colour_axes", AN_VALUE_CHOICE, 0, 0, "published|data", "published", false,
         "axes of the colour noise: ImageNet's as published, or those of the pictures"},
    [AN_KEY_BRIGHTNESS] = {"brightness", AN_VALUE_SCHEDULE, 0, 1, "0 to 1", "0.3", false,
                           "colour jitter: factors of brightness within 1 +- this"},
    [AN_KEY_CONTRAST] = {"contrast", AN_VALUE_SCHEDULE, 0, 1, "0 to 1", "0.3", false,
                         "colour jitter: factors of contrast within 1 +- this"},
    [AN_KEY_SATURATION] = {"saturation", AN_VALUE_SCHEDULE, 0, 1, "0 to 1", "0.3", false,
                           "colour jitter: factors of saturation within 1 +- this"},
    [AN_KEY_HUE] = {"hue", AN_VALUE_SCHEDULE, 0, 0.5, "0 to 0.5", "0", false,
                    "colour jitter: hues turn by up to this fraction of the circle"},
    [AN_KEY_ERASE] = {"erase", AN_VALUE_SCHEDULE, 0, 1, "0 to 1", "0", false,
                      "random erasing: the probability that a picture loses a rectangle"},
    [AN_KEY_ERASE_AREA] = {"erase_area", AN_VALUE_RANGE, 0, 1, "0 to 1", "0.02 0.33", false,
                           "random erasing: area of the rectangle, as a share of the picture"},
    [AN_KEY_ERASE_ASPECT] = {"erase_aspect", AN_VALUE_RANGE, 0.01, 100, "0.01 to 100", "0.3 3.3",
                             false, "random erasing: height of the rectangle divided by its width"},
    [AN_KEY_MIXUP] = {"mixup", AN_VALUE_SCHEDULE, 0, 100, "0 to 100", "0", false,
                      "mix pictures and labels in pairs, with shares drawn from Beta(this, this)"},
    [AN_KEY_CUTMIX] = {"cutmix", AN_VALUE_SCHEDULE, 0, 100, "0 to 100", "0", false,
                       "paste a rectangle of another picture, whose share of area and label is "
                       "drawn from Beta(this, this)"},
    [AN_KEY_LABEL_SMOOTHING] = {"label_smoothing", AN_VALUE_SCHEDULE, 0, 1, "0 to 1", "0", false,
                                "share of each label that is spread over all classes"},
    [AN_KEY_CLASS_WEIGHTS] = {"class_weights", AN_VALUE_FILE, 0, 0, "none|balanced|" AN_ANY_FILE,
                              "none", false,
                              "weight of a picture in training; balanced: inversely proportional "
                              "to the size of its class; FILE: its lines are the name of a class "
                              "and its weight"},
    [AN_KEY_BEST_BY] = {"best_by", AN_VALUE_CHOICE, 0, 0, "top1|top5|loss", "top1", false,
                        "which validation figure decides which epoch is the best"},
    [AN_KEY_STOP_PATIENCE] =
        {"stop_patience", AN_VALUE_INTEGER, 0, 1000000, "0 to 1000000", "0", false,
         "epochs without improvement in validation after which the run ends; 0: never", true},
    [AN_KEY_KEEP] = {"keep", AN_VALUE_INTEGER, 0, 1000, "0 to 1000", "0", false,
                     "number of latest epochs whose checkpoints are kept, as epoch-N.safetensors",
                     true},
    [AN_KEY_ORDER] =
        {"order", AN_VALUE_CHOICE, 0, 0, "random|shards", "random", false,
         "order of an epoch's pictures; shards: archives from front to back, for slow disks"},
    [AN_KEY_SAMPLING] = {"sampling", AN_VALUE_CHOICE, 0, 0, "uniform|balanced", "uniform", false,
                         "pictures of an epoch: each once, or each class equally often"},
    [AN_KEY_BAD_PICTURES] = {"bad_pictures", AN_VALUE_INTEGER, 0, 1e9, "0 to 1e9", "5", false,
                             "unreadable pictures that are left out even if they are more than 1%",
                             true},
    [AN_KEY_REPORT] = {"report", AN_VALUE_INTEGER, 1, 1000000, "1 to 1000000", "20", false,
                       "updates between reports", true},
    [AN_KEY_NORMS] = {"norms", AN_VALUE_INTEGER, 0, 1000000, "0 to 1000000", "0", false,
                      "updates between logged norms of weights, gradients and changes; 0: off",
                      true},
    [AN_KEY_SEED] = {"seed", AN_VALUE_INTEGER, 0, 9e15, "0 to 9e15", "1", false,
                     "seed of all random numbers"},
};

enum { AN_KEY_ALSO = sizeof((alexnet_recipe_key *)0)->also / sizeof(char *) };

/* What other programs call the keys: PyTorch's examples, Keras, Caffe's solvers. */
static const char *const also_called[AN_KEY_COUNT][AN_KEY_ALSO] = {
    [AN_KEY_BATCH] = {"batch_size", "minibatch", "bs", "b"},
    [AN_KEY_EPOCHS] = {"num_epochs", "max_epochs", "max_iter", "iterations", "steps"},
    [AN_KEY_RATE] = {"lr", "learning_rate", "base_lr"},
    [AN_KEY_SCHEDULE] = {"scheduler", "lr_scheduler", "lr_policy", "cosine"},
    [AN_KEY_STEP_EPOCHS] = {"step_size", "lr_step_size"},
    [AN_KEY_STEP_FACTOR] = {"gamma", "lr_gamma", "lr_decay"},
    [AN_KEY_POLY_POWER] = {"power", "lr_power"},
    [AN_KEY_RESTART_EPOCHS] = {"restarts", "t_0"},
    [AN_KEY_RESTART_GROWTH] = {"t_mult"},
    [AN_KEY_BEST_BY] = {"monitor", "metric", "best_metric"},
    [AN_KEY_STOP_PATIENCE] = {"early_stopping", "early_stop"},
    [AN_KEY_KEEP] = {"keep_last", "save_top_k", "max_to_keep"},
    [AN_KEY_WARMUP] = {"warmup_epochs", "lr_warmup_epochs"},
    [AN_KEY_RULE] = {"optimizer", "opt", "nesterov", "adam", "sgd"},
    [AN_KEY_ACCUMULATE] = {"accumulation", "accumulate_grad_batches", "gradient_accumulation",
                           "grad_accum_steps", "iter_size"},
    [AN_KEY_BETA2] = {"adam_beta2", "momentum2"},
    [AN_KEY_EPSILON] = {"eps", "delta"},
    [AN_KEY_CLIP] = {"clip_grad", "clip_gradients", "grad_clip", "max_grad_norm"},
    [AN_KEY_AVERAGE] = {"ema", "model_ema", "ema_decay", "average_loss"},
    [AN_KEY_DECAY] = {"weight_decay", "wd", "l2"},
    [AN_KEY_FREEZE] = {"frozen", "freeze_layers", "frozen_layers"},
    [AN_KEY_INIT] = {"initialization", "weight_init"},
    [AN_KEY_CROP] = {"random_crop"},
    [AN_KEY_CROP_AREA] = {"crop_scale", "area"},
    [AN_KEY_CROP_ASPECT] = {"crop_ratio", "aspect_ratio"},
    [AN_KEY_ROTATE] = {"rotation", "degrees"},
    [AN_KEY_MIRROR] = {"flip", "hflip", "horizontal_flip"},
    [AN_KEY_COLOUR_NOISE] = {"color_noise", "pca_noise", "lighting"},
    [AN_KEY_BRIGHTNESS] = {"color_jitter", "colour_jitter", "jitter"},
    [AN_KEY_ERASE] = {"random_erase", "random_erasing", "reprob", "cutout"},
    [AN_KEY_ERASE_AREA] = {"erase_scale"},
    [AN_KEY_ERASE_ASPECT] = {"erase_ratio"},
    [AN_KEY_MIXUP] = {"mixup_alpha", "mix_up"},
    [AN_KEY_CUTMIX] = {"cutmix_alpha", "cut_mix"},
    [AN_KEY_LABEL_SMOOTHING] = {"smoothing", "label_smooth"},
    [AN_KEY_CLASS_WEIGHTS] = {"class_weight", "loss_weights", "weighted_loss"},
    [AN_KEY_REPORT] = {"print_freq", "display", "log_interval"},
    [AN_KEY_ORDER] = {"shuffle", "shardshuffle"},
    [AN_KEY_SAMPLING] = {"sampler", "weighted_sampler", "oversample", "oversampling"},
    [AN_KEY_NORMS] = {"grad_norm", "gradient_norms", "weight_norms", "log_norms"},
    [AN_KEY_SEED] = {"random_seed", "manual_seed", "random_state"},
};

/* Word `i` of those that mean a key: its name, then other programs' names for it. */
static const char *word_at(void *user, int i)
{
    (void)user;
    int key = i / (1 + AN_KEY_ALSO), which = i % (1 + AN_KEY_ALSO);
    return which ? also_called[key][which - 1] : an_recipe_keys[key].name;
}

static const char *key_meant(const char *word)
{
    const int words = AN_KEY_COUNT * (1 + AN_KEY_ALSO);
    const char *near = an_text_nearest(word, words, word_at, NULL);
    for (int i = 0; near && i < words; i++)
        if (word_at(NULL, i) == near)
            return an_recipe_keys[i / (1 + AN_KEY_ALSO)].name;
    return NULL;
}

alexnet_status an_recipe_key_find(const char *name, an_key *key)
{
    for (int i = 0; i < AN_KEY_COUNT; i++)
        if (strcmp(an_recipe_keys[i].name, name) == 0) {
            *key = (an_key)i;
            return ALEXNET_OK;
        }
    const char *near = key_meant(name);
    return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "%s is not a key of a recipe%s%s%s",
                   *name ? name : "an empty name",
                   near ? "; did you mean " : "; `alexnet_recipe_key_get()` lists them",
                   near ? near : "", near ? "?" : "");
}

bool an_recipe_key_info(int index, alexnet_recipe_key *info)
{
    if (index < 0 || index >= AN_KEY_COUNT)
        return false;
    static const char *const types[] = {
        [AN_VALUE_INTEGER] = "integer",   [AN_VALUE_NUMBER] = "number",
        [AN_VALUE_SCHEDULE] = "schedule", [AN_VALUE_RANGE] = "range",
        [AN_VALUE_CHOICE] = "choice",     [AN_VALUE_FILE] = "file",
        [AN_VALUE_LAYERS] = "layers"};
    const an_key_spec *key = &an_recipe_keys[index];
    *info = (alexnet_recipe_key){key->name, types[key->type], key->range,     key->standard,
                                 key->help, key->per_layer,   key->at_resume, {0}};
    memcpy(info->also, also_called[index], sizeof info->also);
    return true;
}
