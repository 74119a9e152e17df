/*
 * Files of weights of classes, for the recipe's class_weights: a line "NAME WEIGHT" for each class.
 */
#ifndef AN_TRAIN_CLASS_WEIGHTS_H
#define AN_TRAIN_CLASS_WEIGHTS_H

#include "model/classes.h"

/** Bounds of weights above 0: sums of weights, and their shares of these, must fit into floats. */
#define AN_CLASS_WEIGHT_MIN 1e-9f
#define AN_CLASS_WEIGHT_MAX 1e9f

/** Whether `weight` is 0 or within these bounds. */
bool an_class_weight_is_good(double weight);

/**
 * Read a file of weights. NAME is the identifier of a class and may contain blanks; the blanks
 * before the last field of a line end it. Lines that begin with # are comments. A class that the
 * file does not name has the weight 1.
 * @param weights  [classes->count]
 * @param named    out: how many classes the file names
 * @return ALEXNET_ERROR_FORMAT with file and line for a line that is not such a pair, a weight out
 *         of range, a comment that is the weight of a class whose name begins with #, and a class
 * that is unknown or named twice; also if all weights are 0
 */
alexnet_status an_class_weights_read(float *weights, const an_classes *classes, const char *path,
                                     int *named);

#endif
