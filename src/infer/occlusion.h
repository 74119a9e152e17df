/*
 * How a class's probability falls when part of a picture is covered (Zeiler, Fergus: Visualizing
 * and Understanding Convolutional Networks, 2014, section 4.2).
 */
#ifndef AN_INFER_OCCLUSION_H
#define AN_INFER_OCCLUSION_H

#include "infer/runner.h"

struct alexnet_occlusion {
    an_net *net;
    an_runner *runner;
    int square, stride, side; /* side of the square; distance of squares; side of the map */
    uint8_t colour[3];        /* of the square */
    uint8_t *crop;            /* the picture that is covered */
    int class_index;
    bool started;
    int64_t done; /* positions; before the first, the picture itself is classified */
    float whole;  /* the class's probability in the whole picture */
    float *drops; /* [side][side] */
};
typedef struct alexnet_occlusion an_occlusion;

/** The options are complete and in range; see alexnet_occlusion_options. */
alexnet_status an_occlusion_new(an_occlusion **out, an_net *net, int square, int stride, int batch);
/** Begin with a picture, of which a copy is made, and a class in range. */
void an_occlusion_start(an_occlusion *occlusion, const uint8_t *crop, int class_index);
alexnet_status an_occlusion_step(an_occlusion *occlusion, bool *more);
void an_occlusion_free(an_occlusion *occlusion); /* NULL allowed */

#endif
