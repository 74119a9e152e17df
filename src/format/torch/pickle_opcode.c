/*
 * What each opcode of a pickle does.
 */
#include <string.h>

#include "base/status.h"
#include "base/utf8.h"
#include "format/torch/pickle_globals.h"
#include "format/torch/pickle_machine.h"

enum { TEXT_MAX = 1024, LINE_MAX = 256, PROTOCOL_MAX = 5 };

typedef alexnet_status opcode_step(an_pickle_machine *m, unsigned opcode);

/* ---- Numbers and texts ---- */

static alexnet_status push_int(an_pickle_machine *m, int64_t value)
{
    an_value *made = an_value_new(m->pickle, AN_VALUE_INT);
    if (made)
        made->is.integer = value;
    return an_pickle_push(m, made);
}

/* Push a copy of a text. One that has a zero byte, or is not UTF-8, becomes opaque. */
static alexnet_status push_text(an_pickle_machine *m, const unsigned char *bytes, size_t length)
{
    an_value *made = an_value_new(m->pickle, AN_VALUE_TEXT);
    char *text = an_pickle_alloc(m->pickle, length + 1);
    if (!made || !text)
        return an_pickle_full(m);
    memcpy(text, bytes, length);
    made->is.text = text;
    return an_pickle_push(m, memchr(text, 0, length) || !an_is_utf8(text) ? &an_value_other : made);
}

static alexnet_status do_int(an_pickle_machine *m, unsigned opcode)
{
    uint64_t value;
    const size_t width = opcode == 'K' ? 1 : opcode == 'M' ? 2 : 4;
    AN_CHECK(an_pickle_take_number(m, width, &value));
    return push_int(m, opcode == 'J' ? (int32_t)(uint32_t)value : (int64_t)value);
}

/* An integer of any length, in two's complement. One of more than 8 bytes becomes opaque. */
static alexnet_status do_long(an_pickle_machine *m, unsigned opcode)
{
    uint64_t length, value = 0;
    AN_CHECK(an_pickle_take_number(m, opcode == 0x8a ? 1 : 4, &length));
    if (length > sizeof value) {
        AN_CHECK(an_pickle_skip(m, length));
        return an_pickle_push(m, &an_value_other);
    }
    AN_CHECK(an_pickle_take_number(m, (size_t)length, &value));
    if (length && length < sizeof value && value >> (8 * length - 1))
        value |= ~(uint64_t)0 << (8 * length);
    return push_int(m, (int64_t)value);
}

static alexnet_status do_float(an_pickle_machine *m, unsigned opcode)
{
    (void)opcode;
    AN_CHECK(an_pickle_skip(m, 8));
    return an_pickle_push(m, &an_value_other);
}

/* How many bytes the length after an opcode has. */
static size_t length_width(unsigned opcode)
{
    if (opcode == 0x8c || opcode == 'U' || opcode == 'C')
        return 1;
    return opcode == 'X' || opcode == 'T' || opcode == 'B' ? 4 : 8;
}

static alexnet_status do_text(an_pickle_machine *m, unsigned opcode)
{
    const unsigned char *bytes;
    uint64_t length;
    AN_CHECK(an_pickle_take_number(m, length_width(opcode), &length));
    if (length > TEXT_MAX) {
        AN_CHECK(an_pickle_skip(m, length));
        return an_pickle_push(m, &an_value_other);
    }
    AN_CHECK(an_pickle_take(m, (size_t)length, &bytes));
    return push_text(m, bytes, (size_t)length);
}

static alexnet_status do_bytes(an_pickle_machine *m, unsigned opcode)
{
    uint64_t length;
    AN_CHECK(an_pickle_take_number(m, length_width(opcode), &length));
    AN_CHECK(an_pickle_skip(m, length));
    return an_pickle_push(m, &an_value_other);
}

static alexnet_status do_constant(an_pickle_machine *m, unsigned opcode)
{
    return an_pickle_push(m, opcode == 'N' ? &an_value_none : &an_value_other);
}

