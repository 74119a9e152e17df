/*
 * Running a pickle.
 */
#include "base/alloc.h"
#include "base/status.h"
#include "format/torch/pickle_machine.h"

static alexnet_status run(an_pickle_machine *m)
{
    const unsigned char *opcode;
    while (!m->stopped) {
        m->opcode_at = m->at;
        AN_CHECK(an_pickle_take(m, 1, &opcode));
        AN_CHECK(an_pickle_step(m, *opcode));
    }
    return ALEXNET_OK;
}

alexnet_status an_pickle_read(an_pickle *pickle, const an_section *section, uint64_t *at,
                              const an_value **root)
{
    enum { LEAST = 1 << 20, BYTES_EACH = 64 };
    an_value *value = NULL;
    an_pickle_machine *m = an_calloc(1, sizeof *m);
    if (!m)
        return AN_FAIL_MEMORY(sizeof *m, "a pickle");
    m->pickle = pickle;
    m->section = section;
    m->at = *at;
    pickle->limit = LEAST + section->size / BYTES_EACH;
    alexnet_status rc = *at <= section->size ? run(m) : an_pickle_damaged(m, "it is cut short");
    if (rc == ALEXNET_OK)
        rc = an_pickle_pop(m, &value);
    *root = value;
    *at = m->at;
    an_free(m->stack);
    an_free(m->memo);
    an_free(m);
    return rc;
}
