/*
 * How many pictures of each class got which answer. Only pairs that occur take memory: of 21,841
 * classes there are 477 million pairs, and at most one for each picture occurs.
 */
#ifndef AN_INFER_CONFUSION_H
#define AN_INFER_CONFUSION_H

#include <stdint.h>

#include "alexnet/alexnet.h"

typedef struct an_answer {
    int class;
    int64_t count; /* of pictures that got it; > 0 */
} an_answer;

/** The answers that the pictures of a class got. */
typedef struct an_answers {
    an_answer *at; /* in the order of classes */
    int count;
} an_answers;

typedef struct an_confusion {
    int classes;
    an_answers *of;  /* [classes], by label; NULL: nothing is counted */
    int64_t *answer; /* [classes] pictures that got it, of any class */
} an_confusion;

/** With nothing counted yet. After a failure it is empty. */
alexnet_status an_confusion_new(an_confusion *confusion, int classes);
/** Count a picture. @return ALEXNET_ERROR_NO_MEMORY: it is not counted */
alexnet_status an_confusion_add(an_confusion *confusion, int label, int answer);
int64_t an_confusion_count(const an_confusion *confusion, int label, int answer);
/** Forget what was counted. */
void an_confusion_clear(an_confusion *confusion);
void an_confusion_free(an_confusion *confusion); /* an empty one allowed */

#endif
