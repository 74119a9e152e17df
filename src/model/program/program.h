/*
 * A graph compiled for one purpose: a flat array of steps over arena offsets, and one loop that
 * runs it. Training, inference, features and input gradients are different programs, but the loop
 * is always the same.
 *
 *     forward      of the layers that the loss or a kept tensor needs
 *     backward     from the loss, or from gradients that the caller gives; includes the sums of
 *                  gradients where a tensor has several readers
 *     update       then pack, for packed copies that the update does not keep current
 */
#ifndef AN_MODEL_PROGRAM_PROGRAM_H
#define AN_MODEL_PROGRAM_PROGRAM_H

#include "model/network/place.h"
#include "model/program/net.h"

/** Gradients that a program computes; a set. */
enum { AN_OF_PARAMETERS = 1, AN_OF_INPUT = 2 };

/** The purpose of a program. */
typedef struct an_program_options {
    int slots;     /* images per batch */
    int pictures;  /* pictures in the batch's buffer, <= slots */
    int batches;   /* buffers for batches; with 2, one can be fed while another is computed; 0: 1 */
    int split;     /* grouping of weight-gradient sums, >= 1; 0: 1 */
    bool masks;    /* dropout draws masks */
    bool loss;     /* compute the loss, and what an_program_results() and _scores() return */
    int gradients; /* which to compute: gradients of the loss; without a loss, of the values at the
                      places of `keep`, weighted by the gradients given to an_program_seed() */
    bool accumulate; /* add the gradients of parameters to the existing ones; the update that uses
                        them sets them to 0 */
    bool update;     /* update the parameters by their gradients */
    bool clip;       /* measure the norm of the gradients before the update */
    an_arena values; /* the arena of the learned parameters to compute with; with `update` it must
                        be AN_VALUES */
    const bool *frozen; /* per layer of the network: compute no gradients of its parameters, whose
                           rates must always be 0; the backward pass ends at the lowest layer that
                           learns. NULL: no layer is frozen */
    const int *keep;    /* places (place.h) whose values can be read */
    int n_keep;
    int rows, columns; /* of the network's input, which may have any size, if the caller gives it
                          with an_program_give(): then there are no pictures, no loss, and no layers
                          after the last one of `keep`. 0: it is cut out of pictures */
} an_program_options;

/** Options for training: masks, loss, gradients of the parameters, update. */
an_program_options an_program_training(int slots, int split);
/** Options for inference: probabilities, and the scores of slots that have a label. */
an_program_options an_program_inference(int slots, int pictures);

typedef struct an_program an_program;

/**
 * Compile for a net, which must be made for training if the program computes gradients of
 * parameters. Allocates everything that a run needs. If the fastest algorithms do not fit into
 * memory, the first ones are used. Errors of memory name the arena and its size.
 * @param options  `keep` and `frozen` are copied
 * @return also as an_compute_check(): what is made to compute is not made where it could not
 */
alexnet_status an_program_compile(an_program **out, an_net *net, const an_program_options *options);
void an_program_free(an_program *program); /* NULL allowed */

typedef struct an_program_memory {
    size_t activations, scratch, packed, batch;
} an_program_memory;
/** The least memory that a program would allocate, without allocating it: no algorithms are tried
 * out, the first ones are used, and nothing runs. */
alexnet_status an_program_measure(an_program_memory *out, an_net *net,
                                  const an_program_options *options);

/** Refresh the packed copies after weights were written or another program updated them. */
alexnet_status an_program_pack(an_program *program);

/**
 * Feed the next batch; with two buffers, this may be done while the previous one is computed.
 * @param pixels    uint8 [pictures][side][side][3]; with two buffers they must not change before
 *                  an_program_taken()
 * @param slots     one an_slot per slot
 * @param state     the state of the step; `weight` is summed here if it is 0
 */
