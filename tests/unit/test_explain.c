/*
 * Explanations of a network's answers, through the public API: gradients of pixels, occlusion,
 * activations, patches. (Receptive fields: test_units.c. Gradients against PyTorch:
 * golden/test_saliency.c.)
 *
 * Models run on ref, whose results do not depend on the batch: what is computed twice must be equal
 * bit for bit. Scores are read in float32: the difference of two, divided by 100 grey levels, is
 * good to 2^-23 of the larger of them over 100. The rounding of the gradient itself adds as much.
 */
#include "training_rig.h"

#include <math.h>

enum { CLASSES = 3, SIDE = 16, SIZE = 14, MARGIN = 1, CROP = SIZE * SIZE * 3, PER_CLASS = 5 };

/* A network that is linear up to its scores, with everything that comes between pixels and scores:
 * the order of the channels, a scale for each, a mean image, dropout that multiplies by keep. */
static const char linear[] =
    "[network]\nname = linear\n[input]\nsize = 14\nside = 16\nmean = image\nchannels = bgr\n"
    "scale = 0.01 0.02 0.04\n"
    "[c]\ntype = conv\ninputs = input\nfilters = 4\nfilterSize = 3\nstride = 2\nround = ceil\n"
    "initW = 0.3\n"
    "[m]\ntype = pool\ninputs = c\npool = avg\nsizeX = 3\nstride = 2\nround = ceil\n"
    "[d]\ntype = dropout\ninputs = m\nkeep = 0.75\nkind = mask\n"
    "[f]\ntype = fc\ninputs = d\noutputs = classes\ninitW = 0.3\n"
    "[p]\ntype = softmax\ninputs = f\n";
enum { LINEAR_CONV = 0, CONV = 0, LRN = 1, EXTRA = 3, FC = 4, SCORES = 6, PROBS = 7 };

static alexnet_ctx *ctx;
static alexnet_model *model, *linear_model;
static uint8_t crop[CROP];
static char paths[CLASSES * PER_CLASS][64];

static alexnet_model *train_model(const char *net, size_t length, const char *out)
{
    static const char *const settings[] = {"batch", "8", "epochs", "6", "rate", "0.05", NULL};
    alexnet_progress p;
    alexnet_model *trained;
    scratch_write("net.ini", net, length);
    expect_ok(rig_train("train", NULL, out, settings, &p));
    expect_ok(alexnet_model_load(&trained, ctx, out));
    return trained;
}

static int set_up(void **state)
{
    if (rig_set_up(state) != 0)
        return -1;
    rig_write_pictures("train", CLASSES, 8);
    rig_write_pictures("val", CLASSES, PER_CLASS);
    for (int i = 0; i < CLASSES * PER_CLASS; i++)
        snprintf(paths[i], sizeof paths[i], "val/class%d/%03d.png", i / PER_CLASS, i % PER_CLASS);
    ctx = rig_new_ctx("ref", ALEXNET_PRECISION_FP32, 1);
    model = train_model(rig_network, sizeof rig_network - 1, "run");
    linear_model = train_model(linear, sizeof linear - 1, "run-linear");
    expect_ok(alexnet_crop_file(alexnet_model_network(model), paths[0], crop));
    return 0;
}

static int tear_down(void **state)
{
    alexnet_model_free(model);
    alexnet_model_free(linear_model);
    alexnet_ctx_free(ctx);
    return scratch_teardown(state);
}

/* The probability of a class for a crop. The crop is put into the centre of a square of the stored
 * size, which classification does not resize. */
static float probability_of(alexnet_session *session, const uint8_t *pixels, int class_index)
{
    uint8_t stored[SIDE * SIDE * 3];
    alexnet_prediction best[CLASSES];
    const alexnet_pixels picture = {stored, SIDE, SIDE, SIDE * 3, ALEXNET_PIXELS_RGB8};
    memset(stored, 77, sizeof stored); /* unused outside the crop */
    for (int y = 0; y < SIZE; y++)
        memcpy(stored + ((y + MARGIN) * SIDE + MARGIN) * 3, pixels + y * SIZE * 3, SIZE * 3);
    expect_ok(alexnet_classify_pixels(session, &picture, CLASSES, best));
    for (int i = 0; i < CLASSES; i++)
        if (best[i].index == class_index)
            return best[i].probability;
    fail_msg("class %d is not among the predictions", class_index);
    return 0;
}

/* ---- Crops ---- */

