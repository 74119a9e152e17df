/*
 * Tuning: which of several variants of an operator a backend uses. It is a text of sections,
 * each for one or more operators. For each direction, the first section that matches and names a
 * variant decides:
 *
 *     [conv3]                            any name
 *     isa = avx512 avx512_bf16           names of alexnet_device_info.isa, or a star
 *     processor = NVIDIA H200*           as in alexnet_device_info; a star is any text, a question
 *                                        mark any one byte; absent: any
 *     library = cuDNN 9.19.*             likewise
 *     deterministic = no                 alexnet_ctx_options.deterministic; absent: either
 *     precision = fp32                   or tf32, or bf16, or a star
 *     training = yes                     absent: training and inference
 *     batch = 128                        the batch size; absent: any
 *     tail = relu                        an_prepared.tail; absent: any
 *     operator = conv 3x3/1 groups 1 *   as an_op_signature() writes it; a star is any text
 *     forward = winograd                 likewise backward_data and backward_weights; all optional
 *
 * A backend whose variants are a library's proposals (an_backend_api.proposals) writes `processor`,
 * `library`, `deterministic` and `batch` to its rows, because each of them changes how proposals
 * are numbered, and `tail` if they depend on that too.
 *
 * Such texts are tuning.ini in a backend's folder, the file that `alexnet bench --tune` writes, and
 * the record of a run's choices, with which a resumed run gives the same bits.
 */
#ifndef AN_BACKEND_TUNING_H
#define AN_BACKEND_TUNING_H

#include "op/op.h"

/** A way to compute an operator: an index into the backend's list of names,
 * an_backend_api.variants. The first is the default. */
typedef int an_variant;
enum { AN_VARIANTS_MAX = 24 };

/** Number of names in a list that ends with NULL. @param names  NULL: none */
int an_variant_count(const char *const *names);

typedef enum an_direction {
    AN_FORWARD,
    AN_BACKWARD_DATA,
    AN_BACKWARD_WEIGHTS,
    AN_DIRECTIONS
} an_direction;

/** As a tuning text spells them. */
extern const char *const an_direction_names[AN_DIRECTIONS];

/** The variant of an operator in each direction. */
typedef struct an_variants {
    an_variant of[AN_DIRECTIONS];
} an_variants;

typedef struct an_tuning an_tuning;

/** Where a tuning is used. */
typedef struct an_tuning_place {
    const char *isa, *processor, *library; /* as in alexnet_device_info */
    const char *const *variants;           /* the names that a row may use; NULL: none */
    bool proposals;                        /* as in an_backend_api */
} an_tuning_place;

/**
 * Read a text and keep the rows for one place. The variants of other rows are not checked: they may
 * belong to a backend that this one does not know.
 * @param source  for error texts
 * @return ALEXNET_ERROR_FORMAT with source, line, key and what was expected
 */
alexnet_status an_tuning_parse(an_tuning **out, const char *text, const char *source,
                               const an_tuning_place *place);
void an_tuning_free(an_tuning *tuning); /* NULL allowed */

/** A query: an operator, and where and for what it runs. */
typedef struct an_tuning_query {
    an_tuning_place place;
    const char *precision;
    bool deterministic, training;
    const an_op_desc *op;
    const char *tail; /* NULL: none */
} an_tuning_query;

/** Whether a tuning has rows for a precision, as alexnet_precision_name() spells it. */
bool an_tuning_serves(const an_tuning *tuning, const char *precision);

/** Set those of `variants` that rows name. @param tuning  NULL: none are set */
void an_tuning_apply(const an_tuning *tuning, const an_tuning_query *query, an_variants *variants);

/** A row for one operator, as text that ends with a blank line; owned. NULL if memory is short. */
char *an_tuning_row(const char *name, const an_tuning_query *query, const an_variants *variants);

#endif