/* ---- Containers ---- */

static alexnet_status do_mark(an_pickle_machine *m, unsigned opcode)
{
    (void)opcode;
    return an_pickle_push(m, &an_value_mark);
}

static alexnet_status do_empty(an_pickle_machine *m, unsigned opcode)
{
    const an_value_kind kind = opcode == ')'   ? AN_VALUE_TUPLE
                               : opcode == ']' ? AN_VALUE_LIST
                                               : AN_VALUE_DICT;
    return an_pickle_push(m, an_value_new(m->pickle, kind));
}

static alexnet_status push_items(an_pickle_machine *m, an_value_kind kind, size_t first,
                                 size_t count)
{
    an_value *made = an_value_new(m->pickle, kind);
    if (!made)
        return an_pickle_full(m);
    for (size_t i = 0; i < count; i++) {
        if (m->stack[first + i] == &an_value_mark)
            return an_pickle_damaged(m, "a value is missing");
        if (!an_value_add(m->pickle, made, NULL, m->stack[first + i]))
            return an_pickle_full(m);
    }
    return an_pickle_push(m, made);
}

/* A tuple or list of all above the mark. */
static alexnet_status do_marked(an_pickle_machine *m, unsigned opcode)
{
    size_t first, count;
    AN_CHECK(an_pickle_pop_to_mark(m, &first, &count));
    return push_items(m, opcode == 't' ? AN_VALUE_TUPLE : AN_VALUE_LIST, first, count);
}

/* A tuple of one, two or three. */
static alexnet_status do_tuple(an_pickle_machine *m, unsigned opcode)
{
    const size_t count = opcode - 0x84;
    if (m->depth < count)
        return an_pickle_damaged(m, "a value is missing");
    m->depth -= count;
    return push_items(m, AN_VALUE_TUPLE, m->depth, count);
}

/* Put items into the value on top of the stack, which must be of `kind` or opaque. */
static alexnet_status put(an_pickle_machine *m, an_value_kind kind, size_t first, size_t count)
{
    an_value *into;
    AN_CHECK(an_pickle_top(m, &into));
    if (into->kind == AN_VALUE_OTHER)
        return ALEXNET_OK;
    if (into->kind != kind)
        return an_pickle_damaged(m, "items are put into a value that has none");
    if (kind == AN_VALUE_DICT && count % 2)
        return an_pickle_damaged(m, "a key without a value");
    const size_t step = kind == AN_VALUE_DICT ? 2 : 1;
    for (size_t i = first; i < first + count; i += step)
        if (!an_value_add(m->pickle, into, step == 2 ? m->stack[i] : NULL, m->stack[i + step - 1]))
            return an_pickle_full(m);
    return ALEXNET_OK;
}

/* Put a single item: a value into a list, or a key and a value into a dict. */
static alexnet_status do_put_one(an_pickle_machine *m, unsigned opcode)
{
    const size_t count = opcode == 'a' ? 1 : 2;
    an_value *value;
    for (size_t i = 0; i < count; i++)
        AN_CHECK(an_pickle_pop(m, &value));
    return put(m, opcode == 'a' ? AN_VALUE_LIST : AN_VALUE_DICT, m->depth, count);
}

static alexnet_status do_put_marked(an_pickle_machine *m, unsigned opcode)
{
    size_t first, count;
    AN_CHECK(an_pickle_pop_to_mark(m, &first, &count));
    return put(m, opcode == 'u' ? AN_VALUE_DICT : AN_VALUE_LIST, first, count);
}

/* Sets are opaque. */
static alexnet_status do_set(an_pickle_machine *m, unsigned opcode)
{
    size_t first, count;
    if (opcode != 0x8f)
        AN_CHECK(an_pickle_pop_to_mark(m, &first, &count));
    return opcode == 0x90 ? ALEXNET_OK : an_pickle_push(m, &an_value_other);
}