/* A crop is what classification sees, whether it comes from a file, from bytes or from pixels. */
static void test_crops(void **state)
{
    (void)state;
    const alexnet_network *network = alexnet_model_network(model);
    alexnet_session *session;
    alexnet_prediction best[CLASSES];
    uint8_t again[CROP];
    size_t length;
    assert_int_equal(alexnet_network_side(network), SIZE);
    expect_ok(alexnet_session_new(&session, model, NULL));
    expect_ok(alexnet_classify_file(session, paths[0], CLASSES, best));
    assert_true(probability_of(session, crop, best[0].index) == best[0].probability);
    unsigned char *bytes = scratch_read(paths[0], &length);
    expect_ok(alexnet_crop_bytes(network, bytes, length, again));
    assert_memory_equal(again, crop, CROP);
    free(bytes);
    uint8_t ramp[SIDE * SIDE * 3];
    for (int i = 0; i < SIDE * SIDE * 3; i++)
        ramp[i] = (uint8_t)(i % 251);
    const alexnet_pixels pixels = {ramp, SIDE, SIDE, SIDE * 3, ALEXNET_PIXELS_RGB8};
    expect_ok(alexnet_crop_pixels(network, &pixels, again));
    for (int i = 0; i < CROP; i++)
        assert_int_equal(again[i],
                         ramp[((i / (SIZE * 3) + MARGIN) * SIDE + MARGIN) * 3 + i % (SIZE * 3)]);
    expect_failure(alexnet_crop_file(network, "none.png", again), ALEXNET_ERROR_IO, "none.png");
    expect_failure(alexnet_crop_bytes(network, "text", 4, again), ALEXNET_ERROR_FORMAT,
                   "picture in memory");
    alexnet_session_free(session);
}

/* ---- Gradients ---- */

static float score_of(alexnet_saliency *saliency, const uint8_t *pixels, int class_index)
{
    float score;
    expect_ok(alexnet_saliency_compute(saliency, pixels, class_index, &score, NULL, NULL));
    return score;
}

/* In a linear network, 100 grey levels more or less in any pixel change the score by 100 times its
 * gradient. */
static void test_gradients_of_a_linear_network(void **state)
{
    (void)state;
    alexnet_saliency *saliency;
    float gradient[CROP], map[SIZE * SIZE], score;
    expect_ok(alexnet_saliency_new(&saliency, linear_model));
    for (int k = 0; k < CLASSES; k++) {
        expect_ok(alexnet_saliency_compute(saliency, crop, k, &score, gradient, map));
        double largest = fabs(score), change = 0;
        for (int i = 0; i < CROP; i += 5) {
            uint8_t kept = crop[i];
            int step = kept < 128 ? 100 : -100;
            crop[i] = (uint8_t)(kept + step);
            float moved = score_of(saliency, crop, k);
            crop[i] = kept;
            largest = fmax(largest, fabs(moved));
            change = fmax(change, fabs(moved - (double)score));
            double expected = ((double)moved - score) / step;
            if (!(fabs(expected - gradient[i]) <= 0x1p-22 * largest / 100))
                fail_msg("gradient of class %d, %d: %.9g, by differences %.9g", k, i, gradient[i],
                         expected);
        }
        assert_true(change > 1e-3);
    }
    alexnet_saliency_free(saliency);
}

/* Through ReLU, LRN, pooling, groups and dropout: a call does not depend on the seeds and buffers
 * of the call before it. */
static void test_gradients_do_not_depend_on_the_last(void **state)
{
    (void)state;
    alexnet_saliency *saliency;
    float first[CROP], other[CROP], again[CROP];
    expect_ok(alexnet_saliency_new(&saliency, model));
    expect_ok(alexnet_saliency_compute(saliency, crop, 1, NULL, first, NULL));
    expect_ok(alexnet_saliency_compute(saliency, crop, 2, NULL, other, NULL));
    expect_ok(alexnet_saliency_compute(saliency, crop, 1, NULL, again, NULL));
    assert_memory_equal(first, again, sizeof first);
    assert_memory_not_equal(first, other, sizeof first);
    expect_failure(alexnet_saliency_compute(saliency, crop, CLASSES, NULL, first, NULL),
                   ALEXNET_ERROR_INVALID_ARGUMENT, "class_index = 3: expected 0 to 2");
    expect_failure(alexnet_saliency_compute(saliency, crop, -1, NULL, first, NULL),
                   ALEXNET_ERROR_INVALID_ARGUMENT, "class_index = -1");
    alexnet_saliency_free(saliency);
}

