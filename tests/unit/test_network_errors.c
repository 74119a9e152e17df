/*
 * Mistakes in network files: every one is refused with file, line, section, key and what was
 * expected.
 */
#include "expect.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "model/network/network.h"

#define INPUT "[input]\nsize = 8\nside = 10\nmean = none\n"                    /* lines 1 to 4 */
#define CONV "[c]\ntype = conv\ninputs = input\nfilters = 4\nfilterSize = 3\n" /* 5 to 9 */
#define FC "[f]\ntype = fc\ninputs = c\noutputs = classes\n"
#define SOFTMAX "[p]\ntype = softmax\ninputs = f\n"
#define END FC SOFTMAX

typedef struct mistake {
    const char *text, *expected;
} mistake;

static alexnet_status parse(const char *text)
{
    alexnet_network *network = (alexnet_network *)text; /* not NULL */
    alexnet_status rc = an_network_parse(&network, text, "my.ini", "my", 5);
    if (rc != ALEXNET_OK)
        assert_null(network);
    an_network_release(network);
    return rc;
}

static void check(const mistake *mistakes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        expect_failure(parse(mistakes[i].text), ALEXNET_ERROR_FORMAT, mistakes[i].expected);
}
#define CHECK(list) check(list, sizeof(list) / sizeof *(list))

static void test_the_good_one(void **state)
{
    (void)state;
    expect_ok(parse(INPUT CONV END));
}

static void test_sections(void **state)
{
    (void)state;
    const mistake list[] = {
        {"", "my.ini: there is no [input] section"},
        {CONV END, "my.ini: there is no [input] section"},
        {INPUT, "my.ini: there are no layers"},
        {INPUT CONV "[d]\n" END, "my.ini:10: this section has no keys"},
        {INPUT CONV END "[c]\nstride = 2\n", "my.ini:17: [c] this section is given twice"},
        {INPUT CONV "[c]\nstride = 2\n" END, "my.ini:10: [c] this section is given twice"},
        {INPUT CONV END "[input]\nscale = 2\n", "my.ini:17: [input] this section is given twice"},
        {"[network]\nname = a\n[network]\nname = b\n" INPUT,
         "my.ini:3: [network] this section is given twice"},
        {"[network]\nnam = a\n" INPUT CONV END, "my.ini:2: [network] nam is not a key"},
        {"[network]\nname = a b\n" INPUT CONV END, "my.ini:2: [network] name = a b: expected 1"},
        {"[network]\nname = a\nname = a\n" INPUT CONV END, "my.ini:3: [network] name is given"},
        {INPUT CONV "[a b]\ntype = fc\n" END, "my.ini:10: [a b] a layer's name has 1 to 47"},
        {INPUT CONV "[f\ntype = fc\n" END, "my.ini:10: expected [section], with its ]"},
        {INPUT CONV "[]\ntype = fc\n" END, "my.ini:10: [] a layer's name has 1 to 47"},
        {INPUT CONV "[a.weight]\ntype = fc\n" END, "my.ini:10: [a.weight] a layer's name"},
        {INPUT CONV "[123456789_123456789_123456789_123456789_12345678]\ntype = fc\n" END,
         "a layer's name has 1 to 47"},
        {INPUT "[c]\ninputs = input\n" END, "my.ini:5: [c] needs the key type"},
        {"[Input]\nsize = 8\nside = 10\n" CONV END,
         "my.ini:1: [Input] needs the key type; did you mean [input]?"},
        {"[netwrk]\nname = a\n" INPUT CONV END,
         "my.ini:1: [netwrk] needs the key type; did you mean [network]?"},
        {"size = 8\n" INPUT, "my.ini:1: size comes before the first [section]"},
        {INPUT CONV "what is this\n" END, "my.ini:10: expected [section] or key = value"},
    };
    CHECK(list);
}

