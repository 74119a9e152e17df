/*
 * Starting from a model: which tensors are taken, which are not and why, and the warnings about the
 * pictures that the weights were trained on.
 */
#include "training_rig.h"

#include "model/model_open.h"
#include "train/init_from.h"
#include "train/trainer.h"

/* Tensors of equal name and shape are taken, the mean among them. The last layer, which has other
 * classes, is initialised at random. The network is that of the model. */
static void test_begin_from_a_model(void **state)
{
    (void)state;
    static const char *const first[] = {"batch", "4", "epochs", "2", NULL};
    static const char *const second[] = {"batch", "4",         "epochs", "1", "rate",
                                         "0",     "rate_bias", "0",      NULL};
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_trainer *trainer;
    alexnet_progress p;
    alexnet_trainer_options options = ALEXNET_TRAINER_OPTIONS_INIT;
    rig_write_pictures("old", 2, 8);
    rig_write_pictures("new", 3, 4);
    expect_ok(rig_train("old", NULL, "run1", first, &p));
    alexnet_dataset *data = rig_open_data(ctx, "new");
    alexnet_recipe *recipe = rig_recipe(second);
    options.recipe = recipe;
    options.init_from = "run1"; /* its best.safetensors */
    options.out_dir = "run2";
    expect_ok(alexnet_trainer_new(&trainer, ctx, data, NULL, &options));
    assert_int_equal(rig_times_heard("2 copied 7 of 9 tensors from run1/best.safetensors"), 1);
    assert_int_equal(rig_times_heard("1 run1/best.safetensors: tensor f.weight is not used: shape "
                                     "[3, 8] expected, found [2, 8]"),
                     1);
    assert_int_equal(rig_times_heard("tensor f.bias is not used: shape [3] expected, found [2]"),
                     1);
    assert_int_equal(rig_times_heard("is not used"), 2); /* and nothing else is said */
    assert_int_equal(rig_times_heard("\n"), 3);
    bool more;
    expect_ok(alexnet_trainer_step(trainer, &p, &more));
    assert_int_equal(p.phase, ALEXNET_PROGRESS_TRAIN); /* no pass for the mean: the model had one */
    expect_ok(rig_finish(trainer, &p));
    alexnet_trainer_free(trainer);
    an_tensor_file *old = rig_open_tensors("run1/best.safetensors"),
                   *fresh = rig_open_tensors("run2/best.safetensors");
    for (int i = 0; i < an_tensor_file_count(old); i++) {
        const an_tensor_entry *entry = an_tensor_file_entry(old, i);
        const an_tensor_entry *other = an_tensor_file_find(fresh, entry->name);
        bool head = entry->name[0] == 'f';
        assert_int_equal(an_shape_equal(entry->shape, other->shape), !head);
        if (head)
            continue;
        void *a = rig_tensor(old, entry), *b = rig_tensor(fresh, other);
        assert_memory_equal(a, b, entry->bytes);
        an_free(a);
        an_free(b);
    }
    an_tensor_file_close(old);
    an_tensor_file_close(fresh);
    alexnet_recipe_free(recipe);
    alexnet_dataset_free(data);
    alexnet_ctx_free(ctx);
}

/* A mean that the network file fixes stays, though the model has one of the same shape. */
static void test_a_fixed_mean_stays(void **state)
{
    (void)state;
#define MEAN_NET(mean)                                                                             \
    "[input]\nsize = 6\nside = 8\nmean = " mean "\n[f]\ntype = fc\ninputs = input\n"               \
    "outputs = classes\n[p]\ntype = softmax\ninputs = f\n"
    static const char *const settings[] = {"batch", "4", "epochs", "1", NULL};
    static const char of_data[] = MEAN_NET("channel"), fixed[] = MEAN_NET("1 2 3");
    alexnet_progress p;
    alexnet_trainer *trainer;
    alexnet_trainer_options options = ALEXNET_TRAINER_OPTIONS_INIT;
    alexnet_ctx *ctx = rig_ref_ctx();
    rig_write_pictures("data", 2, 4);
    scratch_text("net.ini", of_data);
    expect_ok(rig_train("data", NULL, "run1", settings, &p));
    scratch_text("net.ini", fixed);
    alexnet_dataset *data = rig_open_data(ctx, "data");
    options.net = "net.ini";
    options.init_from = "run1/best.safetensors";
    options.out_dir = "run2";
    expect_ok(alexnet_trainer_new(&trainer, ctx, data, NULL, &options));
    assert_int_equal(rig_times_heard("copied 2 of 2 tensors"), 1);
    assert_int_equal(
        rig_times_heard("the weights of run1/best.safetensors were trained on "
                        "pictures prepared differently than for net: minus the mean of "
                        "each channel instead of minus 1, 2, 3\n"),
        1);
    alexnet_trainer_free(trainer);
    an_tensor_file *file = rig_open_tensors("run2/last.safetensors");
    double *mean = rig_tensor(file, an_tensor_file_find(file, "input.mean"));
    for (int i = 0; i < 3; i++)
        assert_true(mean[i] == i + 1);
    an_free(mean);
    an_tensor_file_close(file);
    alexnet_dataset_free(data);
    alexnet_ctx_free(ctx);
}

