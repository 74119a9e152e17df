/* What a network answers for a picture, and which of its classes is explained. */
#include <stdlib.h>
#include <string.h>

#include "explain.h"

/* Whether a word is one of several names, as in "tench, Tinca tinca". */
static bool is_among(const char *names, const char *word)
{
    const size_t length = strlen(word);
    for (const char *name = names; *name; name += strspn(name, ", ")) {
        const size_t n = strcspn(name, ",");
        if (n == length && memcmp(name, word, n) == 0)
            return true;
        name += n;
    }
    return false;
}

/* Ways to name a class, in the order in which they are tried: a class may be called "7". */
enum { BY_IDENTIFIER, BY_NAMES, BY_PLACE, BY_ONE_NAME, WAYS };

static bool is_called(const alexnet_model *model, int index, const char *word, int way)
{
    char *end;
    switch (way) {
    case BY_IDENTIFIER: return strcmp(alexnet_model_class_id(model, index), word) == 0;
    case BY_NAMES: return strcmp(alexnet_model_class_name(model, index), word) == 0;
    case BY_PLACE: return strtol(word, &end, 10) == index && *word && !*end;
    default: return is_among(alexnet_model_class_name(model, index), word);
    }
}

/* @param other  another class of the same name ("crane" is a bird and a machine), or -1 */
static int find_class(const alexnet_model *model, const char *word, int *other)
{
    const int count = alexnet_model_class_count(model);
    int found = -1;
    *other = -1;
    for (int way = 0; way < WAYS && found < 0; way++)
        for (int i = 0; i < count && *other < 0; i++)
            if (is_called(model, i, word, way))
                *(found < 0 ? &found : other) = i;
    return found;
}

static int no_such_class(const explain_job *job, const char *word)
{
    const alexnet_model *model = job->model;
    const int count = alexnet_model_class_count(model);
    const char **names = cli_alloc((size_t)count * sizeof *names);
    for (int i = 0; i < count; i++)
        names[i] = alexnet_model_class_name(model, i);
    const char *near = alexnet_word_nearest(word, names, count);
    free(names);
    if (near)
        return cli_error(CLI_USAGE, "the model has no class %s; did you mean %s?", word, near);
    char *path = cli_quote(job->model_path);
    const int code = cli_error(CLI_USAGE,
                               "the model has no class %s; it has %d, which '%s info %s --json' "
                               "lists; --class takes a name, or a number from 0 to %d",
                               word, count, cli_program, path, count - 1);
    free(path);
    return code;
}

/* Find the class that the job names, or else the best; `best` is set. */
static int choose_class(explanation *found, const explain_job *job)
{
    int other = -1;
    const char *word = job->options->class_name;
    const alexnet_model *model = job->model;
    found->class_index = word ? find_class(model, word, &other) : found->best[0].index;
    if (found->class_index < 0)
        return no_such_class(job, word);
    if (other >= 0)
        return cli_error(
            CLI_USAGE,
            "--class %s: %s (%d) and %s (%d) both have this name; give the number of one", word,
            alexnet_model_class_id(model, found->class_index), found->class_index,
            alexnet_model_class_id(model, other), other);
    found->class_name = alexnet_model_class_name(model, found->class_index);
    return CLI_DONE;
}

/* All classes are asked for, so that the probability of any of them is known. */
static int classify(explanation *found, const explain_job *job)
{
    alexnet_session *session;
    const int count = alexnet_model_class_count(job->model);
    alexnet_prediction *all = cli_alloc((size_t)count * sizeof *all);
    alexnet_status status = alexnet_session_new(&session, job->model, NULL);
    int code = cli_code(status);
    if (code == CLI_DONE) {
        status = alexnet_classify_file(session, job->picture, count, all);
        code = cli_input_code(status);
    }
    if (code == CLI_DONE) {
        found->top = count < EXPLAIN_TOP ? count : EXPLAIN_TOP;
        memcpy(found->best, all, (size_t)found->top * sizeof *all);
        code = choose_class(found, job);
    }
    for (int i = 0; i < count && code == CLI_DONE; i++)
        if (all[i].index == found->class_index)
            found->probability = all[i].probability;
    alexnet_session_free(session);
    free(all);
    return code;
}

int explain_look(explanation *found, const explain_job *job)
{
    const alexnet_network *network = alexnet_model_network(job->model);
    const int side = alexnet_network_side(network);
    *found = (explanation){.picture = job->picture, .side = side};
    found->crop = cli_alloc((size_t)side * (size_t)side * 3);
    alexnet_status status = alexnet_crop_file(network, job->picture, found->crop);
    return status ? cli_input_code(status) : classify(found, job);
}

void explain_forget(explanation *found)
{
    free(found->crop);
    free(found->gradient);
    free(found->drops);
}