static void test_types_and_keys(void **state)
{
    (void)state;
    const mistake list[] = {
        {INPUT "[c]\ntype = convolution\n" END,
         "my.ini:6: [c] type = convolution: expected conv, fc, pool, cmrnorm, rnorm, dropout, "
         "neuron, concat, eltsum, softmax"},
        {INPUT "[c]\ntype = sofmax\n",
         "my.ini:6: [c] type = sofmax: did you mean softmax? expected conv, fc"},
        {INPUT CONV "type = conv\n" END, "my.ini:10: [c] type is given twice"},
        {INPUT CONV "filters = 5\n" END, "my.ini:10: [c] filters is given twice"},
        {INPUT CONV "Filters = 5\n" END, "my.ini:10: [c] filters is given twice"},
        {INPUT CONV "inputs = input\n" END, "my.ini:10: [c] inputs is given twice"},
        {INPUT CONV "filtersize_ = 3\n" END,
         "my.ini:10: [c] filtersize_ is not a key of conv; did you mean filterSize?"},
        {INPUT CONV "paddng = 3\n" END, "did you mean padding?"},
        {INPUT CONV "input = c\n" END, "input is not a key of conv; did you mean inputs?"},
        {INPUT CONV "sizeX = 3\n" END, "my.ini:10: [c] sizeX is not a key of conv"},
        {INPUT CONV FC "keep = 0.5\n" SOFTMAX, "my.ini:14: [f] keep is not a key of fc"},
        {INPUT "meen = none\n" CONV END,
         "my.ini:5: [input] meen is not a key of [input]; did you mean mean?"},
        {INPUT "size = 8\n" CONV END, "my.ini:5: [input] size is given twice"},
        {"[input]\nsize = 8\n" CONV END, "my.ini:1: [input] needs the key side: an integer"},
        {INPUT "[c]\ntype = conv\ninputs = input\nfilterSize = 3\n" END,
         "my.ini:5: [c] conv needs the key filters: an integer from 1 to 1048576"},
        {INPUT "[c]\ntype = conv\nfilters = 4\nfilterSize = 3\n" END,
         "my.ini:5: [c] conv needs the key inputs"},
        {INPUT CONV
         "[n]\ntype = cmrnorm\ninputs = c\nsize = 5\nscale = 1\npow = 1\ngroups = 1\n" END,
         "my.ini:10: [n] cmrnorm needs the key divide: no|yes"},
        {INPUT CONV "[d]\ntype = dropout\ninputs = c\n" END,
         "my.ini:10: [d] dropout needs the key kind: mask|inverted"},
        {INPUT CONV "[n]\ntype = neuron\ninputs = c\n" END,
         "my.ini:10: [n] neuron needs the key neuron: relu, logistic or tanh[a,b]"},
        /* Keys in which published AlexNets differ have no default. */
        {INPUT CONV "stride = 2\n" END, "my.ini:5: [c] conv needs the key round: floor|ceil"},
        {INPUT CONV "[m]\ntype = pool\ninputs = c\nsizeX = 3\nstride = 2\n" END,
         "my.ini:10: [m] pool needs the key round: floor|ceil"},
        {INPUT CONV "[n]\ntype = cmrnorm\ninputs = c\nsize = 5\nscale = 1\npow = 1\ndivide = no\n"
                    "groups = 1\n" END,
         "my.ini:10: [n] cmrnorm needs the key minDiv: a number from 1e-06 to 1000000"},
        {INPUT CONV "[n]\ntype = cmrnorm\ninputs = c\nsize = 5\nscale = 1\npow = 1\ndivide = no\n"
                    "minDiv = 1\n" END,
         "my.ini:10: [n] cmrnorm needs the key groups: an integer from 1 to"},
    };
    CHECK(list);
}

#define CONV_WITH(line)                                                                            \
    {                                                                                              \
        INPUT CONV line "\n" END, "my.ini:10: [c] " line ": expected "                             \
    }

