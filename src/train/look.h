/*
 * Examines pictures of the latest batch of a program: computes them again and keeps the output of
 * every layer. It is made only when a run is in trouble, so that other runs pay nothing for it.
 */
#ifndef AN_TRAIN_LOOK_H
#define AN_TRAIN_LOOK_H

#include "train/trainer.h"

enum { AN_LOOK_PICTURES = 8 };

typedef struct an_look {
    const alexnet_trainer *t;
    an_program *of;     /* the program that computed the batch; borrowed */
    an_arena values_of; /* the arena that it takes parameters from */
    an_program *program;
    int n_places;
    int *places;    /* in the order in which they are computed */
    an_slot *batch; /* [t->batch], as the program had them */
    an_score *scores;
    an_slot slots[AN_LOOK_PICTURES]; /* the slots that are examined */
    int count;
    uint8_t *pixels; /* of their pictures */
    float *values;   /* of one place */
} an_look;

/** Compile the program. Needs an_look_end() even if it fails. @param val  look at validation */
alexnet_status an_look_begin(an_look *look, const alexnet_trainer *t, bool val);
void an_look_end(an_look *look);
/** Bytes of a picture in `pixels`. */
size_t an_look_picture_bytes(const an_look *look);
/** Add the picture of a slot of the batch, without any that was mixed into it. */
alexnet_status an_look_add(an_look *look, int slot);
/** Compute the pictures that were added, without dropout. */
alexnet_status an_look_run(an_look *look);
/** The values at a place: `count` pictures of an_look_size() each, in look->values. */
alexnet_status an_look_read(an_look *look, int place);
int64_t an_look_size(const an_look *look, int place);
/** The layer of a place; -1: the input. */
int an_look_layer(int place);

#endif
