/*
 * Names of tensors in files of other programs: names that are known in part, several copies of the
 * weights, positions of modules, LPIPS, and batch normalisation, which is refused.
 */
#include "recognise_rig.h"

/* Change the names of a copy of alexnet-mini: `from` to `to`, wherever it occurs. */
static void rename_all(const char *from, const char *to)
{
    char name[160];
    for (int i = 0; i < fake.count; i++) {
        const char *at = strstr(fake.names[i], from);
        if (!at)
            continue;
        snprintf(name, sizeof name, "%.*s%s%.60s", (int)(at - fake.names[i]), fake.names[i], to,
                 at + strlen(from));
        snprintf(fake.names[i], sizeof fake.names[0], "%s", name);
    }
}

static void expect_mini_in_order(void)
{
    static const char *const nets[] = {NULL, "alexnet-mini"};
    an_recognition is;
    for (int n = 0; n < 2; n++) {
        expect_ok(recognise(&is, nets[n], false));
        assert_string_equal(is.network->name, "alexnet-mini");
        assert_int_equal(is.classes, 10);
        for (int i = 0, at = 0; i < is.network->count; i++)
            for (int which = 0; which < 2; which++)
                if (is.network->layers[i].type & (AN_LAYER_CONV | AN_LAYER_FC))
                    assert_int_equal(is.match.pairs[i][which].entries[0], at++);
        an_recognition_free(&is);
    }
}

/* Names of which only the biases, or only some layers, are known do not prevent that tensors are
 * assigned in their order. */
static void test_names_known_in_part(void **state)
{
    (void)state;
    static const char *const changes[][4] = {
        {".weight", "_W", ".bias", "_b"},
        {".weight", "_weights", ".bias", "_bias"},
        {".weight", ".kernel", ".bias", ".bias"},
        {"conv", "features.conv", "fc", "classifier.fc"},
        {"fc", "x", "conv", "conv"},
        {"fc8", "head", "conv", "conv"},
    };
    an_recognition is;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        add_network("alexnet-mini", 10, AN_NAMES_OURS, "");
        rename_all(changes[i][0], changes[i][1]);
        rename_all(changes[i][2], changes[i][3]);
        expect_mini_in_order();
    }
    /* Parts of the network in alphabetical order are found by name. */
    an_tensor_entry *const fc6 = &fake.entries[10];
    for (int twice = 0; twice < 2; twice++) {
        add_network("alexnet-mini", 10, AN_NAMES_OURS, "");
        rename_all("conv", "features.conv");
        rename_all("fc", "classifier.fc");
        const an_tensor_entry kept = fake.entries[0];
        fake.entries[0] = *fc6;
        *fc6 = kept;
        if (twice) { /* not if two parts have it */
            add("other.fc6.weight", fake.entries[0].shape);
            expect_none("layer fc6: the file has no such layer");
            continue;
        }
        expect_ok(recognise(&is, NULL, false));
        assert_string_equal(is.network->name, "alexnet-mini");
        const int at = an_network_find_layer(is.network, "fc6");
        assert_int_equal(is.match.pairs[at][0].entries[0], 0);
        assert_int_equal(is.match.pairs[at][1].entries[0], 11);
        an_recognition_free(&is);
    }
    add_network("alexnet-mini", 10, AN_NAMES_TORCHVISION, "");
    rename_all("features.", "net.");
    expect_mini_in_order();
    /* A name that is known at another place, and one more tensor. */
    add_network("alexnet-mini", 10, AN_NAMES_OURS, "");
    rename_all("fc", "x");
    rename_all("conv4", "y");
    rename_all("conv5", "conv4");
    expect_none("layer conv4: ");
    add_network("alexnet-mini", 10, AN_NAMES_OURS, "");
    rename_all("fc", "x");
    add("fc9.weight", an_shape_of(2, 3, 10));
    add("fc9.bias", an_shape_of(1, 3));
    expect_none("layer fc6: the file has no such layer");
    expect_failure(recognise(&is, "alexnet-mini", false), ALEXNET_ERROR_FORMAT,
                   "layer fc6: the file has no such layer");
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const an_tensor_entry *)a)->name, ((const an_tensor_entry *)b)->name);
}

/* In files of Python's safetensors package classifier.0 comes before features.0, and features.10
 * before features.4, as every bias comes before its weight. */