alexnet_status an_program_feed(an_program *program, const uint8_t *pixels, const an_slot *slots,
                               const an_step_state *state);

/** Wait until the device has read the pixels of the latest batch, which may then change. */
alexnet_status an_program_taken(an_program *program);

/** Set the rates for all batches fed from now on, one per learned parameter, in the order of
 * net->params. Host memory. */
void an_program_set_rates(an_program *program, const an_rates *rates);
int an_program_learned(const an_program *program);

/** Set the network's input, [slots][channels][rows][columns], for all runs that follow. */
alexnet_status an_program_give(an_program *program, const float *values);

/** Set the gradient at a place of `keep`, [slots][elements], for all runs that follow; it is zero
 * until then. */
alexnet_status an_program_seed(an_program *program, int place, const float *gradient);

/** Run all steps on the next batch that was fed or, if there is none, on the last one again.
 * Allocates nothing. The device may still be working on return; reading results waits. */
alexnet_status an_program_run(an_program *program);

/** Whether the device records steps, on each buffer's second run at the latest, and replays them
 * from then on. */
bool an_program_replays(const an_program *program);

/** The same as an_program_run(), but calls `watch` before the update, which uses the gradients and
 * may clear them. The results are the same, but the device's steps are neither recorded nor
 * replayed. */
alexnet_status an_program_run_watched(an_program *program, alexnet_status (*watch)(void *user),
                                      void *user);

/**
 * The same, measured.
 * @param seconds  out, [an_program_steps()]: what each step took on the device
 */
alexnet_status an_program_run_timed(an_program *program, double *seconds);

/** A step, for reports. */
typedef struct an_step_info {
    char name[96]; /* layers that it computes, "conv1+pool1"; "input", "sum" or "all" (update). A
                      neuron that is fused with the next layer goes by that layer's name */
    alexnet_pass pass;
    int64_t mult_adds; /* of the whole batch; backward: for the gradients that are wanted */
    int64_t bytes; /* the least that must be read and written: the step's input and output tensors
                      in their stored types, each once, and its parameters */
    const an_op_desc *op; /* the first operator that it computes; NULL: none */
    bool tunable;         /* forward, backward: `op` comes in several variants */
    const char *tail;     /* tunable: as an_prepared.tail */
    an_variants variants; /* tunable: the variants in use */
    bool wants_dx;        /* backward: its input's gradient is wanted */
} an_step_info;
int an_program_steps(const an_program *program);
/** @param index  in range */
void an_program_step(const an_program *program, int index, an_step_info *out);

/** The variants in use, as a tuning (backend/tuning.h) with a row for each operator that has
 * several; owned, "" if there are none. NULL if memory is short. */
char *an_program_tuning(const an_program *program);

/** Whether a batch can be fed while another is computed. */
bool an_program_feeds_ahead(const an_program *program);

/** Seconds that the device took for the latest run; call it after reading the results. 0 for a
 * backend without time stamps, which computes on the host. */
alexnet_status an_program_busy(an_program *program, double *seconds);

/** The sums of the latest run's scores. */
alexnet_status an_program_results(an_program *program, an_results *results);
/** Its scores, one per slot. */
alexnet_status an_program_scores(an_program *program, an_score *scores);
/** The slots of the latest run, and one of the pictures in its buffer, uint8 [side][side][3]. */
alexnet_status an_program_slots(an_program *program, an_slot *slots);
alexnet_status an_program_picture(an_program *program, int picture, uint8_t *pixels);
/** The shape of the values at a place of `keep`, for one slot. */
an_chw an_program_shape(const an_program *program, int place);
/** The values at a place of `keep`, [slots][channels][rows][columns]. */
alexnet_status an_program_read(an_program *program, int place, float *values);
/** The gradient of the network's input, [slots][channels][rows][columns]. */
alexnet_status an_program_input_gradient(an_program *program, float *values);

an_program_memory an_program_bytes(const an_program *program);

#endif