static void test_values(void **state)
{
    (void)state;
    const mistake list[] = {
        CONV_WITH("stride = 0"),
        CONV_WITH("stride = -1"),
        CONV_WITH("stride = 1.5"),
        CONV_WITH("stride = two"),
        CONV_WITH("stride = "),
        CONV_WITH("stride = 99999999999999999999"),
        CONV_WITH("groups = 0"),
        CONV_WITH("padding = -1"),
        CONV_WITH("padding = 1 2"),
        CONV_WITH("padding = 1 2 3"),
        CONV_WITH("padding = 1 2 3 4 5"),
        CONV_WITH("padding = 1 2 3 x"),
        CONV_WITH("padding = 0.5"),
        CONV_WITH("round = up"),
        CONV_WITH("initW = nan"),
        CONV_WITH("initW = -0.01"),
        CONV_WITH("initW = 1e999"),
        CONV_WITH("initW = hee"),
        CONV_WITH("initB = inf"),
        CONV_WITH("initB = he"),
        CONV_WITH("neuron = reluu"),
        CONV_WITH("neuron = tanh[1]"),
        CONV_WITH("neuron = tanh[0,1]"),
        CONV_WITH("neuron = tanh[1,nan]"),
        CONV_WITH("neuron = tanh[1e300,1]"),
        CONV_WITH("neuron = tanh[1,2"),
        CONV_WITH("neuron = tanh[1,22"),
        CONV_WITH("neuron = tanh1"),
    };
    CHECK(list);
}

static void test_values_of_other_layers(void **state)
{
    (void)state;
    const mistake list[] = {
        {INPUT "channels = gray\n" CONV END,
         "my.ini:5: [input] channels = gray: expected rgb|bgr|grey"},
        {"[input]\nsize = 8\nside = 8\nchannels = grey\nmean = 1 2 3\n" CONV END,
         "mean has 3 numbers; a grey network has one channel"},
        {INPUT "channels = grey\nscale = 1 2 3\n" CONV END, "scale has 3 numbers"},
        {"[input]\nsize = 8\nside = 8\nmean = 5\n" CONV END,
         "mean = 5: a number for each of the three channels"},
        {INPUT "scale = 0\n" CONV END, "my.ini:5: [input] scale = 0: expected one number"},
        {INPUT "scale = 1 2\n" CONV END, "[input] scale = 1 2: expected one number"},
        {INPUT "scale = 1e30\n" CONV END, "[input] scale = 1e30: expected one number"},
        {"[input]\nsize = 8\nside = 8\nmean = 1 2\n" CONV END,
         "my.ini:4: [input] mean = 1 2: expected image, channel, none, or three numbers"},
        {"[input]\nsize = 8\nside = 8\nmean = 1 2 1e99\n" CONV END, "three numbers"},
        {"[input]\nsize = 0\nside = 8\n" CONV END,
         "my.ini:2: [input] size = 0: expected an integer from 1 to 8192"},
        {"[input]\nsize = 8\nside = 100000\n" CONV END, "expected an integer from 1 to 8192"},
        {"[input]\nsize = 11\nside = 10\n" CONV END,
         "my.ini:2: [input] size = 11 is larger than side = 10"},
        {INPUT CONV "[f]\ntype = fc\ninputs = c\noutputs = clases\n" SOFTMAX,
         "my.ini:13: [f] outputs = clases: expected an integer from 1 to 1048576, or classes"},
        {INPUT CONV
         "[n]\ntype = rnorm\ninputs = c\nsize = 5\nscale = 1\npow = nan\ndivide = no\n" END,
         "my.ini:15: [n] pow = nan: expected a number from 0 to 100"},
        {INPUT CONV
         "[n]\ntype = rnorm\ninputs = c\nsize = 5\nscale = 1\npow = 1\ndivide = nein\n" END,
         "my.ini:16: [n] divide = nein: expected no|yes"},
        {INPUT CONV "[n]\ntype = rnorm\ninputs = c\nsize = 5\nscale = 1\npow = 1\nminDiv = 0\n" END,
         "my.ini:16: [n] minDiv = 0: expected a number from 1e-06"},
        {INPUT CONV "[d]\ntype = dropout\ninputs = c\nkind = mask\nkeep = 0\n" END,
         "my.ini:14: [d] keep = 0: expected a number from 1e-06 to 1"},
        {INPUT CONV "[d]\ntype = dropout\ninputs = c\nkind = mask\nkeep = 1.01\n" END,
         "keep = 1.01"},
    };
    CHECK(list);
}

