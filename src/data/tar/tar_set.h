/*
 * Archives that are read together, with their indexes and the classes of their pictures.
 *
 *     tar_set.c      finds the indexes, or makes and keeps them
 *     tar_classes.c  the classes
 *     tar_parts.c    an archive that holds the parts train and val
 *     tar_names.c    the names of numbered classes
 *     imagenet.c     labels of ImageNet's validation pictures, from files beside their archive
 */
#ifndef AN_DATA_TAR_TAR_SET_H
#define AN_DATA_TAR_TAR_SET_H

#include "data/tar/tar_index.h"

/** Starts as all zero. */
typedef struct an_tar_set {
    int64_t count;
    an_strings paths; /* of the archives, each once */
    int64_t repeated; /* how often an archive was named again */
    an_tar_stamp *stamps;
    an_tar_index *indexes;
    bool by_label; /* classes are labels; else folders */
    an_strings classes;
    bool numbered;      /* class k is called k */
    int32_t **class_of; /* [archive][label or folder]; NULL: there are no classes */
    size_t shared;      /* length of names' prefix before the class folders */
    bool part; /* only these pictures of an archive; its index's counts are of the whole archive */
} an_tar_set;

/** Open archives. @param paths  ownership is taken, also on failure */
alexnet_status an_tar_set_open(an_tar_set *out, an_strings paths, alexnet_ctx *ctx);
void an_tar_set_free(an_tar_set *set);

/**
 * Whether an archive holds the parts train and val, side by side, and no labels.
 * @param named  one of them is asked for, so the whole archive is searched; else only if one of
 *               its first members is in a part
 * @return ALEXNET_ERROR_NO_MEMORY, ALEXNET_ERROR_CANCELLED
 */
alexnet_status an_tar_divided(alexnet_ctx *ctx, const char *path, bool named, bool *yes);
/** Keep only the pictures of one part of such an archive. */
alexnet_status an_tar_set_keep(an_tar_set *set, const char *part);
/** The length, with its slash, of the folder that all pictures are in. */
size_t an_tar_set_shared(const an_tar_set *set);

/** Determine the classes. @return ALEXNET_ERROR_FORMAT if there are none; `root` is for its text */
alexnet_status an_tar_set_classify(an_tar_set *set, const char *root);
/**
 * If classes are numbers and AN_TAR_CLASSES is beside the first archive, give them the names in it,
 * one per line.
 * @return ALEXNET_ERROR_FORMAT for a file with too few lines, the same name twice, or a bad one
 */
alexnet_status an_tar_set_name_classes(an_tar_set *set);
#define AN_TAR_CLASSES "classes.txt"

/** A picture's class; AN_TAR_LOOSE: it has none, but others have. */
int an_tar_set_class(const an_tar_set *set, int64_t archive, const an_tar_picture *picture);
enum { AN_TAR_LOOSE = -2 };

/**
 * If the set is one archive whose pictures have neither labels nor folders, give them labels from
 * the files that ImageNet has for its validation pictures, if these are there (docs/data.md).
 * @return ALEXNET_ERROR_FORMAT for a file that does not fit the archive
 */
alexnet_status an_imagenet_label(an_tar_set *set, alexnet_ctx *ctx);
/** The names of those files, for the error of an archive without labels. */
#define AN_IMAGENET_FILES                                                                          \
    "imagenet_2012_validation_synset_labels.txt, or ILSVRC2012_validation_ground_truth.txt with "  \
    "meta.mat, or val.txt"

#endif
