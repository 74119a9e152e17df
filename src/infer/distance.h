/*
 * LPIPS, the perceptual distance between two pictures (Zhang, Isola, Efros, Shechtman, Wang, CVPR
 * 2018, section 3, version 0.1), over the convolutions of a network, each after its ReLU:
 *
 *     distance = sum over layers l of  1/(H W)  sum over positions p, channels c of
 *                w[l][c] (u[l][c][p] - v[l][c][p])^2
 *     with u[l][c][p] = a[l][c][p] / (|a[l][.][p]| + 1e-10), and v the same of b
 *
 *     distance.c           which layers are compared; the distance and its gradient
 *     distance_picture.c   the features of a picture
 *     distance_program.c   the network's programs, by the size of pictures
 *     distance_layer.c     the sums of a layer and their gradient
 *     distance_stream.c    many pictures, decoded ahead
 *
 * Pictures keep their size. They are prepared like the network's input, but not cropped: by mean,
 * scale and order of channels; of a mean image the mean colour is used. The scaling layer of the
 * published implementation does the same as torchvision's mean and scale for grey levels from 0 to
 * 255.
 */
#ifndef AN_INFER_DISTANCE_H
#define AN_INFER_DISTANCE_H

#include "data/loader/loader.h"
#include "model/program/program.h"

/** Limits: the side of a picture; pixels of a picture, and of all sizes kept; sizes kept. */
enum { AN_DISTANCE_SIDE_MAX = 1 << 12, AN_DISTANCE_PIXELS_MAX = 1 << 24, AN_DISTANCE_SIZES = 8 };

/** The network for pictures of a size. */
typedef struct an_distance_size {
    int rows, columns;              /* 0: none */
    uint64_t used;                  /* `uses` at its last use */
    an_program *forward, *backward; /* backward: NULL until a gradient is wanted */
} an_distance_size;

struct alexnet_distance {
    an_net *net;
    uint64_t number;          /* unique in this process */
    an_lpips own;             /* from a file; else empty */
    const an_lpips *lpips;    /* `own`, or the net's */
    int *layers;              /* index in the network, per layer of lpips */
    an_fit fit;               /* WARP: pictures are resized to its side; KEEP: they are not */
    double mean[3], scale[3]; /* in the order of the network's channels */
    uint64_t uses;
    an_distance_size sizes[AN_DISTANCE_SIZES];
};
typedef struct alexnet_distance an_distance;

/** What the network computes of a picture. */
struct alexnet_distance_picture {
    an_distance *distance; /* that the picture was made for; it may be freed first */
    uint64_t number;       /* of the distance, whose address may be reused */
    int rows, columns;
    size_t bytes;    /* of the following */
    float *input;    /* [channels][rows][columns], of the network */
    float *features; /* of all layers, one after the other */
    double *norms;   /* of the channels at each position, likewise */
    float **layers;  /* per layer, [channels][positions] */
    int64_t *positions;
};
typedef struct alexnet_distance_picture an_distance_picture;

/**
 * @param path  of the weights; NULL: the net's own
 * @param side  pictures are first resized to side x side; 0: they are not
 */
alexnet_status an_distance_new(an_distance **out, an_net *net, const char *path, int side);
/** Check that weights fit a network: a layer for each convolution, with its channels. */
alexnet_status an_distance_suits(const an_net *net, const an_lpips *lpips);
void an_distance_free(an_distance *distance); /* NULL allowed */

/** Check levels that a caller gives: that they are not too many, and small enough to compute with.
 */
alexnet_status an_distance_check_levels(const float *levels, int rows, int columns,
                                        const char *name);
/** @param levels  [3][rows][columns], grey levels of R, G, B */
alexnet_status an_distance_look(an_distance_picture **out, an_distance *distance,
                                const float *levels, int rows, int columns, const char *name);
/** The same for a picture that has been fitted by the distance's fit. */
alexnet_status an_distance_look_at(an_distance_picture **out, an_distance *distance,
                                   const an_picture *picture, const char *name);
void an_distance_picture_free(an_distance_picture *picture); /* NULL allowed */

/** The arguments of alexnet_distance_between(). */
alexnet_status an_distance_between(an_distance *distance, const an_distance_picture *a,
                                   const an_distance_picture *b, double *value, double *parts,
                                   float *gradient);

struct alexnet_distance_stream {
    an_distance *distance; /* not owned */
    alexnet_dataset *dataset;
    an_loader *loader;
    an_batch batch; /* its pictures are being returned */
    int next;       /* the next of them */
    char *error;    /* why the latest picture, which was read, could not be computed; owned */
};
typedef struct alexnet_distance_stream an_distance_stream;

/** The arguments of alexnet_distance_stream_new(). */
alexnet_status an_distance_stream_new(an_distance_stream **out, an_distance *distance,
                                      const alexnet_dataset *dataset, const uint32_t *order,
                                      int64_t count);
alexnet_status an_distance_stream_next(an_distance_stream *stream, alexnet_distance_result *result,
                                       bool *more);
void an_distance_stream_free(an_distance_stream *stream); /* NULL allowed */

#endif