static void test_alphabetical_order(void **state)
{
    (void)state;
    static const char *const nets[] = {NULL, "alexnet-mini"};
    static const char *const changes[][2] = {
        {"features.", "net."}, {"features.", ""}, {"classifier.", "classifier.1"}};
    an_recognition is;
    for (int c = 0; c < 3; c++)
        for (int n = 0; n < 2; n++) {
            add_network("alexnet-mini", 10, AN_NAMES_TORCHVISION, "");
            rename_all(changes[c][0], changes[c][1]);
            qsort(fake.entries, (size_t)fake.count, sizeof fake.entries[0], compare_names);
            assert_string_equal(fake.entries[0].name + strlen(fake.entries[0].name) - 4, "bias");
            expect_ok(recognise(&is, nets[n], false));
            assert_string_equal(is.network->name, "alexnet-mini");
            for (int i = 0, at = 0; i < is.network->count; i++)
                for (int which = 0; which < 2; which++)
                    if (is.network->layers[i].type & (AN_LAYER_CONV | AN_LAYER_FC))
                        assert_string_equal(fake.entries[is.match.pairs[i][which].entries[0]].name,
                                            fake.names[at++]);
            an_recognition_free(&is);
        }
}

/* The scale of a normalisation beside a weight without bias has the shape of a bias. */
static void test_vectors_that_are_no_biases(void **state)
{
    (void)state;
    static const char *const vectors[] = {"norm.weight", "norm.gamma", "norm.bias"};
    an_recognition is;
    for (int i = 0; i < 3; i++) {
        char to[40];
        add_network("alexnet-mini", 10, AN_NAMES_OURS, "");
        rename_all("conv2.weight", "second.0.weight");
        snprintf(to, sizeof to, "second.1.%s", vectors[i]);
        rename_all("conv2.bias", to);
        rename_all("conv", "x");
        rename_all("fc", "y");
        if (i < 2) {
            expect_none("layer conv2 (in the file second.0.weight): the file has no biases for it");
            continue;
        }
        expect_ok(recognise(&is, NULL, false)); /* as any name of a bias */
        an_recognition_free(&is);
    }
}

/* Batch normalisation is refused under every prefix and outside of it, under other programs' names,
 * and also if the network is given. */
static void test_batch_normalisation(void **state)
{
    (void)state;
    static const struct {
        const char *prefix, *name;
    } cases[] = {
        {"model.", "model.features.1.running_mean"},
        {"module.", "module.features.1.running_mean"},
        {"module.model.", "module.model.features.1.running_mean"},
        {"module._orig_mod.", "module._orig_mod.features.1.running_var"},
        {"backbone.", "norm.running_mean"},
        {"", "bn1.moving_mean"},
        {"", "bn1.moving_variance"},
    };
    static const char *const nets[] = {NULL, "alexnet-owt"};
    an_recognition is;
    char expected[160];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int j = 0; j < 4; j++) {
            add_network("alexnet-owt", 1000, AN_NAMES_TORCHVISION, cases[i].prefix);
            add(cases[i].name, an_shape_of(1, 64));
            snprintf(expected, sizeof expected, "file has batch normalisation (%s)", cases[i].name);
            expect_failure(recognise(&is, nets[j / 2], j % 2), ALEXNET_ERROR_UNSUPPORTED, expected);
        }
}

/* Weights in float8 with scales beside them would be used without these. */
static void test_scales(void **state)
{
    (void)state;
    static const char *const scales[] = {"conv1.weight_scale", "conv1.weight_scale_inv",
                                         "conv1.scale_weight", "weight_scales"};
    an_recognition is;
    for (size_t i = 0; i < sizeof scales / sizeof *scales; i++)
        for (int rank = 0; rank < 2; rank++) {
            add_network("alexnet-mini", 10, AN_NAMES_OURS, "");
            add(scales[i], an_shape_of(rank, 1));
            expect_ok(recognise(&is, NULL, false)); /* of other types they are perhaps anything */
            an_recognition_free(&is);
            for (int j = 0; j < 2; j++) {
                char expected[160];
                add_network("alexnet-mini", 10, AN_NAMES_OURS, "");
                find("fc7.weight")->dtype = j ? AN_F8_E4M3 : AN_F8_E5M2;
                expect_ok(recognise(&is, NULL, false));
                an_recognition_free(&is);
                add_network("alexnet-mini", 10, AN_NAMES_OURS, "");
                find("fc7.weight")->dtype = j ? AN_F8_E4M3 : AN_F8_E5M2;
                add(scales[i], an_shape_of(rank, 1));
                snprintf(expected, sizeof expected,
                         "weights in float8 (fc7.weight) and scales for them (%s)", scales[i]);
                expect_failure(recognise(&is, NULL, false), ALEXNET_ERROR_UNSUPPORTED, expected);
            }
        }
}

