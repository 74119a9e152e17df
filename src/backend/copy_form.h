/*
 * How a parameter [K][C][R][S] lies in an operator's packed copy, where update() keeps it current
 * (backend.h). C++ understands this header too.
 *
 * Each of its K images is cut into blocks of `block` x `block` elements, which become channels, as
 * the cuda backend's pictures and filters are (cuda/kernels/blocks.h). Element [k][c][y][x] is
 * number
 *
 *     ((k rows + y / block) columns + x / block) channels + (y % block * block + x % block) C + c
 *
 * With blocks of one element that is K R S C, whose channels may have room to spare. Elements that
 * no element of the parameter stands in are not written.
 */
#ifndef AN_BACKEND_COPY_FORM_H
#define AN_BACKEND_COPY_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct an_copy_form {
    bool kept;                          /* else the parameter has no copy, and the rest is 0 */
    bool bf16;                          /* else float32 */
    size_t at;                          /* bytes of the packed copy before it */
    bool in_order;                      /* as the parameter itself, and the rest is 0 */
    int c, r, s;                        /* C, R, S */
    int block, rows, columns, channels; /* channels >= C block^2 */
} an_copy_form;

static inline an_copy_form an_copy_in_order(bool bf16, size_t at)
{
    an_copy_form form = {true, bf16, at, true, 0, 0, 0, 0, 0, 0, 0};
    return form;
}

#endif
