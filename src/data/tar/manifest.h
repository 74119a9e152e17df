/*
 * The manifest of a pack, as far as everyone who opens its archives reads it: its name, version and
 * options. src/data/pack/ writes it, and reads the rest of it.
 */
#ifndef AN_DATA_TAR_MANIFEST_H
#define AN_DATA_TAR_MANIFEST_H

#include <jansson.h>
#include <stdbool.h>

#include "alexnet/alexnet.h"

#define AN_MANIFEST "manifest.json"
#define AN_MANIFEST_FORMAT "alexnet pack"
enum { AN_MANIFEST_VERSION = 1 };
/** No manifest has more bytes. */
#define AN_MANIFEST_MAX ((size_t)256 << 20)

/** Whether a manifest has the version of the format that is read; the error if it has not. */
bool an_manifest_is_version(const json_t *manifest);
alexnet_status an_manifest_fail_version(const char *name);

/** The options that a pack was begun with, as "`side` 256 `fit` short"; those at their defaults
 *  too. */
void an_manifest_options_text(char *out, size_t room, const json_t *manifest);
/** The options that differ, as they were and as they are now.
 *  @param objects  "stored" and "order" of a manifest, then the same of now */
void an_manifest_differences(char *then, char *now, size_t room, const json_t *const objects[4]);

#endif
