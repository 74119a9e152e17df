/*
 * Fields of a JSON object. One list of fields serves both directions: a field is packed into the
 * object or unpacked from it.
 */
#ifndef AN_TRAIN_EXCHANGE_H
#define AN_TRAIN_EXCHANGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct an_exchange {
    json_t *object;
    bool writing;
    bool failed;         /* memory was short */
    const char *missing; /* first field that was absent or of another type: a literal */
} an_exchange;

void an_exchange_int(an_exchange *x, const char *key, int64_t *value);
void an_exchange_number(an_exchange *x, const char *key, double *value);
/** A text of at most room - 1 bytes; a longer one is cut off. */
void an_exchange_word(an_exchange *x, const char *key, char *value, size_t room);
/**
 * A text of any length; owned.
 * @param standard  the value of an absent one; NULL: it is required
 */
void an_exchange_text(an_exchange *x, const char *key, char **value, const char *standard);
/** A 64-bit number that is not a count, as hexadecimal text. */
void an_exchange_wide(an_exchange *x, const char *key, uint64_t *value);
/** A flag, written only if it is true. */
void an_exchange_flag(an_exchange *x, const char *key, bool *flag);

/** A nested object; to be ended with an_exchange_leave(). */
an_exchange an_exchange_enter(an_exchange *x, const char *key);
void an_exchange_leave(an_exchange *x, an_exchange *inner);

/** A field of another kind. If the object lacks it: NULL, and `missing` is set. */
json_t *an_exchange_take(an_exchange *x, const char *key);
/** @param value  now owned by the object; NULL if memory was short */
void an_exchange_put(an_exchange *x, const char *key, json_t *value);

#endif