/* ---- Occlusion ---- */

static void mean_colour(uint8_t colour[3], alexnet_model *of)
{
    alexnet_tensor_info mean;
    expect_ok(alexnet_model_tensor(of, 0, &mean));
    assert_string_equal(mean.name, "input.mean");
    for (int c = 0; c < 3; c++) {
        double sum = 0;
        for (int i = 0; i < SIDE * SIDE; i++)
            sum += mean.data[c * SIDE * SIDE + i];
        colour[of == linear_model ? 2 - c : c] = (uint8_t)lround(sum / (SIDE * SIDE));
    }
}

/* Compare with a plain loop, which covers the pixels within half a square of the centre of the
 * cell. */
static void check_occlusion(alexnet_model *of, int square, int stride, int batch, int class_index)
{
    alexnet_occlusion_options options = ALEXNET_OCCLUSION_OPTIONS_INIT;
    alexnet_occlusion *occlusion;
    alexnet_session *session;
    int64_t done;
    float whole;
    uint8_t colour[3];
    const int cells = (SIZE + stride - 1) / stride;
    options.square = square;
    options.stride = stride;
    options.batch = batch;
    expect_ok(alexnet_occlusion_new(&occlusion, of, &options));
    expect_ok(alexnet_session_new(&session, of, NULL));
    assert_int_equal(alexnet_occlusion_side(occlusion), cells);
    assert_null(alexnet_occlusion_map(occlusion, NULL));
    expect_ok(alexnet_occlusion_start(occlusion, crop, class_index));
    for (bool more = true; more;) {
        expect_ok(alexnet_occlusion_step(occlusion, &done, &more));
        assert_int_equal(more, done < cells * cells);
    }
    assert_int_equal(done, cells * cells);
    const float *drops = alexnet_occlusion_map(occlusion, &whole);
    assert_true(whole == probability_of(session, crop, class_index));
    mean_colour(colour, of);
    double largest = 0;
    for (int i = 0; i < cells * cells; i++) {
        uint8_t covered[CROP];
        int top = i / cells * stride + stride / 2 - square / 2;
        int left = i % cells * stride + stride / 2 - square / 2;
        for (int j = 0; j < CROP; j++) {
            int y = j / 3 / SIZE, x = j / 3 % SIZE;
            bool under = y >= top && y < top + square && x >= left && x < left + square;
            covered[j] = under ? colour[j % 3] : crop[j];
        }
        float expected = whole - probability_of(session, covered, class_index);
        if (drops[i] != expected)
            fail_msg("square %d, stride %d: drop %d is %.9g, expected %.9g", square, stride, i,
                     drops[i], expected);
        largest = fmax(largest, fabs(expected));
    }
    assert_true(largest > 1e-4);
    alexnet_session_free(session);
    alexnet_occlusion_free(occlusion);
}

static void test_occlusion(void **state)
{
    (void)state;
    check_occlusion(model, 5, 2, 4, 0);
    check_occlusion(linear_model, 11, 3, 4, 0); /* whose channels are B, G, R */
    check_occlusion(model, 4, 3, 7, 2);         /* last batch not full, last cell past the edge */
    check_occlusion(model, 1, 4, 100, 1);       /* squares smaller than the stride */
    check_occlusion(model, 14, 14, 1, 0);       /* everything is covered */
}

static void test_occlusion_by_default(void **state)
{
    (void)state;
    alexnet_occlusion *occlusion;
    int64_t done;
    bool more;
    const alexnet_status bad = ALEXNET_ERROR_INVALID_ARGUMENT;
    alexnet_occlusion_options options = ALEXNET_OCCLUSION_OPTIONS_INIT;
    expect_ok(alexnet_occlusion_new(&occlusion, model, NULL));
    assert_int_equal(alexnet_occlusion_square(occlusion), 2);
    assert_int_equal(alexnet_occlusion_stride(occlusion), 1);
    assert_int_equal(alexnet_occlusion_side(occlusion), SIZE);
    expect_failure(alexnet_occlusion_step(occlusion, &done, &more), bad, "before");
    expect_failure(alexnet_occlusion_start(occlusion, crop, 3), bad, "class_index = 3");
    alexnet_occlusion_free(occlusion);
    options.square = 15;
    expect_failure(alexnet_occlusion_new(&occlusion, model, &options), bad,
                   "square = 15: expected 0 to 14");
    assert_null(occlusion);
    options.square = 0, options.stride = -1;
    expect_failure(alexnet_occlusion_new(&occlusion, model, &options), bad, "stride = -1");
    options.stride = 0, options.batch = 0;
    expect_failure(alexnet_occlusion_new(&occlusion, model, &options), bad, "batch = 0");
}

