/*
 * Two models on the same pictures. Their errors may have intervals that overlap and still differ
 * reliably, because both find the same pictures hard: only those that one of them gets right, and
 * the other wrong, tell them apart.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answers.h"
#include "json.h"
#include "paths.h"
#include "progress.h"
#include "terminal.h"
#include "text.h"

static const double Z = 1.959963984540054; /* of 95% */

typedef struct comparison {
    int64_t both, first, second, neither; /* pictures that are right in both files, in one, ... */
    int64_t apart;                        /* pictures of only one of the files */
    double loss[2];                       /* sums over the common pictures; NAN: not known */
    double losses, squares;               /* of the differences of losses, second less first */
} comparison;

static int64_t common(const comparison *c)
{
    return c->both + c->first + c->second + c->neither;
}

static void add(comparison *c, const answer *a, const answer *b)
{
    const double difference = b->loss - a->loss;
    *(a->correct ? (b->correct ? &c->both : &c->first) : (b->correct ? &c->second : &c->neither)) +=
        1;
    c->loss[0] += a->loss;
    c->loss[1] += b->loss;
    c->losses += difference;
    c->squares += difference * difference;
}

static comparison compare(const answers *a, const answers *b)
{
    comparison c = {0};
    size_t i = 0, j = 0;
    while (i < a->count && j < b->count) {
        const int order = strcmp(a->rows[i].file, b->rows[j].file);
        if (order == 0)
            add(&c, &a->rows[i], &b->rows[j]);
        i += order <= 0;
        j += order >= 0;
        c.apart += order != 0;
    }
    c.apart += (int64_t)(a->count - i + b->count - j);
    return c;
}

/*
 * McNemar's exact test: if both models were equally good, each picture that only one of them has
 * right would be the first's or the second's with equal chance. The probability that these
 * pictures are then divided at least as unevenly as they are.
 */
static double chance(int64_t first, int64_t second)
{
    const int64_t n = first + second, least = first < second ? first : second;
    double term = exp(lgamma((double)n + 1) - lgamma((double)least + 1) -
                      lgamma((double)(n - least) + 1) - (double)n * log(2));
    double sum = 0;
    for (int64_t k = least; k >= 0 && term > 1e-18 * sum; k--) {
        sum += term;
        term *= (double)k / (double)(n - k + 1);
    }
    return fmin(1, 2 * sum);
}

/* The difference of the errors, second less first, and its interval: Bonett and Price (2012),
 * Wald's interval for pairs with one picture added to either side. */
static double error_difference(const comparison *c, double interval[2])
{
    const double n = (double)common(c) + 2;
    const double p = ((double)c->first + 1) / n, q = ((double)c->second + 1) / n;
    const double half = Z * sqrt((p + q - (p - q) * (p - q)) / n);
    interval[0] = fmax(-1, p - q - half);
    interval[1] = fmin(1, p - q + half);
    return (double)(c->first - c->second) / (double)common(c);
}

/* The same for the mean loss; NAN if it is not known. */
static double loss_difference(const comparison *c, double interval[2])
{
    const double n = (double)common(c), mean = c->losses / n;
    const double half = Z * sqrt(fmax(0, c->squares - n * mean * mean) / (n - 1) / n);
    interval[0] = mean - half;
    interval[1] = mean + half;
    return mean;
}

static void error_rates(const comparison *c, double out[2])
{
    out[0] = (double)(c->second + c->neither) / (double)common(c);
    out[1] = (double)(c->first + c->neither) / (double)common(c);
}

static void print_text(const comparison *c, char **files)
{
    double errors[2], interval[2];
    const double difference = error_difference(c, interval);
    error_rates(c, errors);
    printf("pictures      %" PRId64 "\n", common(c));
    printf("both right    %" PRId64 "\n", c->both);
    terminal_line(stdout, "only first    %" PRId64 "  (%s)", c->first, files[0]);
    terminal_line(stdout, "only second   %" PRId64 "  (%s)", c->second, files[1]);
    printf("neither       %" PRId64 "\n", c->neither);
    printf("top-1 errors  %.2f%%, %.2f%%\n", 100 * errors[0], 100 * errors[1]);
    printf("difference    %+.2f points  (95%%: %+.2f to %+.2f)\n", 100 * difference,
           100 * interval[0], 100 * interval[1]);
    printf("by chance     p = %.3g\n", chance(c->first, c->second));
    const double loss = loss_difference(c, interval);
    if (!isfinite(loss))
        return;
    printf("losses        %.4f, %.4f\n", c->loss[0] / (double)common(c),
           c->loss[1] / (double)common(c));
    printf("difference    %+.4f", loss);
    if (isfinite(interval[0]))
        printf("  (95%%: %+.4f to %+.4f)", interval[0], interval[1]);
    putchar('\n');
}

static json_t *pair_json(const double pair[2])
{
    json_t *list = json_array();
    for (int i = 0; i < 2; i++)
        json_array_append_new(list, json_number(pair[i]));
    return list;
}

static void print_json(const comparison *c, char **files)
{
    const double n = (double)common(c), losses[2] = {c->loss[0] / n, c->loss[1] / n};
    double errors[2], interval[2];
    json_t *document = json_object();
    error_rates(c, errors);
    json_object_set_new(document, "first", json_text(files[0]));
    json_object_set_new(document, "second", json_text(files[1]));
    json_object_set_new(document, "images", json_integer(common(c)));
    json_object_set_new(document, "both_correct", json_integer(c->both));
    json_object_set_new(document, "only_first_correct", json_integer(c->first));
    json_object_set_new(document, "only_second_correct", json_integer(c->second));
    json_object_set_new(document, "neither_correct", json_integer(c->neither));
    json_object_set_new(document, "top1_errors", pair_json(errors));
    json_object_set_new(document, "top1_difference", json_number(error_difference(c, interval)));
    json_object_set_new(document, "top1_interval", pair_json(interval));
    json_object_set_new(document, "p", json_number(chance(c->first, c->second)));
    json_object_set_new(document, "losses", pair_json(losses));
    json_object_set_new(document, "loss_difference", json_number(loss_difference(c, interval)));
    json_object_set_new(document, "loss_interval", pair_json(interval));
    json_print(document);
}

/* Compare what the files have in common; the pictures of only one of them are left out. */
static int report(const answers *a, const answers *b, char **files, bool json)
{
    const comparison c = compare(a, b);
    if (common(&c) == 0)
        return cli_error(CLI_BAD_INPUT,
                         "%s and %s have no picture in common, by the column file: measure both "
                         "models on the same DATA",
                         files[0], files[1]);
    if (c.apart)
        progress_say("warning: %" PRId64 " %s of only one of the files %s left out", c.apart,
                     text_plural(c.apart, "picture", "pictures"), c.apart == 1 ? "is" : "are");
    (json ? print_json : print_text)(&c, files);
    return CLI_DONE;
}

int answers_compare(char **files, bool json)
{
    answers a = {0}, b = {0};
    for (int i = 0; i < 2; i++)
        if (path_is_folder(files[i]))
            return cli_error(CLI_USAGE,
                             "%s is a folder, and --compare takes files with a model's answers: "
                             "'%s eval MODEL DATA --images FILE.csv' writes one",
                             files[i], cli_program);
    int code = answers_read(&a, files[0]);
    if (code == CLI_DONE)
        code = answers_read(&b, files[1]);
    if (code == CLI_DONE)
        code = report(&a, &b, files, json);
    answers_free(&a);
    answers_free(&b);
    return code;
}
