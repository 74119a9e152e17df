/*
 * The classes of a model: an identifier and a readable name for each.
 */
#ifndef AN_MODEL_CLASSES_H
#define AN_MODEL_CLASSES_H

#include "data/dataset.h"

/** Owned. */
typedef struct an_classes {
    int count;
    char **ids, **names;
} an_classes;

alexnet_status an_classes_copy(an_classes *out, int count, char *const *ids, char *const *names);
void an_classes_free(an_classes *classes);
/** The classes as data sets take them; borrowed. */
an_class_list an_classes_list(const an_classes *classes);

/**
 * Classes for a file that names none: 1,000 classes are ImageNet's, in the order of their
 * identifiers, unless it is known that they are in another; with any other count, class 7 is called
 * "class 7".
 */
alexnet_status an_classes_presume(an_classes *out, int count, bool in_order);
#define AN_IMAGENET_CLASSES 1000

/** The keys of the metadata that hold them in files. */
#define AN_METADATA_CLASSES "alexnet.classes"
#define AN_METADATA_NAMES "alexnet.names"

/** As JSON arrays of strings, owned; NULL if memory is short. */
char *an_strings_to_json(char *const *strings, int count);
/**
 * Read classes from two JSON arrays. The caller frees them, also on failure.
 * @param file  for error texts
 */
alexnet_status an_classes_from_json(an_classes *out, const char *ids, const char *names,
                                    const char *file);

#endif
