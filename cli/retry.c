#include "retry.h"

#include <math.h>
#include <time.h>

#include "library_text.h"
#include "progress.h"
#include "signals.h"
#include "text.h"

static const double FIRST_PAUSE = 10, LONGEST_PAUSE = 300; /* seconds */

/* Signals may come at any moment, also just before a long sleep begins: it is made of short ones.
 */
static void sleep_until(double end)
{
    const struct timespec tick = {.tv_nsec = 100000000};
    while (progress_clock() < end && !signals_stopped() && !signals_save_asked())
        nanosleep(&tick, NULL);
}

bool retry_wait(retry *trouble)
{
    char next[TEXT_SIZE], most[TEXT_SIZE];
    const double now = progress_clock();
    if (!trouble->pause)
        trouble->began = now;
    const double rest = trouble->began + 60.0 * (double)trouble->minutes - now;
    if (rest <= 0)
        return false;
    trouble->pause = trouble->pause ? fmin(2 * trouble->pause, LONGEST_PAUSE) : FIRST_PAUSE;
    const double pause = fmin(trouble->pause, rest);
    progress_say("warning: %s", library_error());
    progress_say("the run waits for this to pass: the next attempt is in %s, the last one in %s "
                 "(--wait)",
                 text_duration(next, pause), text_duration(most, rest));
    sleep_until(now + pause);
    return true;
}

void retry_passed(retry *trouble)
{
    char after[TEXT_SIZE];
    if (trouble->pause)
        progress_say("the run goes on, after %s",
                     text_duration(after, progress_clock() - trouble->began));
    trouble->pause = 0;
}
