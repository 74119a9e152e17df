#include "base/status.h"
#include "format/caffe/caffe.h"

/* What a number applies to. EACH: given once, to both; given twice, to rows, then to columns. */
enum { BOTH, EACH, ROWS, COLUMNS };

/* Which field of a message is which key. */
static const struct row {
    an_caffe_message message;
    uint32_t number;
    an_caffe_key key;
    int part;
} rows[] = {
    {AN_CAFFE_KEYS_CONV, 1, AN_CAFFE_OUTPUTS, BOTH},
    {AN_CAFFE_KEYS_CONV, 3, AN_CAFFE_PAD, EACH},
    {AN_CAFFE_KEYS_CONV, 4, AN_CAFFE_KERNEL, EACH},
    {AN_CAFFE_KEYS_CONV, 5, AN_CAFFE_GROUPS, BOTH},
    {AN_CAFFE_KEYS_CONV, 6, AN_CAFFE_STRIDE, EACH},
    {AN_CAFFE_KEYS_CONV, 9, AN_CAFFE_PAD, ROWS},
    {AN_CAFFE_KEYS_CONV, 10, AN_CAFFE_PAD, COLUMNS},
    {AN_CAFFE_KEYS_CONV, 11, AN_CAFFE_KERNEL, ROWS},
    {AN_CAFFE_KEYS_CONV, 12, AN_CAFFE_KERNEL, COLUMNS},
    {AN_CAFFE_KEYS_CONV, 13, AN_CAFFE_STRIDE, ROWS},
    {AN_CAFFE_KEYS_CONV, 14, AN_CAFFE_STRIDE, COLUMNS},
    {AN_CAFFE_KEYS_CONV, 16, AN_CAFFE_AXIS, BOTH},
    {AN_CAFFE_KEYS_CONV, 18, AN_CAFFE_DILATION, EACH},
    {AN_CAFFE_KEYS_FC, 1, AN_CAFFE_OUTPUTS, BOTH},
    {AN_CAFFE_KEYS_FC, 5, AN_CAFFE_AXIS, BOTH},
    {AN_CAFFE_KEYS_FC, 6, AN_CAFFE_TRANSPOSE, BOTH},
    {AN_CAFFE_KEYS_LRN, 1, AN_CAFFE_SIZE, BOTH},
    {AN_CAFFE_KEYS_LRN, 2, AN_CAFFE_ALPHA, BOTH},
    {AN_CAFFE_KEYS_LRN, 3, AN_CAFFE_BETA, BOTH},
    {AN_CAFFE_KEYS_LRN, 4, AN_CAFFE_REGION, BOTH},
    {AN_CAFFE_KEYS_LRN, 5, AN_CAFFE_K, BOTH},
    {AN_CAFFE_KEYS_POOL, 1, AN_CAFFE_POOL, BOTH},
    {AN_CAFFE_KEYS_POOL, 2, AN_CAFFE_KERNEL, BOTH},
    {AN_CAFFE_KEYS_POOL, 3, AN_CAFFE_STRIDE, BOTH},
    {AN_CAFFE_KEYS_POOL, 4, AN_CAFFE_PAD, BOTH},
    {AN_CAFFE_KEYS_POOL, 5, AN_CAFFE_KERNEL, ROWS},
    {AN_CAFFE_KEYS_POOL, 6, AN_CAFFE_KERNEL, COLUMNS},
    {AN_CAFFE_KEYS_POOL, 7, AN_CAFFE_STRIDE, ROWS},
    {AN_CAFFE_KEYS_POOL, 8, AN_CAFFE_STRIDE, COLUMNS},
    {AN_CAFFE_KEYS_POOL, 9, AN_CAFFE_PAD, ROWS},
    {AN_CAFFE_KEYS_POOL, 10, AN_CAFFE_PAD, COLUMNS},
    {AN_CAFFE_KEYS_POOL, 12, AN_CAFFE_GLOBAL, BOTH},
    {AN_CAFFE_KEYS_POOL, 13, AN_CAFFE_ROUND, BOTH},
    {AN_CAFFE_KEYS_RELU, 1, AN_CAFFE_SLOPE, BOTH},
    {AN_CAFFE_KEYS_CROP, 3, AN_CAFFE_CROP, BOTH},
    {AN_CAFFE_KEYS_V0, 3, AN_CAFFE_OUTPUTS, BOTH},
    {AN_CAFFE_KEYS_V0, 7, AN_CAFFE_PAD, BOTH},
    {AN_CAFFE_KEYS_V0, 8, AN_CAFFE_KERNEL, BOTH},
    {AN_CAFFE_KEYS_V0, 9, AN_CAFFE_GROUPS, BOTH},
    {AN_CAFFE_KEYS_V0, 10, AN_CAFFE_STRIDE, BOTH},
    {AN_CAFFE_KEYS_V0, 11, AN_CAFFE_POOL, BOTH},
    {AN_CAFFE_KEYS_V0, 13, AN_CAFFE_SIZE, BOTH},
    {AN_CAFFE_KEYS_V0, 14, AN_CAFFE_ALPHA, BOTH},
    {AN_CAFFE_KEYS_V0, 15, AN_CAFFE_BETA, BOTH},
    {AN_CAFFE_KEYS_V0, 20, AN_CAFFE_CROP, BOTH},
    {AN_CAFFE_KEYS_V0, 22, AN_CAFFE_K, BOTH},
};
enum { ROWS_OF_TABLE = sizeof rows / sizeof rows[0] };