/* ---- Activations ---- */

static void test_activations(void **state)
{
    (void)state;
    alexnet_activations *activations;
    alexnet_saliency *saliency;
    alexnet_session *session;
    expect_ok(alexnet_activations_new(&activations, model));
    expect_ok(alexnet_saliency_new(&saliency, model));
    expect_ok(alexnet_session_new(&session, model, NULL));
    assert_true(alexnet_activations_layer(activations, CONV)[0] == 0);
    expect_ok(alexnet_activations_compute(activations, crop));
    const float *scores = alexnet_activations_layer(activations, SCORES);
    const float *probs = alexnet_activations_layer(activations, PROBS);
    for (int k = 0; k < CLASSES; k++) {
        assert_true(scores[k] == score_of(saliency, crop, k));
        assert_true(probs[k] == probability_of(session, crop, k));
    }
    const float *conv = alexnet_activations_layer(activations, CONV);
    int active = 0;
    for (int i = 0; i < 4 * 7 * 7; i++) {
        assert_true(conv[i] >= 0); /* after its ReLU */
        active += conv[i] > 0;
    }
    assert_true(active > 0);
    assert_null(alexnet_activations_layer(activations, -1));
    assert_null(alexnet_activations_layer(activations, PROBS + 1));
    alexnet_session_free(session);
    alexnet_saliency_free(saliency);
    alexnet_activations_free(activations);
}

/* The first layer by hand, from the pixels. */
static void test_the_first_layer(void **state)
{
    (void)state;
    alexnet_activations *activations;
    alexnet_tensor_info mean, weight, bias;
    expect_ok(alexnet_activations_new(&activations, linear_model));
    expect_ok(alexnet_activations_compute(activations, crop));
    expect_ok(alexnet_model_tensor(linear_model, 0, &mean));
    expect_ok(alexnet_model_tensor(linear_model, 1, &weight));
    expect_ok(alexnet_model_tensor(linear_model, 2, &bias));
    const float *got = alexnet_activations_layer(activations, LINEAR_CONV);
    const double scale[3] = {0.01, 0.02, 0.04};
    for (int k = 0; k < 4; k++) {
        const int p = 2, q = 3, side = 7;
        double sum = bias.data[k], size = fabs(sum);
        for (int i = 0; i < 27; i++) {
            int c = i / 9, y = 2 * p + i / 3 % 3, x = 2 * q + i % 3;
            double pixel = crop[(y * SIZE + x) * 3 + 2 - c];
            double m = mean.data[(c * SIDE + y + MARGIN) * SIDE + x + MARGIN];
            sum += weight.data[k * 27 + i] * scale[c] * (pixel - m);
            size += fabs(weight.data[k * 27 + i] * scale[c] * (pixel - m));
        }
        assert_true(fabs(sum - got[(k * side + p) * side + q]) <= 0x1p-22 * size);
    }
    alexnet_activations_free(activations);
}

/* ---- Patches ---- */

typedef struct place {
    int picture, row, column;
    float value;
} place;

/* The largest value of each picture's map, computed for one picture at a time, in descending
 * order. */
static void places_by_hand(place *places, int layer, int channel)
{
    alexnet_activations *activations;
    alexnet_layer_info info;
    expect_ok(alexnet_activations_new(&activations, model));
    expect_ok(alexnet_network_layer(alexnet_model_network(model), layer, &info));
    const int h = info.output[1], w = info.output[2];
    for (int i = 0; i < CLASSES * PER_CLASS; i++) {
        uint8_t pixels[CROP];
        expect_ok(alexnet_crop_file(alexnet_model_network(model), paths[i], pixels));
        expect_ok(alexnet_activations_compute(activations, pixels));
        const float *map = alexnet_activations_layer(activations, layer) + channel * h * w;
        places[i] = (place){i, 0, 0, map[0]};
        for (int j = 1; j < h * w; j++)
            if (map[j] > places[i].value)
                places[i] = (place){i, j / w, j % w, map[j]};
    }
    for (int i = 0; i < CLASSES * PER_CLASS; i++)
        for (int j = i + 1; j < CLASSES * PER_CLASS; j++)
            if (places[j].value > places[i].value ||
                (places[j].value == places[i].value && places[j].picture < places[i].picture)) {
                place kept = places[i];
                places[i] = places[j];
                places[j] = kept;
            }
    alexnet_activations_free(activations);
}

