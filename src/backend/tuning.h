/*
 * Tuning: which variant of an operator a backend computes where it knows several. A text of rows,
 * each for one or many operators; the first row that fits and speaks of a direction counts:
 *
 *     [conv3]                            any name
 *     isa = avx512 avx512_bf16           names of alexnet_device_info.isa, or a star
 *     precision = fp32                   or bf16, or a star
 *     training = yes                     absent: training and inference
 *     operator = conv 3x3/1 groups 1 *   as an_op_signature() writes it; a star is any text
 *     forward = winograd                 and backward_data, backward_weights, as far as it says
 *
 * Such a text is what a backend brings along (tuning.ini in its folder), what `alexnet bench
 * --tune` writes, and what a run records of its choices so that its bits hold.
 */
#ifndef AN_BACKEND_TUNING_H
#define AN_BACKEND_TUNING_H

#include "op/op.h"

/** Ways to compute the same operator. */
typedef enum an_variant {
    AN_VARIANT_DIRECT,        /* in the layouts that the library favours */
    AN_VARIANT_CHANNELS_LAST, /* activations as N H W C */
    AN_VARIANT_BLOCKED,       /* as N C/b H W b, a vector of channels in a block; pixels plain */
    AN_VARIANT_WINOGRAD,      /* 3x3 filters with fewer multiplications and more rounding */
    AN_VARIANT_FLIPPED,       /* gradients of data by a forward convolution with flipped filters */
    AN_VARIANT_PADDED,        /* a first layer of a copy of the pixels with padding around them;
                                 as the variant of forward, of gradients too */
    AN_VARIANT_NATIVE, /* not by the library, in bf16: fully connected layers; the gradients of a
                          convolution's weights; and a first layer, of pixels, in all its
                          directions once one is NATIVE */
    AN_VARIANTS
} an_variant;

typedef enum an_direction {
    AN_FORWARD,
    AN_BACKWARD_DATA,
    AN_BACKWARD_WEIGHTS,
    AN_DIRECTIONS
} an_direction;

/** As a tuning text spells them. */
extern const char *const an_variant_names[AN_VARIANTS];
extern const char *const an_direction_names[AN_DIRECTIONS];

/** What an operator is computed by, or may be. */
typedef struct an_variants {
    an_variant of[AN_DIRECTIONS];
} an_variants;

typedef struct an_tuning an_tuning;

/**
 * Read a text.
 * @param source  for error texts
 * @return ALEXNET_ERROR_FORMAT with source, line, key and what was expected
 */
alexnet_status an_tuning_parse(an_tuning **out, const char *text, const char *source);
void an_tuning_free(an_tuning *tuning); /* NULL allowed */

/** What is asked: an operator, and where and for what it runs. */
typedef struct an_tuning_query {
    const char *isa, *precision;
    bool training;
    const an_op_desc *op;
} an_tuning_query;

/** Set of `variants` what rows say, as far as they do. @param tuning  NULL: nothing */
void an_tuning_apply(const an_tuning *tuning, const an_tuning_query *query, an_variants *variants);

/** A row for one operator, as text with a blank line at its end; owned. NULL if memory is short. */
char *an_tuning_row(const char *name, const an_tuning_query *query, const an_variants *variants);

#endif
