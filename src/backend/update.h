/*
 * The list of segments as backends keep it whose memory is the host's: update_prepare(),
 * update_free() and hold() of their tables.
 */
#ifndef AN_BACKEND_UPDATE_H
#define AN_BACKEND_UPDATE_H

#include "backend/backend.h"

struct an_update {
    int count;
    an_segment segments[];
};

alexnet_status an_update_prepare(an_backend *backend, const an_segment *segments, int count,
                                 an_update **out);
void an_update_free(an_backend *backend, an_update *update);
alexnet_status an_update_hold(an_backend *backend, const an_results *results, an_rates *rates,
                              int count);

#endif
