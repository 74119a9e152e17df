/*
 * Statistics of a finite sample: 95% intervals, and how well a model's confidence agrees with its
 * accuracy.
 */
#ifndef AN_INFER_STATISTICS_H
#define AN_INFER_STATISTICS_H

#include "alexnet/alexnet.h"

/**
 * The interval of a share that was counted among n (E. B. Wilson, "Probable inference, the law of
 * succession, and statistical inference", 1927). It stays within 0 and 1, and has a width above 0
 * even if the share is 0 or 1. 0 to 1 for n = 0.
 */
alexnet_interval an_share_interval(double share, int64_t n);
/** The interval of a mean of losses, by its standard error. It ends at 0, since no loss is below.
 * NAN to NAN for fewer than two values. */
alexnet_interval an_loss_interval(double sum, double squares, int64_t n);

/** Sums over the pictures whose confidence lies in each bin. */
typedef struct an_calibration {
    int64_t images[ALEXNET_CALIBRATION_BINS];
    double confidence[ALEXNET_CALIBRATION_BINS], correct[ALEXNET_CALIBRATION_BINS];
} an_calibration;

/** @param confidence  the greatest probability  @param correct  0 to 1: between them for ties */
void an_calibration_add(an_calibration *calibration, double confidence, double correct);
/** Means of a bin; zeros where it is empty. */
alexnet_calibration_bin an_calibration_bin(const an_calibration *calibration, int bin);
/**
 * The expected calibration error: the mean over the pictures of |accuracy - confidence| of their
 * bin (C. Guo and others, "On calibration of modern neural networks", 2017). 0 without pictures.
 */
double an_calibration_error(const an_calibration *calibration);

#endif