/* Add the tensors of alexnet-mini once more, the first `count` of them. */
static void add_copy(const char *prefix, int count)
{
    char name[160];
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "%s%.100s", prefix,
                 strstr(fake.names[i], "conv") ? strstr(fake.names[i], "conv")
                                               : strstr(fake.names[i], "fc"));
        add(name, fake.entries[i].shape);
    }
}

/* Two copies of the weights: the larger one or the one without a further prefix is used, and
 * otherwise neither. */
static void test_two_copies(void **state)
{
    (void)state;
    static const struct {
        const char *first, *second;
        int count;
        const char *said;
    } good[] =
        {
            {"", "ema.", 16, "the weights under \"\" are used, not those under \"ema.\""},
            {"model.", "model.ema.", 16,
             "the weights under \"model.\" are used, not those under \"model.ema.\""},
            {"teacher.", "s.", 10,
             "the weights under \"teacher.\" are used, not those under \"s.\""},
            {"net.", "head.", 2, ""},
        },
      bad[] = {
          {"ema.", "model.", 16, "file has the weights twice, under \"ema.\" and under \"model.\""},
          {"teacher.", "student.", 16,
           "file has the weights twice, under \"teacher.\" and under \"student.\""},
          {"", "module.", 16, "conv1.weight and module.conv1.weight name the same tensor"},
      };
    an_recognition is;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        add_network("alexnet-mini", 10, AN_NAMES_OURS, good[i].first);
        add_copy(good[i].second, good[i].count);
        expect_ok(recognise(&is, NULL, false));
        assert_string_equal(is.network->name, "alexnet-mini");
        assert_string_equal(is.match.copies, good[i].said);
        assert_true(is.match.pairs[0][0].entries[0] < 16);
        an_recognition_free(&is);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        add_network("alexnet-mini", 10, AN_NAMES_OURS, bad[i].first);
        add_copy(bad[i].second, bad[i].count);
        expect_none(bad[i].said);
        expect_failure(recognise(&is, "alexnet-mini", false), ALEXNET_ERROR_FORMAT, bad[i].said);
    }
}

/* LPIPS with its network, as the lpips package's state dict has it. Other matrices beside it are
 * not its own. */
static void test_lpips_with_its_network(void **state)
{
    (void)state;
    static const char *const layers[][2] = {{"features.0.", "net.slice1.0."},
                                            {"features.3.", "net.slice2.3."},
                                            {"features.6.", "net.slice3.6."},
                                            {"features.8.", "net.slice4.8."},
                                            {"features.10.", "net.slice5.10."}};
    an_recognition is;
    add_network("alexnet-owt", 1000, AN_NAMES_TORCHVISION, "");
    fake.count = 10; /* the convolutions */
    for (int i = 0; i < 5; i++)
        rename_all(layers[i][0], layers[i][1]);
    add("scaling_layer.shift", an_shape_of(4, 1, 3, 1, 1));
    add("scaling_layer.scale", an_shape_of(4, 1, 3, 1, 1));
    add("lin0.model.1.weight", an_shape_of(4, 1, 64, 1, 1));
    add("lins.0.model.1.weight", an_shape_of(4, 1, 64, 1, 1));
    expect_network("alexnet-owt");
    expect_ok(recognise(&is, "alexnet-owt", false));
    an_recognition_free(&is);
    add("linear.weight", an_shape_of(2, 10, 9216));
    expect_none("layer fc6: the file has no such layer");
}

/* Of an AlexNet in one tower the shapes of weights do not tell whether it has LRN. */
static const char does_not_say[] =
    "file: its weights fit darknet-alexnet, which has no LRN, but also AlexNets in one tower that "
    "have LRN, and the file does not say whether it has; give the network: `net` darknet-alexnet";

