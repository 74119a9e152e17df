/*
 * Features: the outputs of inner layers for pictures, on request pooled over rows and columns and
 * averaged over views.
 */
#ifndef AN_INFER_FEATURES_H
#define AN_INFER_FEATURES_H

#include "infer/row_pass.h"
#include "model/model.h"
#include "model/program/program.h"

enum { AN_FEATURE_NAME = 2 * AN_NAME_MAX };

/** One of the outputs that were asked for. */
typedef struct an_feature {
    char name[AN_FEATURE_NAME + 1]; /* as it was asked for */
    int place;
    an_chw shape;   /* of a picture, as the network computes it */
    an_chw given;   /* as it is returned: after pooling */
    int64_t length; /* elements of that */
    int64_t offset; /* in the values of a picture */
} an_feature;

struct alexnet_features {
    alexnet_model *model;
    an_program *program;
    int batch, views;
    alexnet_pooling pool;
    int count;
    an_feature *outputs;
    int64_t length; /* of all outputs of a picture */
    an_slot *slots;
    float *raw;      /* one output of all slots, as the network computes it */
    double *sums;    /* of one output, over the views */
    uint8_t *pixels; /* [batch][side][side][3], for callers without pixels of their own */
};
typedef struct alexnet_features an_features;

/** @param options  complete and in range; only the names of layers are checked here */
alexnet_status an_features_new(an_features **out, alexnet_model *model,
                               const alexnet_features_options *options);
void an_features_free(an_features *features); /* NULL allowed */

/** Compute pictures 0 .. count-1.
 *  @param pixels  uint8 [batch][side][side][3]
 *  @param rows    out, float [count][length] */
alexnet_status an_features_compute(an_features *features, const uint8_t *pixels, int count,
                                   float *rows);
/** Compute one picture. @param name  of the picture, for error texts */
alexnet_status an_features_picture(an_features *features, const an_picture *picture,
                                   const char *name, float *values);
/** Refuse values that are not numbers. @return ALEXNET_ERROR_BAD_MODEL */
alexnet_status an_features_check(const an_features *features, const float *values,
                                 const char *picture);
/** What computes features as rows; it borrows them. */
an_row_maker an_features_maker(an_features *features);

struct alexnet_feature_stream {
    an_row_pass pass;
};
typedef struct alexnet_feature_stream an_feature_stream;

alexnet_status an_feature_stream_new(an_feature_stream **out, an_features *features,
                                     const alexnet_dataset *dataset);
alexnet_status an_feature_stream_next(an_feature_stream *stream, alexnet_feature_result *result,
                                      bool *more);
void an_feature_stream_free(an_feature_stream *stream); /* NULL allowed */

#endif