static void test_inputs(void **state)
{
    (void)state;
    const mistake list[] = {
        {INPUT CONV "[f]\ntype = fc\ninputs = cc\noutputs = classes\n" SOFTMAX,
         "my.ini:12: [f] inputs = cc: no layer of that name; did you mean c?"},
        {INPUT CONV "[f]\ntype = fc\ninputs = p\noutputs = classes\n" SOFTMAX,
         "my.ini:12: [f] inputs = p: that layer comes further down"},
        {INPUT CONV "[f]\ntype = fc\ninputs = f\noutputs = classes\n" SOFTMAX,
         "my.ini:12: [f] inputs = f: a layer cannot read itself"},
        {INPUT CONV "[f]\ntype = fc\ninputs =\noutputs = classes\n" SOFTMAX,
         "my.ini:12: [f] inputs names no layer"},
        {INPUT CONV FC "[p]\ntype = softmax\ninputs = f c\n",
         "my.ini:16: [p] softmax takes one input; 2 are given"},
        {INPUT CONV "[f]\ntype = fc\ninputs = c c c c c c c c c\noutputs = classes\n" SOFTMAX,
         "my.ini:12: [f] more than 8 inputs"},
        {INPUT CONV "[d]\ntype = neuron\nneuron = relu\ninputs = c\n" END,
         "my.ini:10: [d] is read by no layer"},
        {INPUT CONV FC "[p]\ntype = softmax\ninputs = f\n[q]\ntype = softmax\ninputs = f\n",
         "my.ini:14: [p] a softmax must be the last layer"},
        {INPUT CONV FC "[p]\ntype = softmax\ninputs = f\n[q]\ntype = softmax\ninputs = p\n",
         "my.ini:19: [q] inputs = p: nothing may follow a softmax"},
        {INPUT CONV FC, "my.ini:10: [f] the last layer must be a softmax"},
    };
    CHECK(list);
    expect_failure(parse(INPUT CONV "[f]\ntype = fc\ninputs = pp\noutputs = classes\n" SOFTMAX),
                   ALEXNET_ERROR_FORMAT, "inputs = pp: no layer of that name");
    assert_null(strstr(an_error_text(), "did you mean")); /* p comes further down */
}

static void test_shapes(void **state)
{
    (void)state;
    const mistake list[] = {
        {INPUT "[c]\ntype = conv\ninputs = input\nfilters = 4\nfilterSize = 9\n" END,
         "my.ini:9: [c] filterSize 9 is larger than the padded input 8"},
        {INPUT CONV "[m]\ntype = pool\ninputs = c\nsizeX = 7\n[f]\ntype = fc\ninputs = m\n"
                    "outputs = classes\n" SOFTMAX,
         "my.ini:13: [m] sizeX 7 is larger than the padded input 6"},
        {INPUT CONV "groups = 2\n" END, "my.ini:10: [c] groups 2 does not divide 3 channels"},
        {INPUT CONV
         "[n]\ntype = cmrnorm\ninputs = c\nsize = 5\nscale = 1\npow = 1\ndivide = no\n"
         "minDiv = 1\ngroups = 3\n[f]\ntype = fc\ninputs = n\noutputs = classes\n" SOFTMAX,
         "my.ini:18: [n] groups 3 does not divide 4 channels"},
        {INPUT CONV
         "[n]\ntype = cmrnorm\ninputs = c\nsize = 4\nscale = 1\npow = 1\ndivide = no\n"
         "minDiv = 1\ngroups = 1\n[f]\ntype = fc\ninputs = n\noutputs = classes\n" SOFTMAX,
         "my.ini:13: [n] size is 4, but must be odd"},
        {INPUT CONV "[s]\ntype = eltsum\ninputs = c input\n[f]\ntype = fc\ninputs = s\n"
                    "outputs = classes\n" SOFTMAX,
         "my.ini:12: [s] inputs of 4 x 6 x 6 and 3 x 8 x 8 cannot be added"},
        {INPUT CONV "[d]\ntype = conv\ninputs = c input\nfilters = 1\nfilterSize = 1\n"
                    "[f]\ntype = fc\ninputs = d\noutputs = classes\n" SOFTMAX,
         "my.ini:12: [d] inputs of 6 x 6 and 8 x 8 cannot be joined: sides differ"},
        {INPUT CONV "[m]\ntype = pool\ninputs = c\nsizeX = 2\npadding = 2\n[f]\ntype = fc\n"
                    "inputs = m\noutputs = classes\n" SOFTMAX,
         "my.ini:14: [m] padding 2 must be smaller than sizeX 2"},
        {INPUT CONV "[f]\ntype = fc\ninputs = c\noutputs = 4\n" SOFTMAX,
         "my.ini: the softmax has 4 outputs where the data has 5 classes; write outputs = classes"},
        {INPUT CONV "[p]\ntype = softmax\ninputs = c\n",
         "my.ini:10: [p] softmax reads C x 1 x 1, but its input is 4 x 6 x 6"},
        {"[input]\nsize = 8192\nside = 8192\n[c]\ntype = conv\ninputs = input\nfilters = 99\n"
         "filterSize = 3\n" END,
         "my.ini:4: [c] output [1, 99, 8190, 8190] reaches 2^31 elements"},
        {INPUT CONV "[f]\ntype = fc\ninputs = c\noutputs = 1048576\n[g]\ntype = fc\ninputs = f\n"
                    "outputs = 1048576\n[p]\ntype = softmax\ninputs = g\n",
         "my.ini:14: [g] weight [1048576, 1048576] reaches 2^31 elements"},
        {INPUT "[c]\ntype = conv\ninputs = input\nfilters = 1048576\nfilterSize = 1\n"
               "groups = 1048576\n" END,
         "my.ini:5: [c] 1048576 filters in 1048576 groups are too many"},
    };
    CHECK(list);
}

