/*
 * Examines a data set before training on it.
 *
 *     check.c          its stages: all pictures, then similar ones, then the data set itself
 *     check_picture.c  one picture, examined by threads of its own (ordered.h)
 *     check_same.c     pictures that are the same, or look nearly the same
 *     check_set.c      classes, names, and what the source has noted
 *     check_found.c    the list of findings
 */
#ifndef AN_DATA_CHECK_CHECK_H
#define AN_DATA_CHECK_CHECK_H

#include "base/context.h"
#include "base/hash.h"
#include "base/interned.h"
#include "data/check/dhash.h"
#include "data/check/near.h"
#include "data/check/problems.h"
#include "data/dataset.h"
#include "data/ordered.h"
#include "data/picture/profile.h"

enum { AN_CHECK_PARTS = 2 };
#define AN_NO_PICTURE UINT32_MAX

/** What a thread has found out about a picture. */
typedef struct an_examined {
    alexnet_status status;
    char *error; /* text if not OK, owned; NULL also if there was no memory for it */
    an_hash128 content;
    an_dhash dhash;
    bool distinct; /* `dhash` has enough detail to be compared with others */
    int width, height;
    bool grey, cmyk;
    const char *misnamed;          /* its actual format; NULL: the name fits it */
    char profile[AN_PROFILE_NAME]; /* "": none, or sRGB */
} an_examined;

/** What is kept of a picture. */
typedef struct an_kept {
    an_hash128 content;
    bool readable, distinct;
} an_kept;

/** A finding as it is stored. */
typedef struct an_found {
    alexnet_problem problem;
    uint32_t picture;     /* number among all, training first; or AN_NO_PICTURE */
    uint32_t other;       /* the picture that it is like; or AN_NO_PICTURE */
    uint32_t group;       /* the first of all pictures that are alike; or AN_NO_PICTURE */
    int32_t class;        /* number in its part, -1: none. Not used if there is a picture */
    int64_t path, detail; /* index in `texts`; -1: none */
    int64_t count;
    uint8_t part; /* AN_CHECK_PARTS: both. Not used if there is a picture */
    uint8_t bits; /* NEAR: how many differ */
    bool mirrored;
    uint8_t rank, group_rank; /* NEAR: how harmful it is, 0 the most; the worst rank in its group */
} an_found;

typedef struct an_check_part {
    const char *name; /* "train"; NULL: there is only one part */
    alexnet_dataset *data;
    int *classes; /* [class]: its number among the classes of both parts */
} an_check_part;

typedef enum an_check_stage { AN_CHECK_PICTURES, AN_CHECK_NEAR, AN_CHECK_DONE } an_check_stage;

struct alexnet_check {
    alexnet_ctx *ctx;
    alexnet_check_options options;
    an_check_part parts[AN_CHECK_PARTS];
    int part_count;
    bool split;     /* both parts come from one source */
    uint32_t total; /* pictures of all parts */
    an_kept *kept;  /* [total] */
    an_check_stage stage;
    alexnet_check_progress progress;
    an_ordered *workers; /* NULL: not started yet, or finished */

    an_dhash *dhashes; /* of all pictures, later only of those that are compared; NULL: none are */
    an_near *near;
    uint32_t *pictures; /* the picture of each hash that is compared */

    an_interned texts;
    an_found *found;
    int64_t found_count;
    bool ready, failed;
    char *detail; /* of the finding that an_check_get() gave last */
};

/* check_found.c */

/** Add a finding. `path` and `detail` are copied; NULL: none. */
alexnet_status an_check_add(alexnet_check *check, an_found found, const char *path,
                            const char *detail);
/** Put the findings into their order. */
alexnet_status an_check_sort(alexnet_check *check);
bool an_check_get(alexnet_check *check, int64_t index, alexnet_finding *finding);

/** A picture's part, and its index there. */
const an_check_part *an_check_part_of(const alexnet_check *check, uint32_t picture,
                                      int64_t *sample);
const an_sample *an_check_sample(const alexnet_check *check, uint32_t picture);
/** The class of a picture among those of both parts. */
int an_check_class(const alexnet_check *check, uint32_t picture);

/* check_picture.c */

/** Read a picture. A failure is in out->status. @param stop  as in an_target */
void an_check_examine(an_examined *out, const alexnet_check *check, uint32_t picture,
                      const atomic_bool *stop);
/** Start the threads that do so for all pictures. */
alexnet_status an_check_begin(alexnet_check *check);
/** Keep what was found out about a picture, and add a finding for each problem. */
alexnet_status an_check_take(alexnet_check *check, uint32_t picture, const an_examined *examined);

/* check_same.c */

/** Find the pictures that are the same. */
alexnet_status an_check_same(alexnet_check *check);
/** Start the search for pictures that look nearly the same; add them once all are compared. */
alexnet_status an_check_near_begin(alexnet_check *check);
alexnet_status an_check_near_end(alexnet_check *check);

/* check_set.c */

/** Number the classes of both parts. */
alexnet_status an_check_number_classes(alexnet_check *check);
/** Find what is wrong with the classes, the names, and the source. */
alexnet_status an_check_set(alexnet_check *check);

/* check.c; see the public header */

alexnet_status an_check_new(alexnet_check **out, alexnet_ctx *ctx, const alexnet_dataset *train,
                            const alexnet_dataset *val, const alexnet_check_options *options);
alexnet_status an_check_step(alexnet_check *check, alexnet_check_progress *progress, bool *more);
void an_check_free(alexnet_check *check);

/** See alexnet_dataset_thumbnail(). */
alexnet_status an_thumbnail(const alexnet_dataset *dataset, int64_t index, int side, void *out,
                            size_t room, size_t *length);

#endif
