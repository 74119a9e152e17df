/*
 * The sums of the mean image in a checkpoint that was written during their pass. They are integers,
 * so that a resumed pass gives the same bits as one that was not interrupted.
 */
#include "base/status.h"
#include "train/trainer_impl.h"

static const char sums_name[] = "mean.sums", products_name[] = "mean.products";

static an_shape shape_of_sums(const an_moments *m)
{
    return an_shape_of(3, m->side, m->side, 3);
}

int an_trainer_mean_tensors(const alexnet_trainer *t, an_model_tensor tensors[2])
{
    const an_moments *m = &t->mean;
    if (t->record.mean_done == 0)
        return 0;
    tensors[0] = (an_model_tensor){sums_name, AN_I64, shape_of_sums(m), m->sums};
    tensors[1] =
        (an_model_tensor){products_name, AN_I64, an_shape_of(1, AN_COLOUR_PAIRS), m->products};
    return 2;
}

/* Checkpoints of earlier versions count bad pictures of this phase, but hold no sums. */
void an_trainer_forget_mean(alexnet_trainer *t)
{
    t->record.epoch = t->record.interval = (an_tally){0};
    t->record.skipped = 0;
    t->record.mean_done = 0;
    an_moments_free(&t->mean);
}

static alexnet_status check_place(const alexnet_trainer *t)
{
    const an_run_state *r = &t->record;
    if (r->mean_done < r->train.count && r->mean_done % t->batch == 0 &&
        r->epoch.skipped <= r->mean_done)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "%s: its record of progress is damaged: the mean of %lld of %lld pictures in "
                   "batches of %d, %lld of them unreadable",
                   t->run.last, (long long)r->mean_done, (long long)r->train.count, t->batch,
                   (long long)r->epoch.skipped);
}

alexnet_status an_trainer_read_mean(alexnet_trainer *t, an_tensor_file *file)
{
    an_moments *m = &t->mean;
    if (t->record.phase != AN_PHASE_MEAN)
        return ALEXNET_OK;
    if (t->record.mean_done == 0) {
        an_trainer_forget_mean(t);
        return ALEXNET_OK;
    }
    AN_CHECK(check_place(t));
    AN_CHECK(an_moments_new(m, t->net->network->input.side));
    m->pictures = t->record.mean_done - t->record.epoch.skipped;
    AN_CHECK(an_tensor_file_read(file, sums_name, shape_of_sums(m), AN_I64, m->sums));
    return an_tensor_file_read(file, products_name, an_shape_of(1, AN_COLOUR_PAIRS), AN_I64,
                               m->products);
}
