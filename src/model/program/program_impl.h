/*
 * The internals of a program. The files of compiling.h build it, program_feed.c gives it batches,
 * program_run.c runs it, program_results.c reads the results of a run, program_report.c describes
 * its steps.
 */
#ifndef AN_MODEL_PROGRAM_PROGRAM_IMPL_H
#define AN_MODEL_PROGRAM_PROGRAM_IMPL_H

#include "model/program/program.h"

/** A prepared run of operators, or the sum of two gradients. */
typedef struct an_unit {
    an_prepared *op;
    int first, last; /* nodes; -1 for a sum of gradients */
    int n_inputs;
    int inputs[AN_MAX_INPUTS]; /* units */
    int output, saved;         /* tensors; saved is -1 if it saves nothing */
    int gradient;      /* tensor with the gradient of its output, summed so far; -1: none yet */
    an_packed *packed; /* NULL: none */
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
    int unit; /* -1: the step is for all parameters */
    an_op_args args;
} an_step;

/** The parts of a batch, in the backend's memory. */
typedef struct an_batch_place {
    void *pictures;
    an_slot *slots;
    an_step_state *state;
    const an_rates *rates; /* directly after the state */
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
    an_prepared given;   /* stands in for the first operator if the caller gives the input */
    int *kept;           /* per place of options.keep: its unit */
    int *seeds;          /* per place of options.keep: the tensor of its gradient; -1: none */
    int input_gradient;  /* tensor; -1: none */

    void *activations, *scratch, *batch; /* memory of the backend */
    size_t activations_bytes, scratch_bytes, packed_bytes, batch_bytes, pictures_bytes;
    void **outputs, **seeds_at; /* per place of options.keep */
    void *input_at, *input_gradient_at;
    an_score *scores;
    an_results *results;

    an_batch_place places[AN_BATCHES];
    an_capture *captured[AN_BATCHES];
    int64_t fed, ran; /* batches */
    bool warm;        /* it has run once, so its steps may be recorded */

    /* memory of the host */
    void *staged[AN_BATCHES]; /* slots, state and rates as written to a place */
    an_rates *rates;
};

/** The buffer of a batch, by the batch's number from 0. */
static inline int an_program_buffer(const an_program *program, int64_t batch)
{
    return batch < 0 ? 0 : (int)(batch % program->options.batches);
}

/** The index of a place in options.keep, which must contain it. */
int an_program_kept_at(const an_program *program, int place);

/** Make all steps use the batch in a buffer. */
void an_program_bind(an_program *program, int buffer);
/** Whether batches are copied while another is computed; `staged` is then the device's host memory,
 * else ordinary memory. */
bool an_program_stages_ahead(const an_program *program);
/** Bytes that are written to a buffer besides the pictures: slots, state and rates. */
size_t an_program_staged_bytes(const an_program *program);

#endif