static void test_one_tower(void **state)
{
    (void)state;
    an_recognition is;
    for (int part = 0; part < 2; part++)
        for (int numbered = 0; numbered < 2; numbered++) {
            add_network("darknet-alexnet", 1000, AN_NAMES_OURS, "");
            for (int i = 0; numbered && i < fake.count; i++)
                snprintf(fake.names[i], sizeof fake.names[i], "arr_%d", i);
            expect_failure(recognise(&is, NULL, part), ALEXNET_ERROR_FORMAT, does_not_say);
            assert_null(is.network);
            expect_ok(recognise(&is, "darknet-alexnet", part));
            an_recognition_free(&is);
        }
}

/* Weights that PyTorch computes from other tensors when the module is used. Those of spectral
 * normalisation have the shapes of a weight and a bias. */
static void test_parametrised_weights(void **state)
{
    (void)state;
    static const char *const names[][2] = {
        {"classifier.4.weight_orig", "classifier.4.weight_u"}, /* also of pruning */
        {"classifier.4.weight_v", "classifier.4.weight_g"},
        {"classifier.4.parametrizations.weight.original",
         "classifier.4.parametrizations.weight.0._u"},
    };
    an_recognition is;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        add_network("alexnet-owt", 1000, AN_NAMES_TORCHVISION, "");
        an_tensor_entry *weight = find("classifier.4.weight");
        snprintf(weight->name, sizeof fake.names[0], "%s", names[i][0]);
        add(names[i][1], an_shape_of(1, 4096));
        for (int given = 0; given < 2; given++)
            expect_failure(recognise(&is, given ? "alexnet-owt" : NULL, false),
                           ALEXNET_ERROR_UNSUPPORTED,
                           "file has no weights but what they are computed from (classifier.4.");
    }
}

/* Positions of modules tell of layers without weights: LRN that the network lacks or has. */
static void test_positions(void **state)
{
    (void)state;
    static const char *const of_lrn[] = {"net.0.", "net.4.", "net.8.", "net.10.", "net.12."},
                             *const of_none[] = {"net.0.", "net.3.", "net.6.", "net.8.", "net.10."},
                             *const numbers[] = {"net.0.", "net.1.", "net.2.", "net.3.", "net.4."};
    static const struct {
        const char *network;
        const char *const *names;
        const char *said; /* NULL: it is refused unless the network is given */
    } cases[] = {
        {"darknet-alexnet", of_lrn, NULL},
        {"darknet-alexnet", of_none, ""},
        {"darknet-alexnet", numbers, NULL},
        {"bvlc-alexnet", of_lrn, ""},
        {"bvlc-alexnet", of_none,
         "by its names, 2 layers without weights are between net.0 and net.3, but bvlc-alexnet "
         "has 3 there; if the file's network has or lacks LRN or pooling, results are wrong"},
        {"bvlc-alexnet", numbers, ""},
    };
    an_recognition is;
    char ours[8];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (int n = 0; n < 4; n++) { /* also with torchvision's names; also if it is given */
            add_network(cases[i].network, 10, AN_NAMES_OURS, "");
            for (int c = 0; c < 5; c++) {
                snprintf(ours, sizeof ours, "conv%d.", c + 1);
                rename_all(ours, cases[i].names[c]);
            }
            rename_all("fc6", "classifier.1");
            rename_all("fc7", "classifier.4");
            rename_all("fc8", "classifier.6");
            const bool named = n % 2 && cases[i].names != numbers;
            if (named)
                rename_all("net.", "features.");
            if (n < 2 && !cases[i].said) {
                expect_none(does_not_say);
                continue;
            }
            expect_ok(recognise(&is, n / 2 ? cases[i].network : NULL, false));
            assert_string_equal(is.network->name, cases[i].network);
            if (n / 2 || !*cases[i].said)
                assert_string_equal(is.match.doubt, "");
            else if (!named)
                assert_string_equal(is.match.doubt, cases[i].said);
            else
                assert_non_null(strstr(is.match.doubt, "are between features.0 and features."));
            an_recognition_free(&is);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_known_in_part),
        cmocka_unit_test(test_alphabetical_order),
        cmocka_unit_test(test_vectors_that_are_no_biases),
        cmocka_unit_test(test_batch_normalisation),
        cmocka_unit_test(test_scales),
        cmocka_unit_test(test_two_copies),
        cmocka_unit_test(test_lpips_with_its_network),
        cmocka_unit_test(test_parametrised_weights),
        cmocka_unit_test(test_one_tower),
        cmocka_unit_test(test_positions),
    };
    return cmocka_run_group_tests_name("names of tensors", tests, NULL, clear_after_group);
}
