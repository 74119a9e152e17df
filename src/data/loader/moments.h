/*
 * Sums over pictures of one size: their mean, and how their colours vary. Sums are integers: the
 * results do not depend on the order of pictures.
 */
#ifndef AN_DATA_LOADER_MOMENTS_H
#define AN_DATA_LOADER_MOMENTS_H

#include "data/loader/loader.h"

enum { AN_COLOUR_PAIRS = 6 };

typedef struct an_moments {
    int side;
    int64_t pictures;
    uint64_t *sums;                     /* [side][side][3], R G B */
    uint64_t products[AN_COLOUR_PAIRS]; /* over all pixels: RR, RG, RB, GG, GB, BB */
    int16_t *planes; /* scratch: a row of each colour, for the sums of products */
} an_moments;

/** Statistics of the colours of all pixels, R G B, in levels from 0 to 255. */
typedef struct an_colour_stats {
    double mean[3];
    double covariance[3][3];   /* divided by the number of pixels */
    double eigenvalues[3];     /* the largest first */
    double eigenvectors[3][3]; /* row i, of length 1; the largest of its numbers is positive */
} an_colour_stats;

alexnet_status an_moments_new(an_moments *moments, int side);
/** Add the readable pictures of a batch. */
void an_moments_add(an_moments *moments, const an_batch *batch);
/** All zero for no pictures. */
void an_moments_colours(an_colour_stats *out, const an_moments *moments);
/** Row i: eigenvector i times the standard deviation along it. */
void an_moments_axes(double axes[3][3], const an_moments *moments);
void an_moments_free(an_moments *moments);

/**
 * Eigenvalues and eigenvectors of a symmetric matrix, by Jacobi's rotations, as above.
 * @param matrix  only its upper half is read
 */
void an_eigen3(double values[3], double vectors[3][3], const double matrix[3][3]);

#endif
