/*
 * Recognition: which built-in network a file of tensors from another program holds.
 *
 * The file's layers (listing.h) are compared with those of every built-in network (match.h), made
 * for the file's number of classes. What the file does not say fits anything, so that several may
 * fit: names and shapes alone do not tell where LRN stands. Then the network is taken that such
 * files usually hold, and the log says which others there are.
 */
#ifndef AN_MODEL_RECOGNISE_H
#define AN_MODEL_RECOGNISE_H

#include "model/match.h"

typedef struct an_recognition {
    alexnet_network *network; /* owned */
    an_match match;
    int classes;     /* of the file: outputs of its last layer */
    char found[512]; /* by what, and what else it could be, for people */
} an_recognition;

/**
 * @param net      a built-in network's name or a path, which is taken whatever the file says, if
 * its weights have the shapes; NULL: find it
 * @param part     layers may be missing. Without it too, if at least half of the layers are there
 * and fit, and nothing else is
 * @return ALEXNET_ERROR_FORMAT if no network fits: the text has the nearest and the layer that does
 *         not fit
 */
alexnet_status an_recognise(an_recognition *out, an_tensor_file *file, const char *net, bool part);
void an_recognition_free(an_recognition *recognition);

#endif
