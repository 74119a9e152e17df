/*
 * Any bytes as a file of weights of classes: an error that names the file, or a weight within the
 * bounds for each class, of which one is above 0.
 */
#include <string.h>

#include "base/status.h"
#include "fuzz/folder.h"
#include "train/class_weights.h"

enum { CLASSES = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static char *ids[CLASSES] = {"b", "a dog", "a", "c"};
    const an_classes classes = {CLASSES, ids, ids};
    float weights[CLASSES];
    bool any = false;
    int named;
    folder_make();
    folder_write("weights.txt", bytes, length);
    if (an_class_weights_read(weights, &classes, folder_path("weights.txt"), &named) !=
        ALEXNET_OK) {
        require(strstr(an_error_text(), "weights.txt"));
        return 0;
    }
    require(named >= 1 && named <= CLASSES);
    for (int i = 0; i < CLASSES; i++) {
        require(an_class_weight_is_good((double)weights[i]));
        any |= weights[i] > 0;
    }
    require(any);
    return 0;
}
