/*
 * The machine of pickles: the bytes of the program, a stack, a memo.
 */
#include <string.h>

#include "base/alloc.h"
#include "base/byte_order.h"
#include "base/status.h"
#include "format/torch/pickle_machine.h"

alexnet_status an_pickle_damaged(const an_pickle_machine *m, const char *what)
{
    return AN_SECTION_FAIL(m->section, "the pickle is damaged at byte %llu: %s",
                           (unsigned long long)m->opcode_at, what);
}

alexnet_status an_pickle_full(const an_pickle_machine *m)
{
    return an_pickle_fail(m->pickle, m->section);
}

/* ---- Bytes ---- */

alexnet_status an_pickle_take(an_pickle_machine *m, size_t count, const unsigned char **bytes)
{
    const uint64_t left = m->section->size - m->at;
    if (count > left)
        return an_pickle_damaged(m, "it is cut short");
    if (m->at < m->window_at || m->at - m->window_at > m->held ||
        m->held - (m->at - m->window_at) < count) {
        const size_t length = left < AN_PICKLE_WINDOW ? (size_t)left : AN_PICKLE_WINDOW;
        m->held = 0;
        AN_CHECK(an_section_read(m->section, m->at, m->window, length));
        m->window_at = m->at;
        m->held = length;
    }
    *bytes = m->window + (m->at - m->window_at);
    m->at += count;
    return ALEXNET_OK;
}

alexnet_status an_pickle_take_number(an_pickle_machine *m, size_t width, uint64_t *value)
{
    const unsigned char *bytes;
    *value = 0;
    AN_CHECK(an_pickle_take(m, width, &bytes));
    *value = an_little(bytes, (int)width);
    return ALEXNET_OK;
}

alexnet_status an_pickle_skip(an_pickle_machine *m, uint64_t count)
{
    if (count > m->section->size - m->at)
        return an_pickle_damaged(m, "a value is longer than the file");
    m->at += count;
    return ALEXNET_OK;
}

/* ---- The stack and the memo ---- */

/* Make room for element `index`. */
static alexnet_status grow(const an_pickle_machine *m, an_value ***array, size_t *room,
                           size_t index)
{
    if (index < *room)
        return ALEXNET_OK;
    if (index >= m->pickle->limit)
        return an_pickle_damaged(m, "more values are kept than a file of its length can have");
    const size_t more = index + index / 2 + 64;
    an_value **larger = an_realloc(*array, more, sizeof *larger);
    if (!larger)
        return AN_FAIL_MEMORY(more * sizeof *larger, "a pickle");
    memset(larger + *room, 0, (more - *room) * sizeof *larger);
    *array = larger;
    *room = more;
    return ALEXNET_OK;
}

alexnet_status an_pickle_push(an_pickle_machine *m, an_value *value)
{
    if (!value)
        return an_pickle_full(m);
    AN_CHECK(grow(m, &m->stack, &m->stack_room, m->depth));
    m->stack[m->depth++] = value;
    return ALEXNET_OK;
}

alexnet_status an_pickle_pop(an_pickle_machine *m, an_value **value)
{
    *value = NULL;
    if (m->depth == 0)
        return an_pickle_damaged(m, "a value is missing");
    *value = m->stack[--m->depth];
    return *value == &an_value_mark ? an_pickle_damaged(m, "a value is missing") : ALEXNET_OK;
}

alexnet_status an_pickle_top(an_pickle_machine *m, an_value **value)
{
    AN_CHECK(an_pickle_pop(m, value));
    m->depth++;
    return ALEXNET_OK;
}

alexnet_status an_pickle_pop_to_mark(an_pickle_machine *m, size_t *first, size_t *count)
{
    size_t at = m->depth;
    while (at > 0 && m->stack[at - 1] != &an_value_mark)
        at--;
    if (at == 0)
        return an_pickle_damaged(m, "a mark is missing");
    *first = at;
    *count = m->depth - at;
    m->depth = at - 1;
    return ALEXNET_OK;
}

alexnet_status an_pickle_keep(an_pickle_machine *m, size_t index, an_value *value)
{
    AN_CHECK(grow(m, &m->memo, &m->memo_room, index));
    m->memoized += m->memo[index] == NULL;
    m->memo[index] = value;
    return ALEXNET_OK;
}
