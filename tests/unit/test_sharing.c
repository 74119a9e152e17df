/*
 * One model, and everything that can be made from it, in several threads at once: each thread makes
 * handles of its own and must get the results of one thread alone, bit for bit. The test also runs
 * under ThreadSanitizer, which does not understand libgomp, so models run on ref with one thread
 * each; or, in test_sharing_host, on a fake GPU, whose threads share one stream and its recordings.
 * The first argument names another device.
 */
#include "training_rig.h"

#include <math.h>
#include <pthread.h>

#include "format/safetensors.h"

#ifdef AN_CUDA_FAKE
#include "cuda/fake.h"
static const char *device = "cuda";
#else
static const char *device = "ref";
#endif

enum { CLASSES = 3, SIZE = 14, CROP = SIZE * SIZE * 3, THREADS = 4, PICTURES = 6, TOP = 3 };

static const char text[] =
    "[network]\nname = small\n[input]\nsize = 14\nside = 16\nmean = image\nscale = 0.02\n"
    "[c1]\ntype = conv\ninputs = input\nfilters = 4\nfilterSize = 5\nstride = 2\npadding = 2\n"
    "round = floor\ninitW = 0.3\ninitB = 0.1\nneuron = relu\n"
    "[n1]\ntype = cmrnorm\ninputs = c1\ngroups = 2\nsize = 3\nscale = 0.1\ndivide = no\n"
    "pow = 0.75\nminDiv = 1\n"
    "[p1]\ntype = pool\ninputs = n1\nsizeX = 3\nstride = 2\nround = floor\n"
    "[c2]\ntype = conv\ninputs = p1\nfilters = 3\nfilterSize = 3\npadding = 1\ninitW = 0.3\n"
    "initB = 0.5\nneuron = relu\n"
    "[f]\ntype = fc\ninputs = c2\noutputs = classes\ninitW = 0.3\n"
    "[p]\ntype = softmax\ninputs = f\n";

static alexnet_ctx *ctx;
static alexnet_model *model;
static alexnet_dataset *pictures;
static const char *const paths[PICTURES] = {"val/class0/000.png", "val/class0/001.png",
                                            "val/class1/000.png", "val/class1/001.png",
                                            "val/class2/000.png", "val/class2/001.png"};

static int set_up(void **state)
{
    static const char *const settings[] = {"batch", "6", "epochs", "1", "rate", "0.01", NULL};
    static const float weights[] = {0.5f, 0.25f, 1, 0.75f, 0.5f, 0.25f, 1};
    alexnet_progress p;
    if (rig_set_up(state) != 0)
        return -1;
    rig_write_pictures("train", CLASSES, 4);
    rig_write_pictures("val", CLASSES, 2);
    scratch_text("net.ini", text);
    expect_ok(rig_train("train", NULL, "run", settings, &p));
    rig_write_lpips("lin.safetensors", 3, weights);
#ifdef AN_CUDA_FAKE
    fake.pause = 1000; /* for the others to queue something into what one thread records */
#endif
    ctx = rig_new_ctx(device, ALEXNET_PRECISION_FP32, 1);
    expect_ok(alexnet_model_load(&model, ctx, "run"));
    expect_ok(alexnet_model_set_lpips(model, "lin.safetensors"));
    expect_ok(alexnet_dataset_open_files(&pictures, ctx, paths, PICTURES));
    return 0;
}

static int tear_down(void **state)
{
    alexnet_dataset_free(pictures);
    alexnet_model_free(model);
    alexnet_ctx_free(ctx);
    return scratch_teardown(state);
}

/* ---- What one thread does ---- */

