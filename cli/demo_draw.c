/* The folders and pictures of the demo. */
#include <stdio.h>
#include <stdlib.h>

#include "demo.h"
#include "draw.h"
#include "paths.h"
#include "progress.h"
#include "signals.h"

/* Validation pictures are a tenth of the training pictures, unseen ones a sixth; at least 2. */
enum { VAL_SHARE = 10, UNSEEN_SHARE = 6, LEAST = 2 };

demo_folders demo_folders_in(const char *out)
{
    return (demo_folders){
        .out = cli_copy(out),
        .pictures = path_join(out, "pictures"),
        .unseen = path_join(out, "unseen"),
        .run = path_join(out, "run"),
    };
}

void demo_folders_free(demo_folders *folders)
{
    free(folders->out);
    free(folders->pictures);
    free(folders->unseen);
    free(folders->run);
    *folders = (demo_folders){0};
}

/* A set of pictures: the numbers from `first` to `first + count - 1` of each class. */
typedef struct picture_set {
    const char *folder;
    int first, count;
} picture_set;

static int draw_class(const picture_set *set, uint64_t seed, int class_index)
{
    char *folder = path_join(set->folder, draw_shape_class(class_index));
    int code = path_make_folder(folder);
    for (int i = 0; i < set->count && code == CLI_DONE; i++) {
        char *path = cli_format("%s/%05d.png", folder, i + 1);
        code = draw_save(draw_shape(seed, class_index, set->first + i), path);
        if (code == CLI_DONE && signals_stopped())
            code = signals_exit_code();
        progress_show((double)i / set->count, "drawing %s", path);
        free(path);
    }
    free(folder);
    return code;
}

static int at_least(int count, int least)
{
    return count > least ? count : least;
}

int demo_draw(const demo_folders *folders, uint64_t seed, int count)
{
    int code = CLI_DONE;
    int held = at_least(count / VAL_SHARE, LEAST), unseen = at_least(count / UNSEEN_SHARE, LEAST);
    char *train = path_join(folders->pictures, "train");
    char *val = path_join(folders->pictures, "val");
    picture_set sets[] = {
        {train, 0, count}, {val, count, held}, {folders->unseen, count + held, unseen}};
    progress_note("drawing ten classes of pictures in %s: of each %d to train on, %d to validate "
                  "with, %d to keep unseen",
                  folders->out, count, held, unseen);
    progress_note("each is a shape and a colour; by shape alone at most %.0f%% can be recognised, "
                  "by colour alone at most %.0f%%",
                  100 * draw_best_by_shape(), 100 * draw_best_by_colour());
    for (size_t s = 0; s < COUNT_OF(sets); s++)
        for (int c = 0; draw_shape_class(c) && code == CLI_DONE; c++)
            code = draw_class(&sets[s], seed, c);
    progress_clear();
    if (signals_stopped())
        progress_say("stopped; %s does not hold all pictures: remove it, and start again",
                     folders->out);
    free(train);
    free(val);
    return code;
}