static alexnet_dataset *open_pictures(int more)
{
    const char *names[CLASSES * PER_CLASS + 1];
    alexnet_dataset *data;
    for (int i = 0; i < CLASSES * PER_CLASS; i++)
        names[i] = paths[i];
    names[CLASSES * PER_CLASS] = "none.png";
    expect_ok(alexnet_dataset_open_files(&data, ctx, names, CLASSES * PER_CLASS + more));
    return data;
}

static void check_patches(int layer, int channel, int count, int batch)
{
    alexnet_patches_options options = ALEXNET_PATCHES_OPTIONS_INIT;
    alexnet_patches *patches;
    alexnet_patch got;
    alexnet_rectangle field;
    alexnet_dataset *data = open_pictures(1);
    place expected[CLASSES * PER_CLASS];
    int64_t done;
    options.layer = layer;
    options.channel = channel;
    options.count = count;
    options.batch = batch;
    expect_ok(alexnet_patches_new(&patches, model, data, &options));
    alexnet_dataset_free(data);
    for (bool more = true; more;)
        expect_ok(alexnet_patches_step(patches, &done, &more));
    assert_int_equal(done, CLASSES * PER_CLASS + 1);
    assert_int_equal(alexnet_patches_skipped(patches), 1);
    places_by_hand(expected, layer, channel);
    const int found = count < CLASSES * PER_CLASS ? count : CLASSES * PER_CLASS;
    for (int i = 0; i < found; i++) {
        uint8_t pixels[CROP];
        const char *path = paths[expected[i].picture];
        assert_true(alexnet_patches_get(patches, i, &got));
        assert_string_equal(got.path, path);
        assert_true(got.value == expected[i].value);
        assert_int_equal(got.row, expected[i].row);
        assert_int_equal(got.column, expected[i].column);
        expect_ok(alexnet_network_field(alexnet_model_network(model), layer, got.row, got.column,
                                        &field));
        assert_memory_equal(&got.field, &field, sizeof field);
        expect_ok(alexnet_crop_file(alexnet_model_network(model), path, pixels));
        assert_memory_equal(got.crop, pixels, CROP);
    }
    assert_false(alexnet_patches_get(patches, found, &got));
    assert_false(alexnet_patches_get(patches, -1, &got));
    alexnet_patches_free(patches);
}

static void test_patches(void **state)
{
    (void)state;
    check_patches(CONV, 1, 9, 4);
    check_patches(LRN, 3, 2, 1);
    check_patches(EXTRA, 5, 100, 16);
    check_patches(FC, 0, 9, 7);
    assert_int_equal(rig_times_heard("left out: cannot open none.png") +
                         rig_times_heard("left out: none.png"),
                     4);
}

static void test_patches_that_cannot_be(void **state)
{
    (void)state;
    alexnet_patches *patches;
    alexnet_dataset *data = open_pictures(0);
    const alexnet_patches_options good = ALEXNET_PATCHES_OPTIONS_INIT;
    const alexnet_status bad = ALEXNET_ERROR_INVALID_ARGUMENT;
    alexnet_patches_options o = good;
    o.layer = 8;
    expect_failure(alexnet_patches_new(&patches, model, data, &o), bad,
                   "layer = 8: expected 0 to 7");
    assert_null(patches);
    o = good, o.channel = 4;
    expect_failure(alexnet_patches_new(&patches, model, data, &o), bad,
                   "channel = 4: expected 0 to 3");
    o = good, o.count = 0;
    expect_failure(alexnet_patches_new(&patches, model, data, &o), bad, "count = 0");
    o = good, o.batch = 0;
    expect_failure(alexnet_patches_new(&patches, model, data, &o), bad, "batch = 0");
    alexnet_dataset_free(data);
}

/* ---- Weights that overflow, and contexts that are cancelled ---- */

