#include "data/source/datum.h"

#include "base/alloc.h"
#include "base/status.h"
#include "base/wire.h"

enum { CHANNELS = 1, HEIGHT = 2, WIDTH = 3, DATA = 4, LABEL = 5, FLOAT_DATA = 6, ENCODED = 7 };

static alexnet_status expect_type(const an_wire_field *field, an_wire_type type, const char *name)
{
    if (field->type == type)
        return ALEXNET_OK;
    return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s is not a Datum: field %u has type %d, expected %d",
                   name, field->number, (int)field->type, (int)type);
}

static alexnet_status take_number(an_datum *datum, const an_wire_field *field, const char *name)
{
    const int64_t value = an_wire_int(field);
    AN_CHECK(expect_type(field, AN_WIRE_VARINT, name));
    if (field->number == LABEL) {
        datum->label = value;
        datum->has_label = true;
        return ALEXNET_OK;
    }
    if (field->number == ENCODED) {
        datum->encoded = value != 0;
        return ALEXNET_OK;
    }
    if (value < 0 || value > AN_PICTURE_SIDE_MAX)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s claims a size of %lld; at most %d are read", name,
                       (long long)value, AN_PICTURE_SIDE_MAX);
    *(field->number == CHANNELS ? &datum->channels
      : field->number == HEIGHT ? &datum->height
                                : &datum->width) = (int)value;
    return ALEXNET_OK;
}

static alexnet_status take_field(an_datum *datum, const an_wire_field *field, const void *bytes,
                                 const char *name)
{
    switch (field->number) {
    case CHANNELS:
    case HEIGHT:
    case WIDTH:
    case LABEL:
    case ENCODED: return take_number(datum, field, name);
    case DATA:
        AN_CHECK(expect_type(field, AN_WIRE_BYTES, name));
        datum->data = (const unsigned char *)bytes + field->body.at;
        datum->length = (size_t)an_wire_length(&field->body);
        return ALEXNET_OK;
    case FLOAT_DATA:
        return AN_FAIL(
            ALEXNET_ERROR_UNSUPPORTED,
            "%s stores its values as float_data, not as pixel bytes; only pictures are read", name);
    default: return ALEXNET_OK; /* a field of a later version */
    }
}

static alexnet_status check(const an_datum *datum, const char *name)
{
    const uint64_t pixels = (uint64_t)datum->height * (uint64_t)datum->width;
    if (!datum->data || datum->length == 0)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s has no data", name);
    if (datum->encoded)
        return ALEXNET_OK;
    if (datum->channels != 1 && datum->channels != 3)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s has pixels of %d channels; 1 (grey) and 3 (B, G, R) are read", name,
                       datum->channels);
    if (pixels > AN_PICTURE_PIXELS_MAX || datum->length != pixels * (uint64_t)datum->channels)
        return AN_FAIL(ALEXNET_ERROR_FORMAT, "%s has %zu bytes of pixels; %d x %d x %d expected",
                       name, datum->length, datum->channels, datum->height, datum->width);
    return ALEXNET_OK;
}

/* What other programs store: pictures as they are, or objects of Python. */
static alexnet_status fail_other(const void *bytes, size_t length, const char *name)
{
    const char *format = an_picture_format(bytes, length);
    return AN_FAIL(ALEXNET_ERROR_FORMAT,
                   "%s is %s%snot a Datum, in which Caffe stores a picture and its label", name,
                   format ? format : "", format ? ", " : "");
}

alexnet_status an_datum_parse(an_datum *out, const void *bytes, size_t length, const char *name)
{
    an_wire_file file;
    an_reader *reader;
    an_wire_field field;
    bool more;
    *out = (an_datum){0};
    AN_CHECK(an_reader_memory(&reader, name, bytes, length));
    an_wire message = an_wire_open(&file, reader);
    alexnet_status rc = an_wire_next(&message, &field, &more);
    while (rc == ALEXNET_OK && more) {
        rc = take_field(out, &field, bytes, name);
        if (rc == ALEXNET_OK)
            rc = an_wire_next(&message, &field, &more);
    }
    an_reader_close(reader);
    if (rc == ALEXNET_ERROR_FORMAT && !out->data && !out->has_label)
        return fail_other(bytes, length, name);
    return rc == ALEXNET_OK ? check(out, name) : rc;
}

alexnet_status an_datum_pixels(an_picture *out, const an_datum *datum, const char *name)
{
    const size_t plane = (size_t)datum->height * (size_t)datum->width;
    uint8_t *rgb = an_malloc(3 * plane);
    *out = (an_picture){0};
    if (!rgb)
        return AN_FAIL_MEMORY(3 * plane, name);
    for (size_t i = 0; i < plane; i++)
        for (size_t c = 0; c < 3; c++)
            rgb[3 * i + c] = datum->data[datum->channels == 3 ? (2 - c) * plane + i : i];
    *out = (an_picture){datum->width, datum->height, rgb};
    return ALEXNET_OK;
}
