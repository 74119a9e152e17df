#include "train/trainer.h"

#include "api/options.h"
#include "base/status.h"
#include "infer/session.h"
#include "train/run_data.h"

alexnet_status alexnet_trainer_new(alexnet_trainer **out, alexnet_ctx *ctx,
                                   const alexnet_dataset *train, const alexnet_dataset *val,
                                   const alexnet_trainer_options *options)
{
    AN_NEED(out);
    alexnet_trainer_options o = ALEXNET_TRAINER_OPTIONS_INIT;
    *out = NULL;
    AN_NEED(ctx);
    AN_NEED(train);
    AN_CHECK(an_options_take(&o, sizeof o, options));
    if (!o.out_dir)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "out_dir, the run's folder, is not set");
    AN_CHECK(an_check_number("split", o.split, 0, AN_SPLIT_MAX));
    return an_trainer_new(out, ctx, train, val, &o, NULL);
}

alexnet_status alexnet_trainer_resume(alexnet_trainer **out, alexnet_ctx *ctx, const char *run_dir,
                                      const alexnet_resume_options *options)
{
    AN_NEED(out);
    alexnet_resume_options o = ALEXNET_RESUME_OPTIONS_INIT;
    *out = NULL;
    AN_NEED(ctx);
    AN_NEED(run_dir);
    AN_CHECK(an_options_take(&o, sizeof o, options));
    const char *twice = o.train && o.train_data ? "train" : o.val && o.val_data ? "val" : NULL;
    if (twice)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT,
                       "%s and %s_data are both set: name the pictures once", twice, twice);
    for (const char *const *s = o.settings; s && s[0]; s += 2)
        if (!s[1])
            return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "the setting %s has no value", s[0]);
    return an_trainer_resume(out, ctx, run_dir, &o);
}

alexnet_status alexnet_trainer_step(alexnet_trainer *trainer, alexnet_progress *progress,
                                    bool *more)
{
    AN_NEED(trainer);
    AN_NEED(progress);
    AN_NEED(more);
    return an_trainer_step(trainer, progress, more);
}

int alexnet_trainer_best(const alexnet_trainer *trainer, alexnet_metrics *metrics)
{
    const bool any = trainer && !trainer->best_lost;
    if (metrics)
        *metrics = any ? trainer->record.best : (alexnet_metrics){0};
    return any ? (int)trainer->record.best_epoch : 0;
}

int64_t alexnet_trainer_bad(const alexnet_trainer *trainer)
{
    return trainer ? trainer->bad : 0;
}

alexnet_status alexnet_trainer_save(alexnet_trainer *trainer)
{
    AN_NEED(trainer);
    return an_trainer_save(trainer);
}

void alexnet_trainer_memory(const alexnet_trainer *trainer, alexnet_memory *memory)
{
    if (memory)
        *memory = (alexnet_memory){0};
    if (trainer && memory)
        an_trainer_memory(trainer, memory);
}

void alexnet_trainer_disk(const alexnet_trainer *trainer, alexnet_disk *disk)
{
    if (disk)
        *disk = (alexnet_disk){0};
    if (trainer && disk)
        an_trainer_disk(trainer, disk);
}

const char *alexnet_trainer_folder(const alexnet_trainer *trainer)
{
    return trainer ? trainer->run.folder : NULL;
}

const alexnet_network *alexnet_trainer_network(const alexnet_trainer *trainer)
{
    return trainer ? trainer->net->network : NULL;
}

int alexnet_trainer_tensor_count(const alexnet_trainer *trainer)
{
    return trainer ? trainer->net->count : 0;
}

alexnet_status alexnet_trainer_tensor(alexnet_trainer *trainer, int index,
                                      alexnet_tensor_info *info)
{
    AN_NEED(trainer);
    AN_NEED(info);
    *info = (alexnet_tensor_info){0};
    if (index < 0 || index >= trainer->net->count)
        return AN_FAIL(ALEXNET_ERROR_INVALID_ARGUMENT, "tensor %d of a run with %d", index,
                       trainer->net->count);
    return an_trainer_tensor(trainer, index, info);
}

bool alexnet_trainer_norms(const alexnet_trainer *trainer, int index, alexnet_norms *norms)
{
    if (norms)
        *norms = (alexnet_norms){0};
    if (!trainer || !norms || !trainer->norms.latest || index < 0 || index >= trainer->net->count ||
        !trainer->norms.latest[index].step)
        return false;
    *norms = trainer->norms.latest[index];
    return true;
}

void alexnet_trainer_free(alexnet_trainer *trainer)
{
    an_trainer_free(trainer);
}

alexnet_status alexnet_run_validation(alexnet_dataset **out, alexnet_ctx *ctx, const char *run_dir,
                                      const alexnet_model *classes_of)
{
    AN_NEED(out);
    *out = NULL;
    AN_NEED(ctx);
    AN_NEED(run_dir);
    AN_NEED(classes_of);
    an_class_list list = an_classes_list(&classes_of->classes);
    return an_run_validation(out, ctx, run_dir, &list);
}

alexnet_status alexnet_run_warn_seen(alexnet_ctx *ctx, const char *run_dir,
                                     const alexnet_dataset *data)
{
    AN_NEED(ctx);
    AN_NEED(run_dir);
    AN_NEED(data);
    return an_run_warn_seen(ctx, run_dir, data);
}

bool alexnet_is_checkpoint(const char *path)
{
    return path && an_is_checkpoint(path);
}
