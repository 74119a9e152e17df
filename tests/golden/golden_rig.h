/*
 * What the tests against golden networks share: a network with weights, means, pictures and draws
 * from the counter-based generator, as tools/make_step_goldens.py makes them too. Includes cmocka.
 */
#ifndef TESTS_GOLDEN_RIG_H
#define TESTS_GOLDEN_RIG_H

#include "unit/ctx_rig.h"

#include "format/tensor_file.h"
#include "model/program/program.h"

enum { GOLDEN_SLOTS_MAX = 4 };

/** A golden file, and the network that it is about. */
typedef struct golden {
    an_tensor_file *file;
    alexnet_ctx *ctx;
    alexnet_network *network;
    an_net *net; /* with the golden file's first weights and mean */
    uint64_t seed;
} golden;

/** Run a test on ref, cpu and cuda, as test_ref, test_cpu and test_cuda. @return for main() */
int golden_run(const char *group, void (*check)(const char *device));

/** Whether a device is available; prints the reason if not. */
bool golden_has_device(const char *device);

/**
 * Open a golden file, and its network on a device in float32 (float64 on ref).
 * @param network  taken over
 */
void golden_open(golden *g, const char *file, alexnet_network *network, const char *device,
                 bool training);
void golden_close(golden *g);

/** Probabilities, [slots][classes], and -log p(label) of the latest run. */
void golden_probabilities(an_program *program, float *probabilities, double *losses, int slots);

/** Compile and pack a program that keeps its probabilities. */
an_program *golden_program(const golden *g, an_program_options options);

/**
 * Draw pictures and slots of a step and give them to a program.
 * @param first  number of the first of them in the step
 */
void golden_feed(const golden *g, an_program *program, int step, int first, int slots,
                 const an_step_state *state);

/** A tensor of the golden file; freed with an_free(). */
double *golden_tensor(const golden *g, const char *name, int64_t *count);
/** The same of "PREFIX.NAME". */
double *golden_member(const golden *g, const char *prefix, const char *name, int64_t *count);

/** A parameter's initial values; freed with an_free(). */
double *golden_first(const golden *g, int param);

/** A parameter of the net in an arena; freed with an_free(). */
double *golden_read(const golden *g, an_arena arena, int param);

double golden_largest(const double *values, int64_t count);

/**
 * Fail unless all elements agree within a tolerance; names what it is about.
 * @return the largest deviation as a share of the tolerance
 */
double golden_close_to(const char *what, const double *got, const double *expected, int64_t count,
                       double tolerance);

#endif
