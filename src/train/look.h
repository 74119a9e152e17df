/*
 * A look at pictures of the batch that a program computed last: they are computed again with the
 * output of every layer kept. For a run in trouble, so that a run in none pays nothing for it.
 */
#ifndef AN_TRAIN_LOOK_H
#define AN_TRAIN_LOOK_H

#include "train/trainer.h"

enum { AN_LOOK_PICTURES = 8 };

typedef struct an_look {
    const alexnet_trainer *t;
    an_program *of;     /* the program that met the batch, borrowed, */
    an_arena values_of; /* with the parameters of this arena */
    an_program *program;
    int n_places;
    int *places;    /* in the order in which they are computed */
    an_slot *batch; /* [t->batch], as the program had them */
    an_score *scores;
    an_slot slots[AN_LOOK_PICTURES]; /* those that are looked at */
    int count;
    uint8_t *pixels; /* of their pictures */
    float *values;   /* of one place */
} an_look;

/** Nothing is looked at yet. an_look_end() in either case. @param val  the batch of validation */
alexnet_status an_look_begin(an_look *look, const alexnet_trainer *t, bool val);
void an_look_end(an_look *look);
/** Bytes of a picture in `pixels`. */
size_t an_look_picture_bytes(const an_look *look);
/** Add the picture of a slot of the batch, alone. */
alexnet_status an_look_add(an_look *look, int slot);
/** Compute what was added. Dropout draws no masks. */
alexnet_status an_look_run(an_look *look);
/** The values at a place: `count` pictures of an_look_size() each, in look->values. */
alexnet_status an_look_read(an_look *look, int place);
int64_t an_look_size(const an_look *look, int place);
/** The layer of a place; -1: the input. */
int an_look_layer(int place);

#endif
