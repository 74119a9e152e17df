/*
 * Previews and trials, which show something of a run before it starts, called with NULL arguments.
 */
#ifndef TESTS_UNIT_NULL_TRIALS_H
#define TESTS_UNIT_NULL_TRIALS_H

#include "null_rig.h"

static void test_trials(void **state)
{
    (void)state;
    alexnet_trial *trial;
    alexnet_trial_point point;
    alexnet_trial_verdict verdict;
    REFUSES(alexnet_trial_new, "out", NULL, ctx, data, NULL, NULL);
    REFUSES(alexnet_trial_new, "ctx", &trial, NULL, data, NULL, NULL);
    REFUSES(alexnet_trial_new, "train", &trial, ctx, NULL, NULL, NULL);
    assert_null(trial);
    REFUSES(alexnet_trial_step, "trial", NULL, &point, &more);
    ANSWERS(alexnet_trial_count, 0, NULL);
    ANSWERS(alexnet_trial_get, false, NULL, 0, &point);
    assert_int_equal(point.update, 0);
    TAKES_NOTHING(alexnet_trial_judge, NULL, &verdict);
    assert_false(verdict.good);
    TAKES_NOTHING(alexnet_trial_free, NULL);
}

static void test_previews(void **state)
{
    alexnet_preview *preview;
    alexnet_preview_view view;
    (void)state;
    REFUSES(alexnet_preview_new, "out", NULL, ctx, data, NULL, 1, 1);
    REFUSES(alexnet_preview_new, "ctx", &preview, NULL, data, NULL, 1, 1);
    REFUSES(alexnet_preview_new, "train", &preview, ctx, NULL, NULL, 1, 1);
    REFUSES(alexnet_preview_get, "preview", NULL, 0, 0, &view);
    ANSWERS(alexnet_preview_pictures, 0, NULL);
    ANSWERS(alexnet_preview_side, 0, NULL);
    TAKES_NOTHING(alexnet_preview_free, NULL);
}

#endif
