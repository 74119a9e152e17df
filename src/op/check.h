/*
 * Only for the files of op/: the rows of the table, and checks that several operators share.
 */
#ifndef AN_OP_CHECK_H
#define AN_OP_CHECK_H

#include "op/op.h"

#define AN_OP(ID, name) extern const an_op_info an_op_##name;
#include "op/ops.def"
#undef AN_OP

/** "stride is 0, but must be 1 to 32767". */
alexnet_status an_check_range(const char *quantity, int value, int low, int high);

/** "k is -1, but must be above 0" if !(value > 0), which includes NaN; infinity fails too. */
alexnet_status an_check_positive(const char *quantity, double value);
alexnet_status an_check_not_negative(const char *quantity, double value);

/** "groups 3 does not divide 64 channels" */
alexnet_status an_check_groups(int groups, int channels);

/**
 * One direction of a window that slides over a padded input.
 * @param name  name of the window's size, as in "filterSize 11 is larger than the padded input 8"
 * @param out   set to an_window_count()
 */
typedef struct an_window {
    int in, pad_low, pad_high, size, stride;
    bool ceil;
} an_window;
alexnet_status an_check_window(const char *name, an_window window, int *out);

#endif