static void test_too_many_layers(void **state)
{
    (void)state;
    char *text = malloc(300 * 80), *end;
    assert_non_null(text);
    end = text + sprintf(text, "%s", INPUT);
    for (int i = 0; i <= AN_LAYERS_MAX; i++)
        end += sprintf(end, "[n%d]\ntype = neuron\nneuron = relu\ninputs = %s\n", i, "input");
    expect_failure(parse(text), ALEXNET_ERROR_FORMAT, "[n256] more than 256 layers");
    free(text);
}

/* Whichever byte of a good file is removed or replaced, the reader returns and does not crash. */
static void test_every_damaged_byte(void **state)
{
    (void)state;
    static const char good[] = "[network]\nname = n\n" INPUT "scale = 1\n" CONV
                               "padding = 1 1 1 1\nneuron = tanh[1,2]\n" END;
    static const char replacements[] = "\n[]=;#,@9-.e\xff ";
    char text[sizeof good];
    int survived = 0;
    for (size_t i = 0; i + 1 < sizeof good; i++) {
        memcpy(text, good, sizeof good);
        memmove(text + i, text + i + 1, sizeof good - i - 1);
        survived += parse(text) == ALEXNET_OK;
        for (size_t j = 0; j + 1 < sizeof replacements; j++) {
            memcpy(text, good, sizeof good);
            text[i] = replacements[j];
            survived += parse(text) == ALEXNET_OK;
        }
        memcpy(text, good, sizeof good);
        text[i] = '\0'; /* cut short: noticed, unless only the last newline is missing */
        assert_true(parse(text) != ALEXNET_OK || i + 2 == sizeof good);
    }
    print_message("%d damaged texts still make sense\n", survived);
}

static void test_short_of_memory(void **state)
{
    (void)state;
    alexnet_status rc = ALEXNET_ERROR_NO_MEMORY;
    uint64_t n = 1;
    for (; rc != ALEXNET_OK && n < 1000; n++) {
        an_alloc_fail_at(n);
        rc = parse(INPUT CONV END);
        an_alloc_fail_at(0);
        if (rc != ALEXNET_OK)
            expect_failure(rc, ALEXNET_ERROR_NO_MEMORY, "memory");
    }
    assert_in_range(n, 8, 999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_good_one),
        cmocka_unit_test(test_sections),
        cmocka_unit_test(test_types_and_keys),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_values_of_other_layers),
        cmocka_unit_test(test_inputs),
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_too_many_layers),
        cmocka_unit_test(test_every_damaged_byte),
        cmocka_unit_test(test_short_of_memory),
    };
    return cmocka_run_group_tests_name("mistakes in networks", tests, NULL, NULL);
}