/* ---- What is said ---- */

#define SMALL_NET(input)                                                                           \
    "[input]\nsize = 6\nside = 8\n" input "[f]\ntype = fc\ninputs = input\noutputs = 2\n"          \
    "[p]\ntype = softmax\ninputs = f\n"
static const char bgr_net[] = SMALL_NET("channels = bgr\nmean = channel\nscale = 0.5\n");

/* A file for a network of one layer, f. `network` NULL: without metadata, as other programs write
 * it. */
typedef struct made {
    const char *network;
    an_dtype bias; /* its element type */
    int strangers; /* number of tensors that no network has; if not 0, there is a boolean too */
    bool state;    /* momentum.f.weight */
    const char *format; /* of a file with a network; NULL: the version of this program */
} made;

static void make_file(const char *path, const made *m)
{
    static const double values[2 * 108] = {0.25, -0.5};
    an_tensor_writer *writer;
    char name[32];
    expect_ok(an_tensor_writer_new(&writer, path));
    if (m->network) {
        expect_ok(an_tensor_writer_metadata(writer, "alexnet.format", m->format ? m->format : "1"));
        expect_ok(an_tensor_writer_metadata(writer, "alexnet.network", m->network));
        expect_ok(an_tensor_writer_metadata(writer, "alexnet.classes", "[\"a\",\"b\"]"));
        expect_ok(an_tensor_writer_metadata(writer, "alexnet.names", "[\"a\",\"b\"]"));
    }
    for (int pass = 0; pass < 2; pass++) {
        const struct {
            const char *name;
            an_dtype type;
            an_shape shape;
        } all[] = {{"f.weight", AN_F64, an_shape_of(2, 2, 108)},
                   {"momentum.f.weight", AN_F64, an_shape_of(2, 2, 108)},
                   {"input.mean", AN_F64, an_shape_of(1, 3)},
                   {"f.bias", m->bias, an_shape_of(1, 2)}};
        for (int i = 0; i < 4; i++) {
            const size_t bytes = (size_t)an_shape_count(all[i].shape) * an_dtype_bytes(all[i].type);
            if (i == 1 && !m->state)
                continue;
            expect_ok(
                pass ? an_tensor_writer_data(writer, values, bytes)
                     : an_tensor_writer_declare(writer, all[i].name, all[i].type, all[i].shape));
        }
        for (int i = 0; i < m->strangers; i++) {
            snprintf(name, sizeof name, "features.%d.weight", i);
            expect_ok(pass ? an_tensor_writer_data(writer, values, sizeof(float))
                           : an_tensor_writer_declare(writer, name, AN_F32, an_shape_of(0)));
        }
        if (m->strangers > 0)
            expect_ok(pass ? an_tensor_writer_data(writer, values, 1)
                           : an_tensor_writer_declare(writer, "batches", AN_BOOL, an_shape_of(0)));
    }
    expect_ok(an_tensor_writer_commit(writer));
}

/* Start a net of bgr_net from the file; what was logged is in rig_heard. */
static alexnet_status begin(bool *has_mean)
{
    alexnet_ctx *ctx = rig_ref_ctx();
    alexnet_network *network;
    an_net *net;
    an_classes classes = {0};
    rig_heard[0] = '\0';
    expect_ok(an_network_parse(&network, bgr_net, "test", "small", 2));
    expect_ok(an_net_new(&net, ctx, network, true));
    alexnet_status rc = an_init_from(net, &classes, "from.safetensors", has_mean);
    an_net_release(net);
    an_network_release(network);
    alexnet_ctx_free(ctx);
    return rc;
}

