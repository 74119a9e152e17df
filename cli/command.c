#include "command.h"

#include <stdlib.h>
#include <string.h>

#include "cli.h"

const command *command_find(const command_list *list, const char *name)
{
    for (const command *c = list->rows; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

/* The command that a mistyped word, or one of another program, means; or NULL. */
static const char *command_meant(const command_list *list, const char *word)
{
    int count = 0;
    for (const command *c = list->rows; c->name; c++)
        count++;
    const int own = count;
    for (const synonym *s = list->synonyms; s->word; s++)
        count++;
    const char **words = cli_alloc((size_t)count * sizeof *words), *meant = NULL;
    for (int i = 0; i < count; i++)
        words[i] = i < own ? list->rows[i].name : list->synonyms[i - own].word;
    const char *near = alexnet_word_nearest(word, words, count);
    for (int i = 0; near && i < count && !meant; i++)
        if (words[i] == near)
            meant = i < own ? near : list->synonyms[i - own].ours;
    free(words);
    return meant;
}

int command_unknown(const command_list *list, const char *name)
{
    const char *before = list->before, *blank = *before ? " " : "";
    const char *meant = command_meant(list, name);
    if (meant)
        return cli_error(CLI_USAGE, "there is no command '%s%s%s'; did you mean '%s %s%s%s'?",
                         before, blank, name, cli_program, before, blank, meant);
    return cli_error(CLI_USAGE, "there is no command '%s%s%s'; '%s help%s%s' lists them", before,
                     blank, name, cli_program, blank, before);
}

void command_each(const command_list *list, const char *word)
{
    for (const command *c = list->rows; c->name; c++) {
        char *copy = cli_copy(word), *line[] = {copy, NULL};
        c->run(1, line);
        free(copy);
        if (c->parts)
            command_each(c->parts, word);
    }
}
