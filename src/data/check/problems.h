/*
 * What may be wrong with a data set: a row for each alexnet_problem, in their order.
 */
#ifndef AN_DATA_CHECK_PROBLEMS_H
#define AN_DATA_CHECK_PROBLEMS_H

#include "alexnet/alexnet.h"

enum { AN_PROBLEMS = ALEXNET_PROBLEM_INCOMPLETE };
extern const alexnet_problem_info an_problems[AN_PROBLEMS];

#endif
