/*
 * Event files, which TensorBoard shows: scalars, histograms and pictures over the updates of a run.
 *
 *     file   = record*
 *     record = length (8 bytes, little-endian), masked CRC-32C of these, an Event, its masked
 *              CRC-32C
 *
 * Event and Summary are messages of protocol buffers. Sources: event.proto and summary.proto of
 * TensorFlow for the field numbers, record_writer.cc for the records.
 */
#ifndef AN_TRAIN_EVENTS_H
#define AN_TRAIN_EVENTS_H

#include "alexnet/alexnet.h"

alexnet_status an_events_open(alexnet_events **out, const char *folder, int64_t step);
alexnet_status an_events_scalar(alexnet_events *events, int64_t step, const char *tag,
                                double value);
alexnet_status an_events_histogram(alexnet_events *events, int64_t step, const char *tag,
                                   const float *values, int64_t count);
alexnet_status an_events_picture(alexnet_events *events, int64_t step, const char *tag,
                                 const void *png, size_t length);
void an_events_free(alexnet_events *events); /* NULL allowed */

#endif
