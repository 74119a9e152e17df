#include "backend/layout.h"

size_t an_layout_bytes(an_layout layout)
{
    size_t c = (size_t)layout.shape.c;
    if (layout.kind == AN_LAYOUT_C8)
        c = (c + 7) / 8 * 8;
    if (layout.kind == AN_LAYOUT_C16)
        c = (c + 15) / 16 * 16;
    return (size_t)layout.n * c * (size_t)layout.shape.h * (size_t)layout.shape.w *
           an_dtype_bytes(layout.dtype);
}

bool an_layout_equal(an_layout a, an_layout b)
{
    return a.kind == b.kind && a.dtype == b.dtype && a.n == b.n && an_chw_equal(a.shape, b.shape);
}
