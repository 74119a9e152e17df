/*
 * The names of a run's files, and where its folder is while the run is claimed: for run.c and what
 * writes to the folder.
 */
#ifndef AN_TRAIN_RUN_PLACE_H
#define AN_TRAIN_RUN_PLACE_H

#include "train/run.h"

/** Name a run's files. @param folder  for errors @param place  its absolute path */
alexnet_status an_run_name(an_run *run, const char *folder, const char *place);
void an_run_free_names(an_run *run);
/** Name the files by the path, without links, that the folder has now that it is open; where the
 * system does not say, they keep their names, and an_run_follow() does nothing. */
alexnet_status an_run_hold(an_run *run);

#endif
