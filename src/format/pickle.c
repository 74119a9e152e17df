/*
 * The machine of pickles: a stack, a memo, and a table of what each opcode does.
 */
#include "format/pickle.h"

#include <string.h>

#include "base/alloc.h"
#include "base/status.h"
#include "base/utf8.h"
#include "format/pickle_globals.h"

enum { WINDOW = 4096, TEXT_MAX = 1024, LINE_MAX = 256, PROTOCOL_MAX = 5 };

typedef struct machine {
    an_pickle *pickle;
    const an_section *section;
    uint64_t at; /* of the next byte */
    uint64_t opcode_at;
    uint64_t window_at;
    size_t held;
    unsigned char window[WINDOW];
    an_value **stack, **memo;
    size_t depth, stack_room, memo_room, memoized;
    bool stopped;
} machine;

typedef alexnet_status opcode_step(machine *m, unsigned opcode);

static alexnet_status damaged(const machine *m, const char *what)
{
    return AN_SECTION_FAIL(m->section, "a pickle that is damaged at byte %llu: %s",
                           (unsigned long long)m->opcode_at, what);
}

static alexnet_status full(const machine *m)
{
    return an_pickle_fail(m->pickle, m->section);
}

/* ---- Bytes ---- */

/* The next `count` bytes, at most WINDOW. */
static alexnet_status take(machine *m, size_t count, const unsigned char **bytes)
{
    const uint64_t left = m->section->size - m->at;
    if (count > left)
        return damaged(m, "it is cut short");
    if (m->at < m->window_at || m->at - m->window_at > m->held ||
        m->held - (m->at - m->window_at) < count) {
        const size_t length = left < WINDOW ? (size_t)left : WINDOW;
        m->held = 0;
        AN_CHECK(an_section_read(m->section, m->at, m->window, length));
        m->window_at = m->at;
        m->held = length;
    }
    *bytes = m->window + (m->at - m->window_at);
    m->at += count;
    return ALEXNET_OK;
}

static alexnet_status take_number(machine *m, size_t width, uint64_t *value)
{
    const unsigned char *bytes;
    *value = 0;
    AN_CHECK(take(m, width, &bytes));
    for (size_t i = width; i-- > 0;)
        *value = *value << 8 | bytes[i];
    return ALEXNET_OK;
}

static alexnet_status skip(machine *m, uint64_t count)
{
    if (count > m->section->size - m->at)
        return damaged(m, "what is announced is longer than the file");
    m->at += count;
    return ALEXNET_OK;
}

/* ---- The stack ---- */

/* Make room for element `index`. */
static alexnet_status grow(const machine *m, an_value ***array, size_t *room, size_t index)
{
    if (index < *room)
        return ALEXNET_OK;
    if (index >= m->pickle->limit)
        return damaged(m, "more values are kept than a file of its length has");
    const size_t more = index + index / 2 + 64;
    an_value **larger = an_realloc(*array, more, sizeof *larger);
    if (!larger)
        return AN_FAIL_MEMORY(more * sizeof *larger, "a pickle");
    memset(larger + *room, 0, (more - *room) * sizeof *larger);
    *array = larger;
    *room = more;
    return ALEXNET_OK;
}

/* @param value  NULL: it could not be allocated */
static alexnet_status push(machine *m, an_value *value)
{
    if (!value)
        return full(m);
    AN_CHECK(grow(m, &m->stack, &m->stack_room, m->depth));
    m->stack[m->depth++] = value;
    return ALEXNET_OK;
}

static alexnet_status pop(machine *m, an_value **value)
{
    *value = NULL;
    if (m->depth == 0)
        return damaged(m, "a value is missing");
    *value = m->stack[--m->depth];
    return *value == &an_value_mark ? damaged(m, "a value is missing") : ALEXNET_OK;
}

static alexnet_status top(machine *m, an_value **value)
{
    AN_CHECK(pop(m, value));
    m->depth++;
    return ALEXNET_OK;
}

/* Take the last mark off the stack, and the values above it. @param first  out, their index */
static alexnet_status to_mark(machine *m, size_t *first, size_t *count)
{
    size_t at = m->depth;
    while (at > 0 && m->stack[at - 1] != &an_value_mark)
        at--;
    if (at == 0)
        return damaged(m, "a mark is missing");
    *first = at;
    *count = m->depth - at;
    m->depth = at - 1;
    return ALEXNET_OK;
}