static const struct {
    const char *name;
    double initial; /* Caffe's, -1: none */
} about[AN_CAFFE_KEYS] = {
    [AN_CAFFE_OUTPUTS] = {"num_output", -1},
    [AN_CAFFE_GROUPS] = {"group", 1},
    [AN_CAFFE_PAD] = {"pad", 0},
    [AN_CAFFE_KERNEL] = {"kernel_size", -1},
    [AN_CAFFE_STRIDE] = {"stride", 1},
    [AN_CAFFE_DILATION] = {"dilation", 1},
    [AN_CAFFE_TRANSPOSE] = {"transpose", 0},
    [AN_CAFFE_AXIS] = {"axis", 1},
    [AN_CAFFE_POOL] = {"pool", 0},
    [AN_CAFFE_GLOBAL] = {"global_pooling", 0},
    [AN_CAFFE_ROUND] = {"round_mode", 0},
    [AN_CAFFE_REGION] = {"norm_region", 0},
    [AN_CAFFE_SIZE] = {"local_size", 5},
    [AN_CAFFE_ALPHA] = {"alpha", 1},
    [AN_CAFFE_BETA] = {"beta", 0.75},
    [AN_CAFFE_K] = {"k", 1},
    [AN_CAFFE_SLOPE] = {"negative_slope", 0},
    [AN_CAFFE_CROP] = {"crop_size", -1},
};

void an_caffe_keys_default(an_caffe_keys *keys)
{
    for (int i = 0; i < AN_CAFFE_KEYS; i++)
        keys->value[i][0] = keys->value[i][1] = about[i].initial;
}

static const struct row *find_row(an_caffe_message message, uint32_t number)
{
    for (int i = 0; i < ROWS_OF_TABLE; i++)
        if (rows[i].message == message && rows[i].number == number)
            return &rows[i];
    return NULL;
}

typedef struct reading {
    an_caffe_keys *keys;
    const char *layer;
    int times[AN_CAFFE_KEYS]; /* how often an EACH key was given */
} reading;

/* Of an EACH key the first value is for rows, the second for columns, and a single one for both. Of
 * any other key the last value counts. */
static alexnet_status put(reading *r, const an_wire *message, const struct row *row, double value)
{
    double *to = r->keys->value[row->key];
    const int times = row->part == EACH ? r->times[row->key]++ : 0;
    if (times > 1)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED, "%s: layer %s: more than two values of %s",
                       an_reader_name(message->file->reader), r->layer, about[row->key].name);
    if (row->part != COLUMNS && times == 0)
        to[0] = value;
    if (row->part != ROWS)
        to[1] = value;
    return ALEXNET_OK;
}

static alexnet_status put_field(reading *r, const an_wire *message, const struct row *row,
                                an_wire_field *field)
{
    const bool real = row->key >= AN_CAFFE_ALPHA;
    uint64_t value;
    if (field->type == (real ? AN_WIRE_FIXED32 : AN_WIRE_VARINT))
        return put(r, message, row, real ? an_wire_real(field) : (double)an_wire_int(field));
    if (row->part != EACH || field->type != AN_WIRE_BYTES)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: layer %s: %s is not a number",
                       an_reader_name(message->file->reader), r->layer, about[row->key].name);
    while (an_wire_length(&field->body) > 0) {
        AN_CHECK(an_wire_varint(&field->body, &value));
        AN_CHECK(put(r, message, row, (double)(int64_t)value));
    }
    return ALEXNET_OK;
}

alexnet_status an_caffe_keys_read(an_wire message, an_caffe_message kind, const char *layer,
                                  an_caffe_keys *keys)
{
    reading r = {.keys = keys, .layer = layer};
    an_wire_field field;
    bool more;
    an_caffe_keys_default(keys);
    for (;;) {
        AN_CHECK(an_wire_next(&message, &field, &more));
        if (!more)
            return ALEXNET_OK;
        const struct row *row = find_row(kind, field.number);
        if (row)
            AN_CHECK(put_field(&r, &message, row, &field));
    }
}

alexnet_status an_caffe_keys_whole(const an_caffe_keys *keys, an_caffe_key key, const char *layer,
                                   const an_wire *message, int value[2])
{
    for (int i = 0; i < 2; i++) {
        const double given = keys->value[key][i];
        if (!(given >= -1 && given <= INT32_MAX))
            return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s: layer %s: %s = %.0f",
                           an_reader_name(message->file->reader), layer, about[key].name, given);
        value[i] = (int)given;
    }
    return ALEXNET_OK;
}
