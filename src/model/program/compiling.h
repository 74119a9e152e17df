/*
 * A program while it is being compiled: program_compile.c calls the stages in the order of this
 * file.
 */
#ifndef AN_MODEL_PROGRAM_COMPILING_H
#define AN_MODEL_PROGRAM_COMPILING_H

#include <stdbool.h>

#include "model/program/plan.h"
#include "model/program/program_impl.h"

/* Tensors that a step touches, before they have addresses; -1 is none. */
typedef struct step_tensors {
    int x[AN_MAX_INPUTS], y, dy, dx[AN_MAX_INPUTS], saved;
} step_tensors;

typedef struct compiling {
    an_program *p;
    bool untried; /* nothing is chosen by trial */
    bool *needed; /* per node: the purpose needs its output */
    bool *kept;   /* per node: it is a layer of options.keep */
    int *readers; /* per node: operators that read its output */
    bool *wants;  /* per node: a gradient must reach its output, for its own parameters or for nodes
                     before it */
    int *node_unit; /* per node: the unit that writes its output */
    int n_tensors;
    an_life *tensors;
    step_tensors *touched; /* per step */
} compiling;

/** compile_purpose.c: check the purpose, and find what it needs of the graph. */
alexnet_status an_compile_purpose(compiling *c);
/** Whether the program computes the gradient of a parameter of the node. */
bool an_node_learns(const an_program *p, int node);

/** compile_units.c: ask the backend to prepare every run of operators, in the order of the graph.
 */
alexnet_status an_compile_units(compiling *c);
/** Prepare a unit and append it. Its nodes stay -1 unless the caller sets them; a sum of two
 * gradients has none. */
alexnet_status an_compile_unit(compiling *c, const an_prepare *prepare, an_unit **out);
/** Add a tensor, which lives from the first to the last step that touches it. */
alexnet_status an_compile_tensor(compiling *c, size_t bytes, int *out);

/** compile_steps.c: forward, backward, update and packing as a flat array of steps. */
alexnet_status an_compile_steps(compiling *c);

/** compile_memory.c: the lifetime of each tensor and the sizes of the arenas; then the arenas, and
 * the addresses in all steps. */
alexnet_status an_compile_sizes(compiling *c);
alexnet_status an_compile_arenas(compiling *c);

/** compile_update.c: what an update reads and writes for each learned parameter, including packed
 * copies. Does nothing for programs that do not update. */
alexnet_status an_compile_update(compiling *c);

#endif