/* ---- Numbers and texts ---- */

static alexnet_status push_int(machine *m, int64_t value)
{
    an_value *made = an_value_new(m->pickle, AN_VALUE_INT);
    if (made)
        made->is.integer = value;
    return push(m, made);
}

/* Push a copy of a text. One with a zero byte, or that is not UTF-8, becomes opaque. */
static alexnet_status push_text(machine *m, const unsigned char *bytes, size_t length)
{
    an_value *made = an_value_new(m->pickle, AN_VALUE_TEXT);
    char *text = an_pickle_alloc(m->pickle, length + 1);
    if (!made || !text)
        return full(m);
    memcpy(text, bytes, length);
    made->is.text = text;
    return push(m, memchr(text, 0, length) || !an_is_utf8(text) ? &an_value_other : made);
}

static alexnet_status do_int(machine *m, unsigned opcode)
{
    uint64_t value;
    const size_t width = opcode == 'K' ? 1 : opcode == 'M' ? 2 : 4;
    AN_CHECK(take_number(m, width, &value));
    return push_int(m, opcode == 'J' ? (int32_t)(uint32_t)value : (int64_t)value);
}

/* An integer of any length, in two's complement. One of more than 8 bytes becomes opaque. */
static alexnet_status do_long(machine *m, unsigned opcode)
{
    uint64_t length, value = 0;
    AN_CHECK(take_number(m, opcode == 0x8a ? 1 : 4, &length));
    if (length > sizeof value) {
        AN_CHECK(skip(m, length));
        return push(m, &an_value_other);
    }
    AN_CHECK(take_number(m, (size_t)length, &value));
    if (length && length < sizeof value && value >> (8 * length - 1))
        value |= ~(uint64_t)0 << (8 * length);
    return push_int(m, (int64_t)value);
}

static alexnet_status do_float(machine *m, unsigned opcode)
{
    (void)opcode;
    AN_CHECK(skip(m, 8));
    return push(m, &an_value_other);
}

/* How many bytes the length after an opcode has. */
static size_t length_width(unsigned opcode)
{
    if (opcode == 0x8c || opcode == 'U' || opcode == 'C')
        return 1;
    return opcode == 'X' || opcode == 'T' || opcode == 'B' ? 4 : 8;
}

static alexnet_status do_text(machine *m, unsigned opcode)
{
    const unsigned char *bytes;
    uint64_t length;
    AN_CHECK(take_number(m, length_width(opcode), &length));
    if (length > TEXT_MAX) {
        AN_CHECK(skip(m, length));
        return push(m, &an_value_other);
    }
    AN_CHECK(take(m, (size_t)length, &bytes));
    return push_text(m, bytes, (size_t)length);
}

static alexnet_status do_bytes(machine *m, unsigned opcode)
{
    uint64_t length;
    AN_CHECK(take_number(m, length_width(opcode), &length));
    AN_CHECK(skip(m, length));
    return push(m, &an_value_other);
}

static alexnet_status do_constant(machine *m, unsigned opcode)
{
    return push(m, opcode == 'N' ? &an_value_none : &an_value_other);
}

/* ---- Containers ---- */

static alexnet_status do_mark(machine *m, unsigned opcode)
{
    (void)opcode;
    return push(m, &an_value_mark);
}

static alexnet_status do_empty(machine *m, unsigned opcode)
{
    const an_value_kind kind = opcode == ')'   ? AN_VALUE_TUPLE
                               : opcode == ']' ? AN_VALUE_LIST
                                               : AN_VALUE_DICT;
    return push(m, an_value_new(m->pickle, kind));
}

static alexnet_status push_items(machine *m, an_value_kind kind, size_t first, size_t count)
{
    an_value *made = an_value_new(m->pickle, kind);
    if (!made)
        return full(m);
    for (size_t i = 0; i < count; i++) {
        if (m->stack[first + i] == &an_value_mark)
            return damaged(m, "a value is missing");
        if (!an_value_add(m->pickle, made, NULL, m->stack[first + i]))
            return full(m);
    }
    return push(m, made);
}

/* A tuple or list of all above the mark. */
static alexnet_status do_marked(machine *m, unsigned opcode)
{
    size_t first, count;
    AN_CHECK(to_mark(m, &first, &count));
    return push_items(m, opcode == 't' ? AN_VALUE_TUPLE : AN_VALUE_LIST, first, count);
}

