/*
 * Recognition: which built-in network a file of tensors from another program holds.
 *
 * The file's layers (listing.h) are compared with those of every built-in network (match.h), made
 * with the file's number of classes. What the file does not say matches anything, so several
 * networks may fit: names and shapes alone, for example, do not show where LRN is. Then the network
 * that such files usually hold is chosen, and the log names the others.
 */
#ifndef AN_MODEL_RECOGNISE_RECOGNISE_H
#define AN_MODEL_RECOGNISE_RECOGNISE_H

#include "model/recognise/match.h"

typedef struct an_recognition {
    alexnet_network *network; /* owned */
    an_match match;
    int classes;     /* of the file: outputs of its last layer */
    char found[512]; /* the network, how it was recognised and which others fit, for people */
} an_recognition;

/**
 * @param net      a built-in network's name or a path: the network to use whatever else the file
 *                 says, if the shapes of the weights fit; NULL: find the network
 * @param part     layers may be missing. Without it they may also be missing if the file has at
 *                 least half of the layers, all of them fit, and it holds nothing else
 * @return ALEXNET_ERROR_FORMAT if no network fits: the text names the nearest one and the layer
 *         that does not fit
 */
alexnet_status an_recognise(an_recognition *out, an_tensor_file *file, const char *net, bool part);
void an_recognition_free(an_recognition *recognition);

#endif