static void test_answers_that_are_no_numbers(void **state)
{
    (void)state;
    size_t length;
    unsigned char *bytes = scratch_read("run/best.safetensors", &length);
    an_tensor_file *file = rig_open_tensors("run/best.safetensors");
    for (int i = 0; i < an_tensor_file_count(file); i++) {
        const an_tensor_entry *entry = an_tensor_file_entry(file, i);
        const double huge = 3e38; /* ref's runs are in double */
        assert_int_equal(entry->dtype, AN_F64);
        for (uint64_t at = 0; strstr(entry->name, ".weight") && at < entry->bytes; at += 8)
            memcpy(bytes + entry->offset + at, &huge, 8);
    }
    an_tensor_file_close(file);
    alexnet_ctx *cpu = rig_new_ctx("cpu", ALEXNET_PRECISION_FP32, 1);
    alexnet_model *mine;
    alexnet_saliency *saliency;
    alexnet_activations *activations;
    alexnet_occlusion *occlusion;
    alexnet_patches *patches;
    alexnet_dataset *data = open_pictures(0);
    int64_t done;
    bool more;
    float score;
    const alexnet_status bad = ALEXNET_ERROR_BAD_MODEL;
    expect_ok(alexnet_model_load_memory(&mine, cpu, bytes, length));
    free(bytes);
    expect_ok(alexnet_saliency_new(&saliency, mine));
    expect_failure(alexnet_saliency_compute(saliency, crop, 0, &score, NULL, NULL), bad,
                   "not a number");
    expect_ok(alexnet_occlusion_new(&occlusion, mine, NULL));
    expect_ok(alexnet_occlusion_start(occlusion, crop, 0));
    expect_failure(alexnet_occlusion_step(occlusion, &done, &more), bad, "are not numbers");
    alexnet_patches_options options = ALEXNET_PATCHES_OPTIONS_INIT;
    options.layer = FC;
    expect_ok(alexnet_patches_new(&patches, mine, data, &options));
    expect_failure(alexnet_patches_step(patches, &done, &more), bad, "not a number");
    expect_ok(alexnet_activations_new(&activations, mine));
    expect_failure(alexnet_activations_compute(activations, crop), bad,
                   "the crop: value 0 of c is");
    assert_false(isfinite(alexnet_activations_layer(activations, CONV)[0])); /* can be seen */
    alexnet_activations_free(activations);
    alexnet_patches_free(patches);
    alexnet_occlusion_free(occlusion);
    alexnet_saliency_free(saliency);
    alexnet_dataset_free(data);
    alexnet_model_free(mine);
    alexnet_ctx_free(cpu);
}

static void test_cancelling(void **state)
{
    (void)state;
    alexnet_ctx *mine = rig_new_ctx("ref", ALEXNET_PRECISION_FP32, 1);
    alexnet_model *loaded;
    alexnet_saliency *saliency;
    alexnet_occlusion *occlusion;
    alexnet_activations *activations;
    alexnet_patches *patches;
    alexnet_dataset *data = open_pictures(0);
    int64_t done;
    bool more;
    const alexnet_status cancelled = ALEXNET_ERROR_CANCELLED;
    expect_ok(alexnet_model_load(&loaded, mine, "run"));
    expect_ok(alexnet_saliency_new(&saliency, loaded));
    expect_ok(alexnet_occlusion_new(&occlusion, loaded, NULL));
    expect_ok(alexnet_occlusion_start(occlusion, crop, 0));
    expect_ok(alexnet_occlusion_step(occlusion, &done, &more));
    expect_ok(alexnet_activations_new(&activations, loaded));
    expect_ok(alexnet_patches_new(&patches, loaded, data, NULL));
    alexnet_ctx_cancel(mine);
    expect_failure(alexnet_saliency_compute(saliency, crop, 0, NULL, NULL, NULL), cancelled, "");
    expect_failure(alexnet_occlusion_step(occlusion, &done, &more), cancelled, "");
    expect_failure(alexnet_activations_compute(activations, crop), cancelled, "");
    expect_failure(alexnet_patches_step(patches, &done, &more), cancelled, "");
    alexnet_dataset_free(data);
    alexnet_model_free(loaded); /* the others stay valid without it */
    alexnet_ctx_free(mine);
    alexnet_patches_free(patches);
    alexnet_activations_free(activations);
    alexnet_occlusion_free(occlusion);
    alexnet_saliency_free(saliency);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crops),
        cmocka_unit_test(test_gradients_of_a_linear_network),
        cmocka_unit_test(test_gradients_do_not_depend_on_the_last),
        cmocka_unit_test(test_occlusion),
        cmocka_unit_test(test_occlusion_by_default),
        cmocka_unit_test(test_activations),
        cmocka_unit_test(test_the_first_layer),
        cmocka_unit_test(test_patches),
        cmocka_unit_test(test_patches_that_cannot_be),
        cmocka_unit_test(test_answers_that_are_no_numbers),
        cmocka_unit_test(test_cancelling),
    };
    return cmocka_run_group_tests_name("explanation", tests, set_up, tear_down);
}