static alexnet_status begin_from(const made *m, bool *has_mean)
{
    make_file("from.safetensors", m);
    return begin(has_mean);
}

static void test_other_pictures(void **state)
{
    (void)state;
    bool has_mean;
    /* The same. */
    expect_ok(begin_from(&(made){bgr_net, AN_F64, 0, true, NULL}, &has_mean));
    assert_true(has_mean);
    assert_string_equal(rig_heard, "2 copied 3 of 3 tensors from from.safetensors\n");
    /* RGB weights in a BGR net: this is logged, and the mean is not used, as its values would go
     * to other channels. */
    expect_ok(begin_from(&(made){SMALL_NET("mean = channel\nscale = 1 2 3\nresize = warp\n"),
                                 AN_F32, 0, false, NULL},
                         &has_mean));
    assert_false(has_mean);
    assert_string_equal(
        rig_heard, "1 the weights of from.safetensors were trained on pictures prepared "
                   "differently than for small: resized to 8x8 instead of short side resized to "
                   "8; RGB instead of BGR; times 1, 2, 3 instead of times 0.5\n"
                   "1 from.safetensors: tensor input.mean is not used: its channels are in "
                   "another order\n"
                   "2 copied 2 of 3 tensors from from.safetensors\n");
    /* A file of another program. */
    expect_ok(begin_from(&(made){NULL, AN_F32, 0, false, NULL}, &has_mean));
    assert_true(has_mean);
    assert_int_equal(
        rig_times_heard("1 from.safetensors does not say how its pictures were "
                        "prepared; small prepares them like this: short side resized to 8, "
                        "centre crop of 6, BGR, minus the mean of each channel"),
        1);
}

static void test_what_is_not_used(void **state)
{
    (void)state;
    bool has_mean;
    expect_ok(begin_from(&(made){bgr_net, AN_I32, 2, false, NULL}, &has_mean));
    assert_string_equal(rig_heard,
                        "1 from.safetensors: tensor f.bias is not used: float8, float16, bfloat16, "
                        "float32 or float64 expected, found int32\n"
                        "1 from.safetensors: tensor features.0.weight is not used: the network "
                        "has no parameter of that name\n"
                        "1 from.safetensors: tensor features.1.weight is not used: the network "
                        "has no parameter of that name\n"
                        "2 copied 2 of 3 tensors from from.safetensors\n");
    /* Many tensors that are not used are reported in few lines. */
    expect_ok(begin_from(&(made){bgr_net, AN_F32, 500, false, NULL}, &has_mean));
    assert_int_equal(rig_times_heard("is not used"), 20);
    assert_int_equal(rig_times_heard("1 from.safetensors: more tensors are not used\n"), 1);
}

/* Weights in float8 are not the weights without the scales that are beside them. */
static void test_scales(void **state)
{
    (void)state;
    static const uint8_t zeros[2 * 108];
    const struct {
        const char *name;
        an_dtype type;
        an_shape shape;
    } all[] = {{"f.weight", AN_F8_E4M3, an_shape_of(2, 2, 108)},
               {"f.bias", AN_F32, an_shape_of(1, 2)},
               {"f.weight_scale", AN_F32, an_shape_of(0)}};
    bool has_mean;
    for (int count = 2; count <= 3; count++) {
        an_tensor_writer *writer;
        expect_ok(an_tensor_writer_new(&writer, "from.safetensors"));
        for (int i = 0; i < count; i++)
            expect_ok(an_tensor_writer_declare(writer, all[i].name, all[i].type, all[i].shape));
        for (int i = 0; i < count; i++)
            expect_ok(an_tensor_writer_data(
                writer, zeros, (size_t)an_shape_count(all[i].shape) * an_dtype_bytes(all[i].type)));
        expect_ok(an_tensor_writer_commit(writer));
        if (count == 2)
            expect_ok(begin(&has_mean));
        else
            expect_failure(begin(&has_mean), ALEXNET_ERROR_UNSUPPORTED,
                           "from.safetensors has weights in float8 (f.weight) and scales for them");
    }
}

/* Whatever is read of a file of a later version is refused: the weights to begin with, the mean, a
 * model under a network that is given. */
