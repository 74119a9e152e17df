/*
 * LPIPS, the perceptual distance between two pictures (Zhang, Isola, Efros, Shechtman, Wang, CVPR
 * 2018, section 3, version 0.1), over the convolutions of a network, each behind its ReLU:
 *
 *     distance = sum over layers l of  1/(H W)  sum over positions p, channels c of
 *                w[l][c] (a[l][c][p] / (|a[l][.][p]| + 1e-10) - b[l][c][p] / (|b[l][.][p]| +
 * 1e-10))^2
 *
 *     distance.c           networks by size, pictures, features
 *     distance_layer.c     the sums of a layer and their gradient
 *     distance_stream.c    many pictures, decoded ahead
 *
 * Pictures keep their size. They are prepared as the network's own are, but for the crop: mean,
 * scale and order of channels, of a mean image its mean colour. What the published scaling layer
 * does is torchvision's mean and scale for grey levels from 0 to 255.
 */
#ifndef AN_INFER_DISTANCE_H
#define AN_INFER_DISTANCE_H

#include "data/loader.h"
#include "model/program.h"

/** Pixels of a picture, and of all sizes for which networks are ready. */
enum { AN_DISTANCE_SIDE_MAX = 1 << 12, AN_DISTANCE_PIXELS_MAX = 1 << 24, AN_DISTANCE_SIZES = 8 };

/** The network for pictures of a size. */
typedef struct an_distance_size {
    int rows, columns;              /* 0: none */
    uint64_t used;                  /* when, by count */
    an_program *forward, *backward; /* backward: NULL until a gradient is wanted */
} an_distance_size;

struct alexnet_distance {
    an_net *net;
    an_lpips own;             /* of a file; empty: */
    const an_lpips *lpips;    /*   the net's */
    int *layers;              /* of the network, per layer of lpips */
    int side;                 /* to which pictures are resized; 0: none */
    double mean[3], scale[3]; /* in the order of the network's channels */
    uint64_t uses;
    an_distance_size sizes[AN_DISTANCE_SIZES];
};
typedef struct alexnet_distance an_distance;

/** What the network computes of a picture. */
struct alexnet_distance_picture {
    an_distance *distance; /* that it was made for; not owned */
    int rows, columns;
    size_t bytes;    /* of the following */
    float *input;    /* [channels][rows][columns], of the network */
    float *features; /* of all layers, one behind the other */
    float **layers;  /* per layer, [channels][positions] */
    int64_t *positions;
};
typedef struct alexnet_distance_picture an_distance_picture;

/**
 * @param path  of the weights; NULL: the net's own
 * @param side  pictures are first resized to side x side; 0: they are not
 */
alexnet_status an_distance_new(an_distance **out, an_net *net, const char *path, int side);
/** Whether weights are for a network: as many layers as it has convolutions, and their channels. */
alexnet_status an_distance_suits(const an_net *net, const an_lpips *lpips);
void an_distance_free(an_distance *distance); /* NULL allowed */

/** @param levels  [3][rows][columns], grey levels from 0 to 255 of R, G, B */
alexnet_status an_distance_look(an_distance_picture **out, an_distance *distance,
                                const float *levels, int rows, int columns, const char *name);
/** The same of a picture as it is. */
alexnet_status an_distance_look_at(an_distance_picture **out, an_distance *distance,
                                   const an_picture *picture, const char *name);
/** The same of a picture that is resized first, if the distance says so. */
alexnet_status an_distance_look_resized(an_distance_picture **out, an_distance *distance,
                                        const an_picture *picture, const char *name);
void an_distance_picture_free(an_distance_picture *picture); /* NULL allowed */

/** The arguments of alexnet_distance_between(). */
alexnet_status an_distance_between(an_distance *distance, const an_distance_picture *a,
                                   const an_distance_picture *b, double *value, double *parts,
                                   float *gradient);

/* ---- distance_stream.c ---- */

struct alexnet_distance_stream {
    an_distance *distance; /* not owned */
    alexnet_dataset *dataset;
    an_loader *loader;
    an_batch batch; /* its pictures are being given */
    int next;       /* the next of them */
    char *error;    /* of the latest picture, where it was read and could not be computed; owned */
};
typedef struct alexnet_distance_stream an_distance_stream;

/** The arguments of alexnet_distance_stream_new(). */
alexnet_status an_distance_stream_new(an_distance_stream **out, an_distance *distance,
                                      const alexnet_dataset *dataset, const uint32_t *order,
                                      int64_t count);
alexnet_status an_distance_stream_next(an_distance_stream *stream, alexnet_distance_result *result,
                                       bool *more);
void an_distance_stream_free(an_distance_stream *stream); /* NULL allowed */

/* ---- distance_layer.c ---- */

/** The features of a layer of two pictures, [channels][positions] each. */
typedef struct an_distance_layer {
    int channels;
    int64_t positions;
    const float *weights, *a, *b;
} an_distance_layer;

/** Its part of the distance. */
double an_distance_sum(const an_distance_layer *layer);
/** The gradient of that with respect to `a`. Where all of a position's features are zero it is
 *  zero: their ReLU lets nothing through. */
void an_distance_gradient(const an_distance_layer *layer, float *gradient);

#endif
