/*
 * Any bytes as an ONNX file that claims to be one of two networks: it disagrees, or every weight is
 * bound to a tensor that has its elements, and so is every bias that the file has.
 */
#include <stdint.h>
#include <stdlib.h>

#include "model/recognise/agree.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* A network that only the comparison of graphs knows, and a chain of layers. */
static const char *const texts[] = {
    "[input]\nsize = 10\nside = 10\nmean = none\nchannels = bgr\nscale = 0.02\n"
    "[conv]\ntype = conv\ninputs = input\nfilters = 2\ngroups = 1\nfilterSize = 3\nstride = 1\n"
    "padding = 0\nneuron = tanh[1.7,0.66]\n"
    "[norm]\ntype = cmrnorm\ninputs = conv\ngroups = 2\nsize = 5\nscale = 0.00002\npow = 0.75\n"
    "minDiv = 1\ndivide = no\n"
    "[rnorm]\ntype = rnorm\ninputs = norm\nsize = 3\nscale = 0.1\npow = 0.75\nminDiv = 1\n"
    "divide = yes\n"
    "[pool]\ntype = pool\ninputs = rnorm\npool = avg\nsizeX = 3\nstride = 1\nround = floor\n"
    "[fc]\ntype = fc\ninputs = pool\noutputs = classes\n"
    "[probs]\ntype = softmax\ninputs = fc\n",
    "[input]\nsize = 8\nside = 8\nmean = 1 2 3\nchannels = rgb\nscale = 0.02\n"
    "[conv]\ntype = conv\ninputs = input\nfilters = 2\ngroups = 1\nfilterSize = 3\nstride = 2\n"
    "padding = 1\nround = floor\nneuron = relu\n"
    "[fc1]\ntype = fc\ninputs = conv\noutputs = 3\nneuron = relu\n"
    "[fc2]\ntype = fc\ninputs = fc1\noutputs = classes\n"
    "[probs]\ntype = softmax\ninputs = fc2\n"};
enum { NETWORKS = sizeof texts / sizeof texts[0], CLASSES = 2 };

static void expect_bound(const an_match *match, const alexnet_network *network,
                         const an_tensor_file *file)
{
    for (int i = 1; i < network->graph.count; i++) {
        const an_node *node = &network->graph.nodes[i];
        an_param_info params[AN_MAX_PARAMS];
        char why[256];
        const int n = an_op_params(&node->desc, params);
        for (int j = 0; j < n; j++)
            if (!an_binding_fits(&match->pairs[node->layer][j], file, params[j].shape, why) ||
                (j == 0 && !an_binding_is(&match->pairs[node->layer][j])))
                abort();
    }
}

static void claim(an_tensor_file *file, const char *text)
{
    alexnet_network *network;
    an_match match;
    an_binding mean;
    if (an_network_parse(&network, text, "fuzz", "fuzz", CLASSES) != ALEXNET_OK)
        abort();
    if (an_agree(&match, &mean, network, file) == ALEXNET_OK)
        expect_bound(&match, network, file);
    an_match_free(&match);
    an_network_release(network);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    an_reader *reader;
    an_tensor_file *file;
    if (an_reader_memory(&reader, "fuzz", bytes, length) != ALEXNET_OK ||
        an_tensor_file_open(&file, reader) != ALEXNET_OK)
        return 0;
    for (int i = 0; i < NETWORKS && an_agree_is_needed(file); i++)
        claim(file, texts[i]);
    an_tensor_file_close(file);
    return 0;
}
