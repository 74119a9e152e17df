#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "train/budget.h"
#include "train/trainer_impl.h"

void an_trainer_origin(const alexnet_trainer *t, an_run_state *record)
{
    const an_backend *be = t->net->backend;
    snprintf(record->device, sizeof record->device, "%s", be->info.name);
    snprintf(record->isa, sizeof record->isa, "%s", be->info.isa);
    snprintf(record->library, sizeof record->library, "%s", be->info.library);
    record->deterministic = be->deterministic;
    snprintf(record->precision, sizeof record->precision, "%s", an_backend_computes_in(be));
}

char *an_trainer_tuning(const alexnet_trainer *t)
{
    char *training = an_program_tuning(t->program), *validation = NULL, *both = NULL;
    if (training && t->runner)
        validation = an_program_tuning(t->runner->program);
    if (training && (validation || !t->runner))
        both = an_format("%s%s", training, validation ? validation : "");
    an_free(training);
    an_free(validation);
    return both;
}

/* The values of a parameter, copied only from a device or from another type: fc6 of AlexNet takes
 * 144 MiB, which the memory reported at the start does not include. */
static alexnet_status values_of(alexnet_trainer *t, int index, const float **values)
{
    const int64_t count = t->net->params[index].count;
    const an_backend *be = t->net->backend;
    if (!be->api->available && be->param_dtype == AN_F32) {
        *values = an_net_at(t->net, AN_VALUES, index);
        return ALEXNET_OK;
    }
    an_free(t->tensor);
    t->tensor = an_calloc((size_t)count, sizeof *t->tensor);
    if (!t->tensor)
        return AN_FAIL_MEMORY((size_t)count * sizeof *t->tensor, "a copy of a tensor");
    *values = t->tensor;
    return an_net_read(t->net, AN_VALUES, index, t->tensor, AN_F32);
}

alexnet_status an_trainer_tensor(alexnet_trainer *t, int index, alexnet_tensor_info *info)
{
    const an_param *param = &t->net->params[index];
    const float *values;
    AN_CHECK(values_of(t, index, &values));
    *info = (alexnet_tensor_info){.name = param->name, .rank = param->shape.rank, .data = values};
    memcpy(info->shape, param->shape.dim, sizeof info->shape);
    return ALEXNET_OK;
}

double an_trainer_rate(const alexnet_trainer *t)
{
    int64_t step = t->record.step - 1;
    if (step < 0)
        return 0;
    return an_recipe_number(t->recipe, AN_KEY_RATE, NULL, (double)(step / t->steps_per_epoch + 1)) *
           an_schedule_factor(t->recipe, &t->record.drops, step, t->steps_per_epoch);
}

void an_trainer_memory(const alexnet_trainer *t, alexnet_memory *memory)
{
    an_program_memory p = an_program_bytes(t->program), v = {0};
    if (t->runner)
        v = an_program_bytes(t->runner->program);
    an_budget_sum(memory, t, &p, &v, an_net_packed_bytes(t->net), t->batch);
}

/* While a checkpoint is written, the one that it replaces is still there; and the oldest of an
 * epoch is removed only once the newest is complete. */
void an_trainer_disk(const alexnet_trainer *t, alexnet_disk *disk)
{
    const int64_t keep = an_recipe_integer(t->recipe, AN_KEY_KEEP);
    const int64_t kept = keep < t->epochs ? keep : t->epochs;
    const int64_t most = keep && kept < t->epochs ? kept + 1 : kept;
    const uint64_t checkpoint = an_model_file_bytes(t->net, true);
    const uint64_t model = an_model_file_bytes(t->net, false);
    *disk = (alexnet_disk){.checkpoint = checkpoint,
                           .model = model,
                           .kept = model + (uint64_t)(1 + kept) * checkpoint,
                           .peak = model + (uint64_t)(2 + most) * checkpoint};
}