/* A tuple of one, two or three. */
static alexnet_status do_tuple(machine *m, unsigned opcode)
{
    const size_t count = opcode - 0x84;
    if (m->depth < count)
        return damaged(m, "a value is missing");
    m->depth -= count;
    return push_items(m, AN_VALUE_TUPLE, m->depth, count);
}

/* Put items into the value on top of the stack, which must be of `kind` or opaque. */
static alexnet_status put(machine *m, an_value_kind kind, size_t first, size_t count)
{
    an_value *into;
    AN_CHECK(top(m, &into));
    if (into->kind == AN_VALUE_OTHER)
        return ALEXNET_OK;
    if (into->kind != kind)
        return damaged(m, "items are put into what has none");
    if (kind == AN_VALUE_DICT && count % 2)
        return damaged(m, "a key without a value");
    const size_t step = kind == AN_VALUE_DICT ? 2 : 1;
    for (size_t i = first; i < first + count; i += step)
        if (!an_value_add(m->pickle, into, step == 2 ? m->stack[i] : NULL, m->stack[i + step - 1]))
            return full(m);
    return ALEXNET_OK;
}

/* Items that come singly: one for a list, a key and a value for a dict. */
static alexnet_status do_put_one(machine *m, unsigned opcode)
{
    const size_t count = opcode == 'a' ? 1 : 2;
    an_value *value;
    for (size_t i = 0; i < count; i++)
        AN_CHECK(pop(m, &value));
    return put(m, opcode == 'a' ? AN_VALUE_LIST : AN_VALUE_DICT, m->depth, count);
}

static alexnet_status do_put_marked(machine *m, unsigned opcode)
{
    size_t first, count;
    AN_CHECK(to_mark(m, &first, &count));
    return put(m, opcode == 'u' ? AN_VALUE_DICT : AN_VALUE_LIST, first, count);
}

/* Sets are opaque. */
static alexnet_status do_set(machine *m, unsigned opcode)
{
    size_t first, count;
    if (opcode != 0x8f)
        AN_CHECK(to_mark(m, &first, &count));
    return opcode == 0x90 ? ALEXNET_OK : push(m, &an_value_other);
}

static alexnet_status do_dict(machine *m, unsigned opcode)
{
    size_t first, count;
    (void)opcode;
    AN_CHECK(to_mark(m, &first, &count));
    an_value *made = an_value_new(m->pickle, AN_VALUE_DICT);
    if (!made)
        return full(m);
    m->stack[first - 1] = made; /* where the mark was */
    m->depth = first;
    return put(m, AN_VALUE_DICT, first, count);
}

static alexnet_status do_drop(machine *m, unsigned opcode)
{
    size_t first, count;
    if (opcode == '1' || (m->depth && m->stack[m->depth - 1] == &an_value_mark))
        return to_mark(m, &first, &count);
    an_value *value;
    return pop(m, &value);
}

static alexnet_status do_again(machine *m, unsigned opcode)
{
    an_value *value;
    (void)opcode;
    AN_CHECK(top(m, &value));
    return push(m, value);
}

/* ---- The memo ---- */

static alexnet_status do_keep(machine *m, unsigned opcode)
{
    an_value *value;
    uint64_t index = m->memoized;
    AN_CHECK(top(m, &value));
    if (opcode != 0x94)
        AN_CHECK(take_number(m, opcode == 'q' ? 1 : 4, &index));
    AN_CHECK(grow(m, &m->memo, &m->memo_room, (size_t)index));
    m->memoized += m->memo[index] == NULL;
    m->memo[index] = value;
    return ALEXNET_OK;
}

static alexnet_status do_recall(machine *m, unsigned opcode)
{
    uint64_t index;
    AN_CHECK(take_number(m, opcode == 'h' ? 1 : 4, &index));
    if (index >= m->memo_room || !m->memo[index])
        return damaged(m, "a value is recalled that was not kept");
    return push(m, m->memo[index]);
}

/* ---- Names, and what other pickles call ---- */

static alexnet_status take_line(machine *m, char line[LINE_MAX])
{
    const unsigned char *byte;
    for (int i = 0; i < LINE_MAX; i++) {
        AN_CHECK(take(m, 1, &byte));
        line[i] = (char)*byte;
        if (*byte == '\n') {
            line[i] = '\0';
            return an_is_utf8(line) ? ALEXNET_OK : damaged(m, "a name that is not UTF-8");
        }
    }
    return damaged(m, "a name without end");
}

