#ifndef AN_DATA_PICTURE_JPEG_WRITE_H
#define AN_DATA_PICTURE_JPEG_WRITE_H

#include "data/picture/picture.h"

/**
 * Encode a picture as JPEG by libjpeg-turbo: baseline, chroma at half the resolution (4:2:0), with
 * optimised Huffman tables; a picture without colours as greyscale. The same version of the library
 * gives the same bytes for the same pixels.
 * @param bytes    out, owned
 * @param quality  1 to 100, as libjpeg defines it
 */
alexnet_status an_jpeg_encode(unsigned char **bytes, size_t *length, const an_picture *picture,
                              int quality);

#endif
