#include "infer/saliency.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/team.h"
#include "infer/centre.h"
#include "infer/views.h"

static alexnet_status make_buffers(an_saliency *s)
{
    const alexnet_network *network = s->net->network;
    size_t side = (size_t)network->input.side, size = (size_t)network->input.size;
    size_t classes = (size_t)network->classes;
    s->stored = an_calloc(side * side, 3);
    s->scores = an_calloc(classes, sizeof *s->scores);
    s->seed = an_calloc(classes, sizeof *s->seed);
    size_t channels = (size_t)an_channel_count(network->input.channels);
    s->gradient = an_calloc(channels * size * size, sizeof *s->gradient);
    if (s->stored && s->scores && s->seed && s->gradient)
        return ALEXNET_OK;
    return AN_FAIL_MEMORY(channels * size * size * sizeof *s->gradient, "a gradient of the input");
}

alexnet_status an_saliency_new(an_saliency **out, an_net *net)
{
    alexnet_status rc = ALEXNET_OK;
    *out = NULL;
    an_saliency *s = an_calloc(1, sizeof *s);
    if (!s)
        return AN_FAIL_MEMORY(sizeof *s, "a saliency map");
    s->net = an_net_retain(net);
    s->scores_layer = an_network_scores_layer(net->network);
    AN_TRY(make_buffers(s));
    an_program_options options = {
        .slots = 1, .pictures = 1, .gradients = AN_OF_INPUT, .keep = &s->scores_layer, .n_keep = 1};
    AN_TRY(an_program_compile(&s->program, net, &options));
    AN_TRY(an_program_pack(s->program));
    *out = s;
    s = NULL;
cleanup:
    an_saliency_free(s);
    return rc;
}

void an_saliency_free(an_saliency *s)
{
    if (!s)
        return;
    an_program_free(s->program);
    an_free(s->stored);
    an_free(s->scores);
    an_free(s->seed);
    an_free(s->gradient);
    an_net_release(s->net);
    an_free(s);
}

static alexnet_status run(an_saliency *s, const uint8_t *crop, int class_index)
{
    const an_input *input = &s->net->network->input;
    const an_step_state state = {0};
    an_slot slot = {.picture = 0, .label = -1};
    an_view_place(&slot, input->side, input->size, AN_VIEW_CENTRE);
    an_centre_lay(s->stored, s->net->network, crop);
    memset(s->seed, 0, (size_t)s->net->network->classes * sizeof *s->seed);
    s->seed[class_index] = 1;
    AN_CHECK(an_program_seed(s->program, s->scores_layer, s->seed));
    AN_CHECK(an_program_feed(s->program, s->stored, &slot, &state));
    AN_CHECK(an_program_run(s->program));
    AN_CHECK(an_program_read(s->program, s->scores_layer, s->scores));
    return an_program_input_gradient(s->program, s->gradient);
}

/* Convert the gradient of the network's scaled channels to grey levels of R, G, B. For a grey
 * network the map is that of its only channel. */
static void of_pixels(const an_saliency *s, float *gradient, float *map)
{
    const an_input *input = &s->net->network->input;
    size_t plane = (size_t)input->size * (size_t)input->size;
    for (size_t i = 0; i < plane; i++) {
        float largest = 0;
        double of_colour[3] = {0};
        for (int c = 0; c < an_channel_count(input->channels); c++) {
            double value = input->scale[c] * s->gradient[(size_t)c * plane + i];
            largest = fmaxf(largest, fabsf((float)value));
            for (int colour = 0; colour < 3; colour++)
                of_colour[colour] += an_channel_share(input->channels, c, colour) * value;
        }
        for (int colour = 0; colour < 3 && gradient; colour++)
            gradient[3 * i + (size_t)colour] = (float)of_colour[colour];
        if (map)
            map[i] = largest;
    }
}

static alexnet_status check_numbers(const an_saliency *s, int class_index)
{
    const an_input *input = &s->net->network->input;
    const int64_t count = (int64_t)an_channel_count(input->channels) * input->size * input->size;
    if (isfinite(s->scores[class_index]) && an_all_finite(s->gradient, count, AN_F32))
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_BAD_MODEL,
                   "the gradient that the model computes is not a number: its weights are damaged, "
                   "or too large");
}

alexnet_status an_saliency_compute(an_saliency *s, const uint8_t *crop, int class_index,
                                   float *score, float *gradient, float *map)
{
    AN_CHECK(an_compute_check(s->net->ctx));
    AN_CHECK(run(s, crop, class_index));
    AN_CHECK(check_numbers(s, class_index));
    of_pixels(s, gradient, map);
    if (score)
        *score = s->scores[class_index];
    return ALEXNET_OK;
}
