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
    size_t packed;             /* bytes into the packed arena */
} an_unit;

typedef enum an_step_kind {
    AN_STEP_FORWARD,
    AN_STEP_BACKWARD,
    AN_STEP_UPDATE,
    AN_STEP_PACK
} an_step_kind;

typedef struct an_step {
    an_step_kind kind;
    int unit;
    an_op_args args;
} an_step;

struct an_program {
    an_net *net;
    an_program_options options;
    an_graph graph;
    int n_units;
    an_unit *units;
    int n_steps;
    an_step *steps;
    int n_segments;
    an_segment *segments; /* learned parameters */
    int output;           /* unit of the softmax */

    void *activations, *scratch, *packed, *batch; /* of the backend */
    size_t activations_bytes, scratch_bytes, packed_bytes, batch_bytes;
    /* parts of the batch */
    void *pictures, *losses;
    an_slot *slots;
    an_step_state *state;
    size_t pictures_bytes;
    const void *probabilities;
    void *host; /* for reading results; slots * classes elements of param_dtype */
};

#endif