/* Add what was computed to a hash: FNV-1a, 64 bits. */
static void note(uint64_t *hash, const void *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        *hash = (*hash ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3u;
}

static alexnet_status classify(uint64_t *hash)
{
    alexnet_session *session = NULL;
    alexnet_stream *stream = NULL;
    alexnet_stream_result result;
    alexnet_status rc;
    AN_TRY(alexnet_session_new(&session, model, NULL));
    AN_TRY(alexnet_stream_open(&stream, session, pictures, CLASSES));
    for (bool more = true; more;) {
        AN_TRY(alexnet_stream_next(stream, &result, &more));
        for (int i = 0; more && i < CLASSES; i++)
            note(hash, &result.best[i].probability, sizeof(float));
    }
cleanup:
    alexnet_stream_free(stream);
    alexnet_session_free(session);
    return rc;
}

static alexnet_status compute_features(uint64_t *hash)
{
    static const char *const layers[] = {"c2", "c1:pre"};
    alexnet_features_options options = ALEXNET_FEATURES_OPTIONS_INIT;
    alexnet_features *features = NULL;
    alexnet_feature_stream *stream = NULL;
    alexnet_feature_result result;
    alexnet_status rc;
    options.layers = layers;
    options.count = 2;
    options.batch = 4;
    AN_TRY(alexnet_features_new(&features, model, &options));
    AN_TRY(alexnet_feature_stream_new(&stream, features, pictures));
    for (bool more = true; more;) {
        AN_TRY(alexnet_feature_stream_next(stream, &result, &more));
        if (more)
            note(hash, result.values, (size_t)alexnet_features_length(features) * sizeof(float));
    }
cleanup:
    alexnet_feature_stream_free(stream);
    alexnet_features_free(features);
    return rc;
}

static alexnet_status search(const alexnet_index *index, uint64_t *hash)
{
    alexnet_neighbour nearest[TOP];
    alexnet_pairs *pairs = NULL;
    alexnet_pair pair;
    alexnet_status rc;
    double fraction;
    AN_TRY(alexnet_index_nearest(index, alexnet_index_values(index, 2), 1, ALEXNET_METRIC_COSINE,
                                 TOP, nearest));
    for (int i = 0; i < TOP; i++)
        note(hash, &nearest[i].distance, sizeof nearest[i].distance);
    AN_TRY(alexnet_pairs_new(&pairs, index, ALEXNET_METRIC_EUCLIDEAN, 100, INFINITY));
    for (bool more = true; more;)
        AN_TRY(alexnet_pairs_step(pairs, &fraction, &more));
    for (int i = 0; alexnet_pairs_get(pairs, i, &pair); i++)
        note(hash, &pair.distance, sizeof pair.distance);
cleanup:
    alexnet_pairs_free(pairs);
    return rc;
}

/* Search the index in `home`: one of the thread's own, or the one that all threads build at once.
 */
static alexnet_status find_similar(uint64_t *hash, const char *home)
{
    static const char *const layer = "c2";
    alexnet_features_options options = ALEXNET_FEATURES_OPTIONS_INIT;
    alexnet_features *features = NULL;
    alexnet_index *index = NULL;
    alexnet_status rc;
    options.layers = &layer;
    options.count = 1;
    AN_TRY(alexnet_features_new(&features, model, &options));
    AN_TRY(alexnet_index_open(&index, features, "val", home));
    for (bool more = true; more;)
        AN_TRY(alexnet_index_step(index, &more));
    AN_TRY(search(index, hash));
cleanup:
    alexnet_index_free(index);
    alexnet_features_free(features);
    return rc;
}

static alexnet_status compare(uint64_t *hash)
{
    float gradient[3 * 24 * 20];
    double value;
    alexnet_distance *distance = NULL;
    alexnet_distance_picture *first = NULL;
    alexnet_distance_stream *stream = NULL;
    alexnet_distance_result result = {0};
    alexnet_status rc;
    AN_TRY(alexnet_distance_new(&distance, model, NULL));
    AN_TRY(alexnet_distance_picture_file(&first, distance, paths[0]));
    AN_TRY(alexnet_distance_stream_new(&stream, distance, pictures, NULL, 0));
    for (bool more = true; more;) {
        AN_TRY(alexnet_distance_stream_next(stream, &result, &more));
        if (!more)
            break;
        AN_TRY(alexnet_distance_between(distance, first, result.picture, &value, NULL, gradient));
        note(hash, &value, sizeof value);
        note(hash, gradient, sizeof gradient);
        alexnet_distance_picture_free(result.picture);
        result.picture = NULL;
    }
cleanup:
    alexnet_distance_picture_free(result.picture);
    alexnet_distance_stream_free(stream);
    alexnet_distance_picture_free(first);
    alexnet_distance_free(distance);
    return rc;
}

static alexnet_status explain_by_gradient(const uint8_t *crop, uint64_t *hash)
{
    float score, gradient[CROP], map[SIZE * SIZE];
    alexnet_saliency *saliency = NULL;
    alexnet_activations *activations = NULL;
    alexnet_status rc;
    AN_TRY(alexnet_saliency_new(&saliency, model));
    AN_TRY(alexnet_saliency_compute(saliency, crop, 1, &score, gradient, map));
    note(hash, gradient, sizeof gradient);
    AN_TRY(alexnet_activations_new(&activations, model));
    AN_TRY(alexnet_activations_compute(activations, crop));
    note(hash, alexnet_activations_layer(activations, 0), 4 * 7 * 7 * sizeof(float));
cleanup:
    alexnet_activations_free(activations);
    alexnet_saliency_free(saliency);
    return rc;
}

static alexnet_status explain_by_search(const uint8_t *crop, uint64_t *hash)
{
    alexnet_occlusion *occlusion = NULL;
    alexnet_patches *patches = NULL;
    alexnet_patch patch;
    alexnet_status rc;
    int64_t done;
    AN_TRY(alexnet_occlusion_new(&occlusion, model, NULL));
    AN_TRY(alexnet_occlusion_start(occlusion, crop, 1));
    for (bool more = true; more;)
        AN_TRY(alexnet_occlusion_step(occlusion, &done, &more));
    note(hash, alexnet_occlusion_map(occlusion, NULL), (size_t)done * sizeof(float));
    AN_TRY(alexnet_patches_new(&patches, model, pictures, NULL));
    for (bool more = true; more;)
        AN_TRY(alexnet_patches_step(patches, &done, &more));
    for (int i = 0; alexnet_patches_get(patches, i, &patch); i++)
        note(hash, &patch.value, sizeof patch.value);
cleanup:
    alexnet_patches_free(patches);
    alexnet_occlusion_free(occlusion);
    return rc;
}

static alexnet_status do_everything(uint64_t *hash, const char *home)
{
    uint8_t crop[CROP];
    *hash = 0xcbf29ce484222325u;
    AN_CHECK(classify(hash));
    AN_CHECK(compute_features(hash));
    AN_CHECK(find_similar(hash, home));
    AN_CHECK(find_similar(hash, "shared"));
    AN_CHECK(compare(hash));
    AN_CHECK(alexnet_crop_file(alexnet_model_network(model), paths[3], crop));
    AN_CHECK(explain_by_gradient(crop, hash));
    return explain_by_search(crop, hash);
}

/* ---- All at once ---- */

typedef struct job {
    pthread_t thread;
    char home[16];
    uint64_t hash[2]; /* of the first time, which makes the indexes, and of the second */
    alexnet_status rc;
    char error[256];
} job;

/* expect_ok() may not be called here: cmocka lives in the main thread. */
static void *work(void *user)
{
    job *j = user;
    for (int times = 0; times < 2 && j->rc == ALEXNET_OK; times++)
        j->rc = do_everything(&j->hash[times], j->home);
    if (j->rc != ALEXNET_OK)
        snprintf(j->error, sizeof j->error, "%s", alexnet_error_text());
    return NULL;
}

static void test_everything_in_many_threads(void **state)
{
    (void)state;
    static job jobs[THREADS];
    uint64_t expected;
    expect_ok(do_everything(&expected, "home"));
    scratch_remove("shared");
    for (int i = 0; i < THREADS; i++) {
        snprintf(jobs[i].home, sizeof jobs[i].home, "home%d", i);
        assert_int_equal(pthread_create(&jobs[i].thread, NULL, work, &jobs[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(jobs[i].thread, NULL), 0);
        if (jobs[i].rc != ALEXNET_OK)
            fail_msg("thread %d: %s", i, jobs[i].error);
        assert_true(jobs[i].hash[0] == expected && jobs[i].hash[1] == expected);
    }
#ifdef AN_CUDA_FAKE
    assert_true(fake_count.launches > 0);
#endif
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything_in_many_threads),
    };
    if (argc > 1)
        device = argv[1];
    return cmocka_run_group_tests_name("sharing", tests, set_up, tear_down);
}