static alexnet_status do_dict(an_pickle_machine *m, unsigned opcode)
{
    size_t first, count;
    (void)opcode;
    AN_CHECK(an_pickle_pop_to_mark(m, &first, &count));
    an_value *made = an_value_new(m->pickle, AN_VALUE_DICT);
    if (!made)
        return an_pickle_full(m);
    m->stack[first - 1] = made; /* in place of the mark */
    m->depth = first;
    return put(m, AN_VALUE_DICT, first, count);
}

static alexnet_status do_drop(an_pickle_machine *m, unsigned opcode)
{
    size_t first, count;
    if (opcode == '1' || (m->depth && m->stack[m->depth - 1] == &an_value_mark))
        return an_pickle_pop_to_mark(m, &first, &count);
    an_value *value;
    return an_pickle_pop(m, &value);
}

static alexnet_status do_again(an_pickle_machine *m, unsigned opcode)
{
    an_value *value;
    (void)opcode;
    AN_CHECK(an_pickle_top(m, &value));
    return an_pickle_push(m, value);
}

/* ---- The memo ---- */

static alexnet_status do_keep(an_pickle_machine *m, unsigned opcode)
{
    an_value *value;
    uint64_t index = m->memoized;
    AN_CHECK(an_pickle_top(m, &value));
    if (opcode != 0x94)
        AN_CHECK(an_pickle_take_number(m, opcode == 'q' ? 1 : 4, &index));
    return an_pickle_keep(m, (size_t)index, value);
}

static alexnet_status do_recall(an_pickle_machine *m, unsigned opcode)
{
    uint64_t index;
    AN_CHECK(an_pickle_take_number(m, opcode == 'h' ? 1 : 4, &index));
    if (index >= m->memo_room || !m->memo[index])
        return an_pickle_damaged(m, "a value is recalled that was not kept");
    return an_pickle_push(m, m->memo[index]);
}

/* ---- Names, and what other pickles call ---- */

static alexnet_status take_line(an_pickle_machine *m, char line[LINE_MAX])
{
    const unsigned char *byte;
    for (int i = 0; i < LINE_MAX; i++) {
        AN_CHECK(an_pickle_take(m, 1, &byte));
        line[i] = (char)*byte;
        if (*byte == '\n') {
            line[i] = '\0';
            return an_is_utf8(line) ? ALEXNET_OK : an_pickle_damaged(m, "a name that is not UTF-8");
        }
    }
    return an_pickle_damaged(m, "a name without end");
}

static alexnet_status do_global(an_pickle_machine *m, unsigned opcode)
{
    char module[LINE_MAX], name[LINE_MAX];
    an_value *value;
    (void)opcode;
    AN_CHECK(take_line(m, module));
    AN_CHECK(take_line(m, name));
    AN_CHECK(an_global_find(m->pickle, m->section, module, name, &value));
    return an_pickle_push(m, value);
}

static alexnet_status do_stack_global(an_pickle_machine *m, unsigned opcode)
{
    an_value *module, *name, *value;
    (void)opcode;
    AN_CHECK(an_pickle_pop(m, &name));
    AN_CHECK(an_pickle_pop(m, &module));
    if (!an_value_text(name) || !an_value_text(module))
        return an_pickle_damaged(m, "a name that is not text");
    AN_CHECK(an_global_find(m->pickle, m->section, module->is.text, name->is.text, &value));
    return an_pickle_push(m, value);
}

/* A call, or a new object of a class: both have the value that the name stands for. */
static alexnet_status do_call(an_pickle_machine *m, unsigned opcode)
{
    an_value *callee, *arguments, *value;
    if (opcode == 0x92) /* keyword arguments, which no name here takes */
        AN_CHECK(an_pickle_pop(m, &value));
    AN_CHECK(an_pickle_pop(m, &arguments));
    AN_CHECK(an_pickle_pop(m, &callee));
    AN_CHECK(an_global_call(m->pickle, m->section, callee, arguments, &value));
    return an_pickle_push(m, value);
}