static void test_later_version(void **state)
{
    (void)state;
    static const char said[] = "from.safetensors has format version 2; this program reads 1";
    const made later = {bgr_net, AN_F32, 0, false, "2"};
    bool has_mean;
    an_mean_file mean = {0};
    an_model_file file;
    an_reader *reader;
    expect_failure(begin_from(&later, &has_mean), ALEXNET_ERROR_UNSUPPORTED, said);
    expect_failure(an_mean_file_read(&mean, NULL, "from.safetensors", false),
                   ALEXNET_ERROR_UNSUPPORTED, said);
    an_mean_file_free(&mean);
    scratch_text("net.ini", bgr_net);
    expect_ok(an_reader_open(&reader, "from.safetensors"));
    expect_failure(an_model_file_open(&file, NULL, reader, &(an_model_options){.net = "net.ini"}),
                   ALEXNET_ERROR_UNSUPPORTED, said);
    make_file("from.safetensors", &(made){bgr_net, AN_F32, 0, false, NULL});
    expect_ok(an_mean_file_read(&mean, NULL, "from.safetensors", false));
    assert_true(mean.bgr);
    an_mean_file_free(&mean);
    expect_ok(an_reader_open(&reader, "from.safetensors"));
    expect_ok(an_model_file_open(&file, NULL, reader, &(an_model_options){.net = "net.ini"}));
    an_model_file_close(&file);
}

/* Whether a tensor of a trainer has the values of that tensor in a file. */
static bool begins_with(alexnet_trainer *trainer, const char *path, const char *name)
{
    int64_t count;
    an_tensor_file *file = rig_open_tensors(path);
    double *theirs = rig_doubles(file, name, &count),
           *ours = an_calloc((size_t)count, sizeof *ours);
    assert_non_null(ours);
    expect_ok(an_net_read(trainer->net, AN_VALUES, an_net_find(trainer->net, name), ours, AN_F64));
    bool same = memcmp(ours, theirs, (size_t)count * sizeof *ours) == 0;
    an_free(theirs);
    an_free(ours);
    an_tensor_file_close(file);
    return same;
}

/* The last layer fits, but was trained for other classes: it is initialised at random, and the rest
 * is taken. */
static void test_as_many_other_classes(void **state)
{
    (void)state;
    static const char *const settings[] = {"batch", "4", "epochs", "1", NULL};
    static const char said[] = "1 run1/best.safetensors: tensor f.weight is not used: its classes "
                               "differ: class 1 is \"class1\" there, \"other\" here\n";
    alexnet_progress p;
    rig_write_pictures("data", 2, 4);
    expect_ok(rig_train("data", NULL, "run1", settings, &p));
    alexnet_recipe *recipe = rig_recipe(settings);
    alexnet_trainer_options options = ALEXNET_TRAINER_OPTIONS_INIT;
    options.recipe = recipe;
    options.init_from = "run1";
    for (int renamed = 0; renamed < 2; renamed++) {
        alexnet_ctx *ctx = rig_ref_ctx();
        alexnet_trainer *trainer;
        alexnet_dataset *data = rig_open_data(ctx, "data");
        options.out_dir = renamed ? "run3" : "run2";
        expect_ok(alexnet_trainer_new(&trainer, ctx, data, NULL, &options));
        assert_int_equal(rig_times_heard(said), renamed);
        assert_int_equal(rig_times_heard("is not used: its classes differ"), 2 * renamed);
        assert_int_equal(begins_with(trainer, "run1/best.safetensors", "f.weight"), !renamed);
        assert_int_equal(begins_with(trainer, "run1/best.safetensors", "f.bias"), !renamed);
        assert_true(begins_with(trainer, "run1/best.safetensors", "c.weight"));
        alexnet_trainer_free(trainer);
        alexnet_dataset_free(data);
        alexnet_ctx_free(ctx);
        assert_int_equal(rename("data/class1", "data/other"), renamed ? -1 : 0);
    }
    alexnet_recipe_free(recipe);
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, rig_set_up, scratch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(test_begin_from_a_model),
        IN_SCRATCH(test_a_fixed_mean_stays),
        IN_SCRATCH(test_other_pictures),
        IN_SCRATCH(test_what_is_not_used),
        IN_SCRATCH(test_as_many_other_classes),
        IN_SCRATCH(test_later_version),
        IN_SCRATCH(test_scales),
    };
    return cmocka_run_group_tests_name("beginning from a model", tests, NULL, NULL);
}
