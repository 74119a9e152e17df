/*
 * What the other files of a trainer ask of it: what its programs are compiled for, and which values
 * of its parameters are the result.
 */
#include "train/trainer_impl.h"

an_program_options an_trainer_purpose(const alexnet_trainer *t, int batch)
{
    an_program_options options = an_program_training(batch, t->record.split);
    options.batches = t->net->backend->api->copy_ahead ? 2 : 1;
    options.frozen = t->frozen;
    options.accumulate = t->parts > 1;
    options.clip = an_recipe_ever(t->recipe, AN_KEY_CLIP);
    options.masks = !(t->trial && t->trial->still);
    return options;
}

an_program_options an_trainer_validation(const alexnet_trainer *t, int batch)
{
    an_program_options options = an_program_inference(batch, batch);
    options.values = an_trainer_result(t);
    return options;
}

an_arena an_trainer_result(const alexnet_trainer *t)
{
    const an_arena average = an_net_find_arena(t->net, AN_ARENA_AVERAGE);
    return average < 0 ? AN_VALUES : average;
}