static alexnet_status do_global(machine *m, unsigned opcode)
{
    char module[LINE_MAX], name[LINE_MAX];
    an_value *value;
    (void)opcode;
    AN_CHECK(take_line(m, module));
    AN_CHECK(take_line(m, name));
    AN_CHECK(an_global_find(m->pickle, m->section, module, name, &value));
    return push(m, value);
}

static alexnet_status do_stack_global(machine *m, unsigned opcode)
{
    an_value *module, *name, *value;
    (void)opcode;
    AN_CHECK(pop(m, &name));
    AN_CHECK(pop(m, &module));
    if (!an_value_text(name) || !an_value_text(module))
        return damaged(m, "a name that is no text");
    AN_CHECK(an_global_find(m->pickle, m->section, module->is.text, name->is.text, &value));
    return push(m, value);
}

/* A call, or a new object of a class: both give what the name stands for. */
static alexnet_status do_call(machine *m, unsigned opcode)
{
    an_value *callee, *arguments, *value;
    if (opcode == 0x92) /* keyword arguments, which no name here takes */
        AN_CHECK(pop(m, &value));
    AN_CHECK(pop(m, &arguments));
    AN_CHECK(pop(m, &callee));
    AN_CHECK(an_global_call(m->pickle, m->section, callee, arguments, &value));
    return push(m, value);
}

/* Drop the attributes of an object. Those of a dict are, for example, versions of layers. */
static alexnet_status do_build(machine *m, unsigned opcode)
{
    an_value *state;
    (void)opcode;
    AN_CHECK(pop(m, &state));
    return top(m, &state);
}

static alexnet_status do_outside(machine *m, unsigned opcode)
{
    an_value *id, *value;
    (void)opcode;
    AN_CHECK(pop(m, &id));
    const char *kind = an_value_text(an_value_at(id, 0));
    if (kind && strcmp(kind, "module") == 0)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s: a whole model as Python keeps it; in Python, save its weights alone, "
                       "with torch.save(model.state_dict(), FILE)",
                       an_reader_name(m->section->reader));
    AN_CHECK(an_global_storage(m->pickle, m->section, id, &value));
    return push(m, value);
}

/* ---- Running ---- */

static alexnet_status do_protocol(machine *m, unsigned opcode)
{
    uint64_t version;
    (void)opcode;
    AN_CHECK(take_number(m, 1, &version));
    if (version < 2 || version > PROTOCOL_MAX)
        return AN_SECTION_FAIL(m->section, "a pickle of protocol %d; 2 to %d are read",
                               (int)version, PROTOCOL_MAX);
    return ALEXNET_OK;
}

static alexnet_status do_frame(machine *m, unsigned opcode)
{
    uint64_t length;
    (void)opcode;
    AN_CHECK(take_number(m, 8, &length));
    return length > m->section->size - m->at ? damaged(m, "it is cut short") : ALEXNET_OK;
}

static alexnet_status do_stop(machine *m, unsigned opcode)
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

static alexnet_status run(machine *m)
{
    const unsigned char *opcode;
    while (!m->stopped) {
        m->opcode_at = m->at;
        AN_CHECK(take(m, 1, &opcode));
        const unsigned code = *opcode;
        if (!steps[code])
            return damaged(m, "a step that PyTorch's files do not have");
        AN_CHECK(steps[code](m, code));
    }
    return ALEXNET_OK;
}

alexnet_status an_pickle_read(an_pickle *pickle, const an_section *section, uint64_t *at,
                              const an_value **root)
{
    enum { LEAST = 1 << 20, BYTES_EACH = 64 };
    an_value *value = NULL;
    machine *m = an_calloc(1, sizeof *m);
    if (!m)
        return AN_FAIL_MEMORY(sizeof *m, "a pickle");
    m->pickle = pickle;
    m->section = section;
    m->at = *at;
    pickle->limit = LEAST + section->size / BYTES_EACH;
    alexnet_status rc = *at <= section->size ? run(m) : damaged(m, "it is cut short");
    if (rc == ALEXNET_OK)
        rc = pop(m, &value);
    *root = value;
    *at = m->at;
    an_free(m->stack);
    an_free(m->memo);
    an_free(m);
    return rc;
}
