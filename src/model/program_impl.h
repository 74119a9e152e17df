/*
 * The inside of a program, which compiling.h makes and program.c runs.
 */
#ifndef AN_MODEL_PROGRAM_IMPL_H
#define AN_MODEL_PROGRAM_IMPL_H

#include "model/program.h"

/** A prepared run of operators, or the sum of two gradients. */
typedef struct an_unit {
    an_prepared *op;
    int first, last; /* nodes; -1 for a sum of gradients */
    int n_inputs;
    int inputs[AN_MAX_INPUTS]; /* units */
    int output, saved;         /* tensors; saved is -1 if it saves nothing */
    int gradient;              /* tensor of the gradient of its output so far; -1: none yet */
    an_packed *packed;         /* NULL: none */
} an_unit;

typedef enum an_step_kind {
    AN_STEP_FORWARD,
    AN_STEP_BACKWARD,
    AN_STEP_NORM, /* of the gradients, for clipping */
    AN_STEP_UPDATE,
    AN_STEP_PACK
} an_step_kind;

typedef struct an_step {
    an_step_kind kind;
    int unit; /* -1: of all parameters */
    an_op_args args;
} an_step;

/** The parts of a batch, in the backend's memory. */
typedef struct an_batch_place {
    void *pictures;
    an_slot *slots;
    an_step_state *state;
    const an_rates *rates; /* behind the state */
} an_batch_place;

enum { AN_BATCHES = 2 };

struct an_program {
    an_net *net;
    an_program_options options; /* split and batches >= 1; keep and frozen are owned */
    an_graph graph;
    int n_units;
    an_unit *units;
    int n_steps;
    an_step *steps;
    int n_segments;
    an_update *updating; /* NULL: no update */
    an_prepared given;   /* where the caller gives the input: in place of the first operator */
    int *kept;           /* unit per layer of options.keep */
    int *seeds;          /* tensor per layer of options.keep, of its gradient; -1: none */
    int input_gradient;  /* tensor; -1: none */

    void *activations, *scratch, *batch; /* of the backend */
    size_t activations_bytes, scratch_bytes, packed_bytes, batch_bytes, pictures_bytes;
    void **outputs, **seeds_at; /* of options.keep */
    void *input_at, *input_gradient_at;
    an_score *scores;
    an_results *results;

    an_batch_place places[AN_BATCHES];
    an_capture *captured[AN_BATCHES];
    int64_t fed, ran; /* batches */
    bool warm;        /* it has run once, so that its steps may be recorded */

    /* of the host */
    void *staged[AN_BATCHES]; /* slots, state and rates, as they are written to a place */
    an_rates *rates;
    void *block; /* for conversion of what is read; AN_BLOCK doubles */
};

enum { AN_BLOCK = 1 << 14 };

/** Let the steps read a buffer. */
void an_program_bind(an_program *program, int buffer);
/** Bytes of what goes to a buffer beside the pictures: slots, state and rates. */
size_t an_program_staged_bytes(const an_program *program);

#endif
