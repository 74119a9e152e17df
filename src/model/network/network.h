/*
 * Network files: text to checked layers. See docs/networks.md for the format.
 *
 *     network.c         a network's layers by name, and its reference count
 *     network_load.c    networks by name or path
 *     network_keys.c    the table of keys: type, range, default, which layers have them
 *     network_read.c    text -> layers
 *     network_graph.c   layers -> operators, shapes, totals
 *     network_about.c   arithmetic and structure as text
 *     network_units.c   receptive fields and towers
 *     network_input.c   the preprocessing as text
 */
#ifndef AN_MODEL_NETWORK_NETWORK_H
#define AN_MODEL_NETWORK_NETWORK_H

#include <stdatomic.h>

#include "base/context.h"
#include "op/op.h"

enum {
    AN_NAME_MAX = 47,
    AN_LAYERS_MAX = 256,
    AN_CLASSES_MAX = 100000, /* of a network, and so of a model file */
};

/** What a section's `type` may be. The words are the 2012 code's, with `dropout` for `hs`. */
typedef enum an_layer_type {
    AN_LAYER_CONV = 1 << 0,
    AN_LAYER_FC = 1 << 1,
    AN_LAYER_POOL = 1 << 2,
    AN_LAYER_CMRNORM = 1 << 3, /* LRN across maps */
    AN_LAYER_RNORM = 1 << 4,   /* LRN within a map */
    AN_LAYER_DROPOUT = 1 << 5,
    AN_LAYER_NEURON = 1 << 6,
    AN_LAYER_CONCAT = 1 << 7,
    AN_LAYER_ELTSUM = 1 << 8,
    AN_LAYER_SOFTMAX = 1 << 9,
} an_layer_type;

/** First values of weights or biases. */
typedef struct an_init {
    enum {
        AN_INIT_NORMAL,  /* weights: value * N(0, 1); biases: the value itself */
        AN_INIT_HE,      /* weights: N(0, 2 / fan-in) */
        AN_INIT_UNIFORM, /* uniform in +-1 / sqrt(fan-in), as torchvision */
    } kind;
    double value;
} an_init;

/** At least the rows of the key table. */
enum { AN_NETWORK_KEY_ROWS = 64 };

/** Which keys a section has. */
typedef struct an_keys_read {
    uint64_t seen;                  /* bit per row of the key table */
    int lines[AN_NETWORK_KEY_ROWS]; /* the line of each of these keys */
} an_keys_read;

/** A section as read; a field is meaningful only if the type has its key. */
typedef struct an_layer {
    char name[AN_NAME_MAX + 1];
    int line; /* of the section */
    an_layer_type type;
    int n_inputs;
    int inputs[AN_MAX_INPUTS]; /* earlier layers; -1 is [input] */
    int filters, filter_size, stride, groups, outputs, size, keep_kind, pool, round;
    int padding[4]; /* top, left, bottom, right */
    int divide;
    bool outputs_follow_classes;
    double scale, pow, min_div, keep;
    an_init init_w, init_b;
    bool has_neuron;
    an_neuron_desc neuron;
    an_keys_read keys;
    int inputs_line; /* the line of `inputs` */
} an_layer;

/** The preprocessing record: how a picture becomes the network's input. */
typedef struct an_input {
    int line;
    int size;     /* side of the network's input */
    int side;     /* side of the stored picture that the input is cut from */
    int resize;   /* an_fit_rule: 0 short side, 1 warp */
    int decode;   /* 1: JPEGs are decoded smaller if they are to be shrunk anyway */
    int crop;     /* 0: centre */
    int exif;     /* 0: apply */
    int channels; /* an_channels: 0 rgb, 1 bgr, 2 grey */
    enum {
        AN_INPUT_MEAN_IMAGE,
        AN_INPUT_MEAN_CHANNEL,
        AN_INPUT_MEAN_NONE,
        AN_INPUT_MEAN_FIXED
    } mean;
    double fixed_mean[3]; /* in the order of `channels`; a single number fills all three */
    int mean_numbers;     /* how many numbers the file gives: 0, 1 or 3 */
    int mean_crop;        /* 0: centre, 1: aligned */
    double scale[3];      /* as fixed_mean */
    int scale_numbers;
    an_keys_read keys;
} an_input;

/** An operator of the graph. Node 0 is augment. */
typedef struct an_node {
    an_op_desc desc;
    int layer;                 /* index of its layer; -1 for augment */
    int inputs[AN_MAX_INPUTS]; /* earlier nodes */
} an_node;

