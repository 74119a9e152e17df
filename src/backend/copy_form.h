/*
 * How a parameter [K][C][R][S] is stored in an operator's packed copy, where update() keeps it
 * current (backend.h). C++ understands this header too.
 *
 * Each of its K images is cut into blocks of `block` x `block` elements, which become channels, as
 * the cuda backend's pictures and filters are (cuda/kernels/blocks.h). Element [k][c][y][x] is
 * number
 *
 *     ((k rows + y / block) columns + x / block) channels + (y % block * block + x % block) C + c
 *
 * With blocks of one element that is K R S C, with channels possibly padded. Elements that do not
 * correspond to one of the parameter are not written. Every element may have a second copy, at a
 * distance that is the same for all (cuda/conv_pairs.c).
 */
#ifndef AN_BACKEND_COPY_FORM_H
#define AN_BACKEND_COPY_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct an_copy_form {
    bool kept;     /* else the parameter has no copy, and the other members are 0 */
    bool bf16;     /* else float32 */
    size_t at;     /* offset in the packed copy, in bytes */
    bool in_order; /* in the parameter's own order, and the members up to `channels` are 0 */
    int c, r, s;   /* C, R, S */
    int block, rows, columns, channels; /* channels >= C block^2 */
    int64_t twin; /* elements from each element to its second copy; 0: there is none */
} an_copy_form;

static inline an_copy_form an_copy_in_order(bool bf16, size_t at)
{
    an_copy_form form = {true, bf16, at, true, 0, 0, 0, 0, 0, 0, 0, 0};
    return form;
}

#endif
