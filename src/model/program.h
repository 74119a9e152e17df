/*
 * A graph compiled for one purpose: a flat array of steps over arena offsets, and one loop that
 * runs it. Training and inference are different programs, never different loops.
 *
 *     inference   forward steps
 *     training    forward, backward (with the sums where a tensor has several readers), update, and
 *                 pack where update does not keep the copies
 */
#ifndef AN_MODEL_PROGRAM_H
#define AN_MODEL_PROGRAM_H

#include "model/net.h"

typedef struct an_program_options {
    int slots;     /* images per batch */
    int pictures;  /* pictures in the batch's buffer, <= slots */
    bool training; /* dropout draws masks; gradients and update */
    int split;     /* training: grouping of weight-gradient sums, >= 1 */
} an_program_options;

typedef struct an_program an_program;

/**
 * Compile for a net, which must be made for training if the program trains. Allocates everything
 * that running needs. Errors of memory name the arena and its size.
 */
alexnet_status an_program_compile(an_program **out, an_net *net, const an_program_options *options);
void an_program_free(an_program *program); /* NULL allowed */

typedef struct an_program_memory {
    size_t activations, scratch, packed, batch;
} an_program_memory;
/** What a program would allocate, without allocating it. */
alexnet_status an_program_measure(an_program_memory *out, an_net *net,
                                  const an_program_options *options);

/** Refresh the packed copies after weights were written or another program updated them. */
alexnet_status an_program_pack(an_program *program);

/**
 * Give the next batch.
 * @param pixels    uint8 [pictures][side][side][3]
 * @param slots     one an_slot per slot
 * @param state     seed and step for dropout; `labelled` is counted here
 */
alexnet_status an_program_feed(an_program *program, const uint8_t *pixels, const an_slot *slots,
                               const an_step_state *state);

/** Rates of the update, one per learned parameter, in the order of net->params. Host memory. */
typedef struct an_rates {
    double rate, decay, momentum;
} an_rates;
void an_program_set_rates(an_program *program, const an_rates *rates);
int an_program_learned(const an_program *program);

/** Run all steps. Allocates nothing. */
alexnet_status an_program_run(an_program *program);

/**
 * The same, and wait for the device after each step.
 * @param seconds  out, [an_program_steps()]: what each took; NULL: do not wait, do not measure
 */
alexnet_status an_program_run_timed(an_program *program, double *seconds);

/** A step, for reports. */
typedef struct an_step_info {
    char name[96]; /* layers that it computes, "conv1+pool1"; "input", "sum" or "all" (update). A
                      neuron that a layer leaves to the next goes by that one's name */
    alexnet_pass pass;
    int64_t mult_adds;    /* of the whole batch; backward: for the gradients that are wanted */
    const an_op_desc *op; /* the first operator that it computes; NULL: none */
    bool tunable;         /* forward, backward: that comes in several variants, of which */
    an_variants variants; /* these are taken */
    bool wants_dx;        /* backward: its input's gradient is wanted */
} an_step_info;
int an_program_steps(const an_program *program);
/** @param index  in range */
void an_program_step(const an_program *program, int index, an_step_info *out);

/** The variants of its operators, as a tuning (backend/tuning.h) with a row for each that has
 * several; owned, "" if none has. NULL if memory is short. */
char *an_program_tuning(const an_program *program);

/** Softmax outputs of the latest run, [slots][classes], and -log p(label) per slot. */
alexnet_status an_program_read(an_program *program, float *probabilities, double *losses);

an_program_memory an_program_bytes(const an_program *program);

#endif