typedef struct an_graph {
    int count;
    an_node *nodes;  /* in order of computation; with all layers, the last is softmax */
    int *layer_node; /* node that holds a layer's output, per layer */
} an_graph;

struct alexnet_network {
    atomic_int references;
    char name[AN_NAME_MAX + 1];
    char *text;
    int classes;
    an_input input;
    int count;
    an_layer *layers;
    an_graph graph;      /* for one picture */
    char **arithmetic;   /* per layer */
    char (*neurons)[48]; /* per layer: "relu", "tanh[1.7,0.66]", ... or "" */
    char *structure;
    char *preprocessing; /* an_input_text() */
};

/**
 * Read a network text.
 * @param source   for error texts: a path, or "network alexnet"
 * @param name     used if the text gives no name
 * @param classes  the number of classes, which `outputs = classes` stands for, 1 .. AN_CLASSES_MAX;
 *                 0 if there is no data: the text decides, and `outputs = classes` means 1000
 */
alexnet_status an_network_parse(alexnet_network **out, const char *text, const char *source,
                                const char *name, int classes);
/** A built-in name or a path; see alexnet_network_load(). */
alexnet_status an_network_load(alexnet_network **out, const char *name_or_path, int classes);
alexnet_network *an_network_retain(alexnet_network *network);
void an_network_release(alexnet_network *network); /* NULL allowed */

/** The layer before the softmax, which is the last: a score for each class. */
static inline int an_network_scores_layer(const alexnet_network *network)
{
    return network->layers[network->count - 1].inputs[0];
}

/** What a graph is built for. */
typedef struct an_graph_extent {
    int slots;         /* slots of the batch */
    int pictures;      /* pictures in the batch's buffer, <= slots */
    int rows, columns; /* of the network's input, if the caller gives it; 0: it is cut out of stored
                          pictures */
    int layers;        /* build only the first `layers`; 0: all */
} an_graph_extent;

/** Build the operators for a batch. Free them with an_graph_free(). */
alexnet_status an_graph_build(an_graph *out, const alexnet_network *network,
                              const an_graph_extent *extent);
void an_graph_free(an_graph *graph);

/** The index of a layer; -1 if there is none of that name. */
int an_network_find_layer(const alexnet_network *network, const char *name);
/** The nearest name among the first `count` layers, to suggest; NULL: none is near. */
const char *an_network_nearest_layer(const alexnet_network *network, int count, const char *name);

/** How a picture is prepared for the first layer, in one line; owned, NULL if memory is
 * short. */
char *an_input_text(const an_input *input);
/**
 * Whether two records prepare pictures differently.
 * @param text  receives the differences for people, what is found instead of what is expected; at
 *              least 256 bytes
 */
bool an_input_differs(const an_input *expected, const an_input *found, char *text, size_t room);

/** Fill in what a user sees of a layer; index in range. */
void an_network_layer_info(const alexnet_network *network, int index, alexnet_layer_info *info);

/** The receptive field of a unit of a layer: a rectangle around all pixels of the network's input
 * that may influence it. Not every pixel in it does. Indices in range. */
alexnet_rectangle an_network_field(const alexnet_network *network, int layer, int row, int column);
/** The number of towers that a layer's channels fall into; see alexnet_network_towers(). */
int an_network_towers(const alexnet_network *network, int layer);

/* ---- Between the files of the network reader ---- */

/** Set a key of a layer or of [input]. The error text does not name the file and line; the caller
 * adds them. */
alexnet_status an_layer_set(an_layer *layer, int line, const char *key, const char *value);
alexnet_status an_input_set(an_input *input, int line, const char *key, const char *value);
/** The line of the key that an error text begins with ("filterSize 11 is larger ..."), or of the
 *  section if it begins with none. */
int an_layer_line_of(const an_layer *layer, const char *text);
int an_input_line_of(const an_input *input, const char *text);
/** Fill in defaults; fails if a required key is missing. */
alexnet_status an_layer_complete(an_layer *layer);
alexnet_status an_input_complete(an_input *input);
const char *an_layer_type_name(an_layer_type type);
alexnet_status an_layer_type_read(an_layer_type *out, const char *name);

/** Fill in the texts that describe a network, from its graph and its input. */
alexnet_status an_network_describe(alexnet_network *network);

#endif
