#ifndef AN_DATA_JPEG_WRITE_H
#define AN_DATA_JPEG_WRITE_H

#include "data/picture.h"

/**
 * Encode a picture as JPEG by libjpeg-turbo: baseline, colours at half the resolution (4:2:0), with
 * tables of its own (optimised Huffman codes); a picture without colours as grey. The same version
 * of the library gives the same bytes for the same pixels.
 * @param bytes    out, owned
 * @param quality  1 to 100, the library's
 */
alexnet_status an_jpeg_encode(unsigned char **bytes, size_t *length, const an_picture *picture,
                              int quality);

#endif
