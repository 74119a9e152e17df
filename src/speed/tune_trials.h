/*
 * The internals of a tuner (tune.h): which trials there are, what they measured, and what they
 * advise.
 */
#ifndef AN_SPEED_TUNE_TRIALS_H
#define AN_SPEED_TUNE_TRIALS_H

#include "speed/tune.h"

enum { DIRECT_TRIAL, BUILT_IN_TRIAL, VARIANT_TRIALS };
enum { TRIALS_MAX = VARIANT_TRIALS + (AN_VARIANTS_MAX - 1) * (1 + AN_DIRECTIONS) + 1 };

/* A variant that is not faster by this factor is not worth its rounding or memory. */
#define AN_TUNE_GAIN 1.03

typedef struct trial {
    an_variant variant; /* under test */
    bool single;        /* in one direction alone, for the advice */
    an_direction direction;
    char *tuning;       /* owned. first what to use (NULL: the built-in one), later what was used */
    double whole;       /* seconds of a step, the lower of two turns; 0: not measured */
    double *seconds;    /* [parts]: the same */
    an_variants *taken; /* [parts] */
    const char **tails; /* [parts]: an_step_info.tail; owned, but not the strings */
} trial;

/* What is the same in all trials: parts of a step before packing. */
typedef struct tuned_part {
    an_step_info info; /* without its pointer */
    an_op_desc op;
} tuned_part;

struct alexnet_tuner {
    alexnet_ctx *ctx;
    char *net;
    alexnet_bench_options options;
    alexnet_status failed; /* an earlier error, which ends the search */
    int count, best;
    trial trials[TRIALS_MAX];
    int turn, now;        /* each trial has two turns; the trial whose turn it is */
    bool running;         /* its turn has begun */
    alexnet_bench *bench; /* of the turn */
    int n_parts, n_variants;
    tuned_part *parts;
    bool *unfit; /* [n_variants][AN_DIRECTIONS][n_parts]: deviates too much */
    alexnet_device_info device;
    char name[AN_NAME_MAX + 1]; /* of the network */
    an_tuning_query query;      /* without the operator; its variants are the backend's names */
};

/** Whether a variant deviates too much in a part and direction. */
static inline bool *an_tune_unfit(const alexnet_tuner *t, an_variant variant, int direction,
                                  int part)
{
    return &t->unfit[(variant * AN_DIRECTIONS + direction) * t->n_parts + part];
}

/** The directions that a part computes: [*first, *end). */
static inline void an_tune_directions(const an_step_info *part, int *first, int *end)
{
    bool forward = part->pass == ALEXNET_PASS_FORWARD;
    *first = forward ? AN_FORWARD : part->wants_dx ? AN_BACKWARD_DATA : AN_BACKWARD_WEIGHTS;
    *end = forward ? AN_FORWARD + 1 : AN_DIRECTIONS;
}

bool an_tune_same_tail(const char *a, const char *b); /* NULL allowed */
bool an_tune_same_layer(const alexnet_tuner *tuner, int part, int other);
/** Whether the layer with this forward part computes a gradient of its input. */
bool an_tune_wants_dx(const alexnet_tuner *tuner, int forward);

/** List the trials, in the order of their turns. */
void an_tune_list(alexnet_tuner *tuner);
/** The tuning for a trial; for the last trial, what the others advise. Owned; NULL if memory is
 * short. */
char *an_tune_request(const alexnet_tuner *tuner, int index);

#endif
