#include "backend/cpu/conv_wgrad.h"

enum { MAPS = AN_CONV_WGRAD_MAPS };

an_layout an_conv_wgrad_side_by_side(an_layout layout)
{
    if (layout.kind != AN_LAYOUT_NHWC || layout.shape.c % MAPS)
        layout.kind = AN_LAYOUT_C16;
    layout.dtype = AN_BF16;
    return layout;
}

int64_t an_conv_wgrad_pixel(const an_layout *layout)
{
    return layout->kind == AN_LAYOUT_NHWC ? layout->shape.c : MAPS;
}

int64_t an_conv_wgrad_step(const an_layout *layout)
{
    bool last = layout->kind == AN_LAYOUT_NHWC;
    return last ? MAPS : (int64_t)layout->shape.h * layout->shape.w * MAPS;
}

const uint16_t *an_conv_wgrad_block(const an_layout *layout, const uint16_t *tensor, int image,
                                    int block)
{
    int64_t of_image = (int64_t)(an_layout_bytes(*layout) / sizeof *tensor) / layout->n;
    return tensor + image * of_image + block * an_conv_wgrad_step(layout);
}