/* Drop the attributes of an object. Those of a dict are, for example, versions of layers. */
static alexnet_status do_build(an_pickle_machine *m, unsigned opcode)
{
    an_value *state;
    (void)opcode;
    AN_CHECK(an_pickle_pop(m, &state));
    return an_pickle_top(m, &state);
}

static alexnet_status do_outside(an_pickle_machine *m, unsigned opcode)
{
    an_value *id, *value;
    (void)opcode;
    AN_CHECK(an_pickle_pop(m, &id));
    const char *kind = an_value_text(an_value_at(id, 0));
    if (kind && strcmp(kind, "module") == 0)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s: a whole model, as pickled by Python; in Python, save only its weights, "
                       "with torch.save(model.state_dict(), FILE)",
                       an_reader_name(m->section->reader));
    AN_CHECK(an_global_storage(m->pickle, m->section, id, &value));
    return an_pickle_push(m, value);
}

/* ---- The whole ---- */

static alexnet_status do_protocol(an_pickle_machine *m, unsigned opcode)
{
    uint64_t version;
    (void)opcode;
    AN_CHECK(an_pickle_take_number(m, 1, &version));
    if (version < 2 || version > PROTOCOL_MAX)
        return AN_SECTION_FAIL(m->section, "a pickle of protocol %d; 2 to %d are read",
                               (int)version, PROTOCOL_MAX);
    return ALEXNET_OK;
}

static alexnet_status do_frame(an_pickle_machine *m, unsigned opcode)
{
    uint64_t length;
    (void)opcode;
    AN_CHECK(an_pickle_take_number(m, 8, &length));
    return length > m->section->size - m->at ? an_pickle_damaged(m, "it is cut short") : ALEXNET_OK;
}

static alexnet_status do_stop(an_pickle_machine *m, unsigned opcode)
{
    (void)opcode;
    m->stopped = true;
    return ALEXNET_OK;
}

static opcode_step *const steps[256] = {
    [0x80] = do_protocol, [0x95] = do_frame,     ['.'] = do_stop,       ['J'] = do_int,
    ['K'] = do_int,       ['M'] = do_int,        [0x8a] = do_long,      [0x8b] = do_long,
    ['G'] = do_float,     [0x8c] = do_text,      ['X'] = do_text,       [0x8d] = do_text,
    ['U'] = do_text,      ['T'] = do_text,       ['C'] = do_bytes,      ['B'] = do_bytes,
    [0x8e] = do_bytes,    [0x96] = do_bytes,     ['N'] = do_constant,   [0x88] = do_constant,
    [0x89] = do_constant, ['('] = do_mark,       [')'] = do_empty,      [']'] = do_empty,
    ['}'] = do_empty,     ['t'] = do_marked,     ['l'] = do_marked,     ['d'] = do_dict,
    [0x85] = do_tuple,    [0x86] = do_tuple,     [0x87] = do_tuple,     ['a'] = do_put_one,
    ['s'] = do_put_one,   ['e'] = do_put_marked, ['u'] = do_put_marked, [0x8f] = do_set,
    [0x90] = do_set,      [0x91] = do_set,       ['0'] = do_drop,       ['1'] = do_drop,
    ['2'] = do_again,     ['q'] = do_keep,       ['r'] = do_keep,       [0x94] = do_keep,
    ['h'] = do_recall,    ['j'] = do_recall,     ['c'] = do_global,     [0x93] = do_stack_global,
    ['R'] = do_call,      [0x81] = do_call,      [0x92] = do_call,      ['b'] = do_build,
    ['Q'] = do_outside,
};

alexnet_status an_pickle_step(an_pickle_machine *m, unsigned opcode)
{
    if (!steps[opcode])
        return an_pickle_damaged(m, "a step that PyTorch's files do not have");
    return steps[opcode](m, opcode);
}
