/*
 * The machine that runs a pickle:
 *
 *     pickle_machine.c  the bytes of the program, the stack, the memo
 *     pickle_opcode.c   what each opcode does
 *     pickle.c          the loop over the opcodes
 */
#ifndef AN_FORMAT_TORCH_PICKLE_MACHINE_H
#define AN_FORMAT_TORCH_PICKLE_MACHINE_H

#include "format/torch/pickle_values.h"

enum { AN_PICKLE_WINDOW = 4096 };

typedef struct an_pickle_machine {
    an_pickle *pickle;
    const an_section *section;
    uint64_t at; /* of the next byte */
    uint64_t opcode_at;
    uint64_t window_at;
    size_t held;
    unsigned char window[AN_PICKLE_WINDOW];
    an_value **stack, **memo;
    size_t depth, stack_room, memo_room, memoized;
    bool stopped;
} an_pickle_machine;

/** Execute an opcode, whose argument the machine reads next. */
alexnet_status an_pickle_step(an_pickle_machine *m, unsigned opcode);

/** The error of a damaged pickle, with the place of the current opcode. */
alexnet_status an_pickle_damaged(const an_pickle_machine *m, const char *what);
/** The error after a value that could not be made. */
alexnet_status an_pickle_full(const an_pickle_machine *m);

/** The next `count` bytes, at most AN_PICKLE_WINDOW; valid until the next call. */
alexnet_status an_pickle_take(an_pickle_machine *m, size_t count, const unsigned char **bytes);
/** The next `width` bytes as a little-endian number. */
alexnet_status an_pickle_take_number(an_pickle_machine *m, size_t width, uint64_t *value);
alexnet_status an_pickle_skip(an_pickle_machine *m, uint64_t count);

/** @param value  NULL: it could not be allocated */
alexnet_status an_pickle_push(an_pickle_machine *m, an_value *value);
alexnet_status an_pickle_pop(an_pickle_machine *m, an_value **value);
alexnet_status an_pickle_top(an_pickle_machine *m, an_value **value);
/** Take the last mark off the stack, and the values above it. @param first  out, their index */
alexnet_status an_pickle_pop_to_mark(an_pickle_machine *m, size_t *first, size_t *count);
/** Put a value into the memo, for opcodes that recall it. */
alexnet_status an_pickle_keep(an_pickle_machine *m, size_t index, an_value *value);

#endif
