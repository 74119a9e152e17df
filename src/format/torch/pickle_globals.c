#include "format/torch/pickle_globals.h"

#include <string.h>

#include "base/status.h"

typedef enum role {
    DATA,      /* plain data, opaque */
    DICT,      /* made from nothing, or from pairs */
    SIZE,      /* returns its argument, a tuple */
    PARAMETER, /* returns its first argument, a tensor */
    FROM_TYPE, /* a tensor of a subclass: function, class, arguments, state */
    TENSOR,    /* storage, offset, size, stride; bits as argument 6 */
    TENSOR_V3, /* the same, but the element type as argument 6, and bits as 7 */
    TYPE,      /* an element type, or the class of its storages */
} role;

struct an_global {
    const char *module, *name; /* `name` NULL: any */
    role role;
    const an_torch_type *type;
};

static const an_torch_type types[] = {
    {"FloatStorage", "float32", AN_F32, 4},
    {"DoubleStorage", "float64", AN_F64, 8},
    {"HalfStorage", "float16", AN_F16, 2},
    {"BFloat16Storage", "bfloat16", AN_BF16, 2},
    {"BoolStorage", "bool", AN_BOOL, 1},
    {"ByteStorage", "uint8", AN_U8, 1},
    {"CharStorage", "int8", AN_I8, 1},
    {"ShortStorage", "int16", AN_I16, 2},
    {"IntStorage", "int32", AN_I32, 4},
    {"LongStorage", "int64", AN_I64, 8},
    {"UntypedStorage", "bytes", AN_OTHER, 1},
    {"ComplexFloatStorage", "complex64", AN_OTHER, 8},
    {"ComplexDoubleStorage", "complex128", AN_OTHER, 16},
    {"QUInt8Storage", "quint8", AN_OTHER, 1},
    {"QInt8Storage", "qint8", AN_OTHER, 1},
    {"QInt32Storage", "qint32", AN_OTHER, 4},
    {"QUInt4x2Storage", "quint4x2", AN_OTHER, 1},
    {"QUInt2x4Storage", "quint2x4", AN_OTHER, 1},
    {NULL, "complex32", AN_OTHER, 4},
    {NULL, "uint16", AN_OTHER, 2},
    {NULL, "uint32", AN_OTHER, 4},
    {NULL, "uint64", AN_OTHER, 8},
    {NULL, "float8_e4m3fn", AN_F8_E4M3, 1},
    {NULL, "float8_e5m2", AN_F8_E5M2, 1},
};
enum { TYPES = sizeof types / sizeof types[0] };

/* Of a tensor whose elements are those of its storage with another sign, or conjugated. */
static const an_torch_type changed_view = {NULL, "negated lazily", AN_OTHER, 1};

static const struct an_global globals[] = {
    {"torch._utils", "_rebuild_tensor", TENSOR, NULL},
    {"torch._utils", "_rebuild_tensor_v2", TENSOR, NULL},
    {"torch._utils", "_rebuild_tensor_v3", TENSOR_V3, NULL},
    {"torch._utils", "_rebuild_parameter", PARAMETER, NULL},
    {"torch._utils", "_rebuild_parameter_with_state", PARAMETER, NULL},
    {"torch._tensor", "_rebuild_from_type_v2", FROM_TYPE, NULL},
    {"torch", "Size", SIZE, NULL},
    {"torch", "device", DATA, NULL},
    {"torch", "Tensor", DATA, NULL},
    {"torch.nn.parameter", "Parameter", DATA, NULL},
    {"torch.nn.parameter", "Buffer", DATA, NULL},
    {"collections", "OrderedDict", DICT, NULL},
    {"collections", "defaultdict", DATA, NULL},
    {"collections", "Counter", DATA, NULL},
    {"collections", "deque", DATA, NULL},
    {"argparse", "Namespace", DATA, NULL},
    {"datetime", NULL, DATA, NULL},
    {"pathlib", "PosixPath", DATA, NULL},
    {"pathlib", "PurePosixPath", DATA, NULL},
    {"pathlib", "WindowsPath", DATA, NULL},
    {"pathlib", "PureWindowsPath", DATA, NULL},
    {"pathlib._local", "PosixPath", DATA, NULL},
    {"pathlib._local", "PurePosixPath", DATA, NULL},
    {"pathlib._local", "WindowsPath", DATA, NULL},
    {"pathlib._local", "PureWindowsPath", DATA, NULL},
    {"numpy", "dtype", DATA, NULL},
    {"numpy", "ndarray", DATA, NULL},
    {"numpy.core.multiarray", "scalar", DATA, NULL},
    {"numpy.core.multiarray", "_reconstruct", DATA, NULL},
    {"numpy._core.multiarray", "scalar", DATA, NULL},
    {"numpy._core.multiarray", "_reconstruct", DATA, NULL},
    {"numpy._core.numeric", "_frombuffer", DATA, NULL},
    {"_codecs", "encode", DATA, NULL}, /* bytes in protocol 2 */
    {"builtins", "set", DATA, NULL},
    {"builtins", "frozenset", DATA, NULL},
    {"builtins", "complex", DATA, NULL},
    {"builtins", "range", DATA, NULL},
    {"builtins", "slice", DATA, NULL},
    {"builtins", "bytearray", DATA, NULL},
    {"builtins", "int", DATA, NULL},
    {"builtins", "float", DATA, NULL},
    {"builtins", "bool", DATA, NULL},
    {"builtins", "str", DATA, NULL},
    {"builtins", "list", DATA, NULL},
    {"builtins", "dict", DATA, NULL},
};
enum { GLOBALS = sizeof globals / sizeof globals[0] };

/* Whether a module defines networks: a class from it means that the file is a whole model. */
static bool is_of_network(const char *module)
{
    static const char *const modules[] = {"torch.nn.", "torchvision.", "timm.", "__main__"};
    for (size_t i = 0; i < sizeof modules / sizeof modules[0]; i++)
        if (strncmp(module, modules[i], strlen(modules[i])) == 0)
            return true;
    return false;
}

static alexnet_status refuse(const an_section *section, const char *module, const char *name)
{
    if (is_of_network(module))
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s: a whole model, as pickled by Python, with its class %s.%s; in Python, "
                       "save only its weights, with torch.save(model.state_dict(), FILE)",
                       an_reader_name(section->reader), module, name);
    if (strncmp(module, "torch.", 6) == 0 && strncmp(name, "_rebuild_", 9) == 0)
        return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                       "%s: %s.%s: a tensor of a kind that is not read, such as quantised or "
                       "sparse; in Python, save tensor.dequantize() or tensor.to_dense()",
                       an_reader_name(section->reader), module, name);
    return AN_FAIL(ALEXNET_ERROR_UNSUPPORTED,
                   "%s: %s.%s: refused; nothing in a model file is executed",
                   an_reader_name(section->reader), module, name);
}

static const an_torch_type *find_type(const char *module, const char *name)
{
    const bool is_torch = strcmp(module, "torch") == 0;
    if (!is_torch && strcmp(module, "torch.cuda") != 0 && strcmp(module, "torch.storage") != 0)
        return NULL;
    for (int i = 0; i < TYPES; i++)
        if ((types[i].storage && strcmp(name, types[i].storage) == 0) ||
            (is_torch && strcmp(name, types[i].name) == 0))
            return &types[i];
    return NULL;
}

alexnet_status an_global_find(an_pickle *pickle, const an_section *section, const char *module,
                              const char *name, an_value **value)
{
    if (strcmp(module, "__builtin__") == 0) /* as Python 2 calls it */
        module = "builtins";
    const an_torch_type *type = find_type(module, name);
    const struct an_global *found = NULL;
    for (int i = 0; i < GLOBALS && !type && !found; i++)
        if (strcmp(module, globals[i].module) == 0 &&
            (!globals[i].name || strcmp(name, globals[i].name) == 0))
            found = &globals[i];
    if (!type && !found)
        return refuse(section, module, name);
    *value = an_value_new(pickle, AN_VALUE_GLOBAL);
    if (*value && type) {
        struct an_global *made = an_pickle_alloc(pickle, sizeof *made);
        if (made)
            *made = (struct an_global){"torch", type->name, TYPE, type};
        found = made;
    }
    if (!*value || !found)
        return an_pickle_fail(pickle, section);
    (*value)->is.global = found;
    return ALEXNET_OK;
}

static const an_torch_type *type_of(const an_value *value)
{
    return value && value->kind == AN_VALUE_GLOBAL ? value->is.global->type : NULL;
}

/* ---- Tensors ---- */

static alexnet_status bad_tensor(const an_section *section, const char *what)
{
    return AN_SECTION_FAIL(section, "a tensor is damaged: %s", what);
}

/* Shape and strides: two tuples of the same length, of integers of 0 or more. */
static alexnet_status read_shape(const an_section *section, an_view *view, const an_value *size,
                                 const an_value *stride)
{
    enum { RANK_MAX = 64 }; /* PyTorch's */
    if (!size || !stride || size->kind != AN_VALUE_TUPLE || stride->kind != AN_VALUE_TUPLE ||
        size->count != stride->count || size->count > RANK_MAX)
        return bad_tensor(section, "its shape and strides are not two tuples of the same length");
    view->shape.rank = size->count;
    const an_item *dim = size->is.items.first, *step = stride->is.items.first;
    for (int i = 0; i < view->shape.rank; i++, dim = dim->next, step = step->next) {
        const int64_t length = an_value_int(dim->value), apart = an_value_int(step->value);
        if (length < 0 || apart < 0)
            return bad_tensor(section, "a length or stride is not an integer of 0 or more");
        if (i < AN_MAX_RANK) {
            view->shape.dim[i] = length;
            view->stride[i] = apart;
        }
    }
    return ALEXNET_OK;
}

/* Whether a tensor has the bits `neg` or `conj`, or others unknown: PyTorch lists those that are
 * set. */
static bool is_changed_view(const an_value *bits)
{
    return bits && bits->kind != AN_VALUE_NONE && !(bits->kind == AN_VALUE_DICT && !bits->count);
}

/* @param bits  which argument the tensor's bits are, which it may lack */
static alexnet_status make_tensor(an_pickle *pickle, const an_section *section,
                                  const an_value *arguments, const an_torch_type *type, int bits,
                                  an_value **value)
{
    const an_value *storage = an_value_at(arguments, 0);
    if (!storage || storage->kind != AN_VALUE_STORAGE)
        return bad_tensor(section, "it has no storage");
    an_view *view = an_pickle_alloc(pickle, sizeof *view);
    *value = an_value_new(pickle, AN_VALUE_TENSOR);
    if (!view || !*value)
        return an_pickle_fail(pickle, section);
    (*value)->is.view = view;
    view->storage = storage->is.storage;
    view->type = is_changed_view(an_value_at(arguments, bits)) ? &changed_view
                 : type                                        ? type
                                                               : view->storage->type;
    view->offset = an_value_int(an_value_at(arguments, 1));
    if (view->offset < 0)
        return bad_tensor(section, "its offset is not an integer of 0 or more");
    return read_shape(section, view, an_value_at(arguments, 2), an_value_at(arguments, 3));
}

alexnet_status an_global_storage(an_pickle *pickle, const an_section *section, const an_value *id,
                                 an_value **value)
{
    const char *kind = an_value_text(an_value_at(id, 0)), *key = an_value_text(an_value_at(id, 2));
    const an_torch_type *type = type_of(an_value_at(id, 1));
    const int64_t count = an_value_int(an_value_at(id, 4));
    const an_value *part = an_value_at(id, 5);
    if (!kind || strcmp(kind, "storage") != 0 || !type || !key || count < 0)
        return bad_tensor(section, "its storage has no type, key or number of elements");
    an_storage *storage = an_pickle_alloc(pickle, sizeof *storage);
    *value = an_value_new(pickle, AN_VALUE_STORAGE);
    if (!storage || !*value)
        return an_pickle_fail(pickle, section);
    (*value)->is.storage = storage;
    *storage = (an_storage){.key = key, .type = type, .count = count, .next = pickle->storages};
    pickle->storages = storage;
    if (!part || part->kind == AN_VALUE_NONE)
        return ALEXNET_OK;
    storage->offset = an_value_int(an_value_at(part, 1)); /* (its key, where, how many) */
    storage->count = an_value_int(an_value_at(part, 2));
    if (storage->offset < 0 || storage->count < 0)
        return bad_tensor(section, "its storage is part of another, without a place or length");
    return ALEXNET_OK;
}

/* ---- Calls ---- */

/* An empty dict, or one of pairs, as Python 2 saved it. */
static alexnet_status make_dict(an_pickle *pickle, const an_section *section,
                                const an_value *arguments, an_value **value)
{
    const an_value *pairs = an_value_at(arguments, 0);
    *value = an_value_new(pickle, AN_VALUE_DICT);
    if (!*value)
        return an_pickle_fail(pickle, section);
    if (!pairs || pairs->kind != AN_VALUE_LIST)
        return ALEXNET_OK;
    for (const an_item *item = pairs->is.items.first; item; item = item->next) {
        const an_value *key = an_value_at(item->value, 0), *kept = an_value_at(item->value, 1);
        if (!key || !kept)
            return AN_SECTION_FAIL(section, "a dict that is not made of pairs");
        if (!an_value_add(pickle, *value, key, kept))
            return an_pickle_fail(pickle, section);
    }
    return ALEXNET_OK;
}

/* The result of a call is `value`, or opaque if that is NULL. */
static alexnet_status give(const an_value *value, an_value **out)
{
    *out = value ? (an_value *)value : &an_value_other;
    return ALEXNET_OK;
}

static alexnet_status call(an_pickle *pickle, const an_section *section,
                           const struct an_global *global, const an_value *arguments,
                           an_value **value)
{
    const an_value *first = an_value_at(arguments, 0);
    switch (global->role) {
    case DATA: return give(&an_value_other, value);
    case DICT: return make_dict(pickle, section, arguments, value);
    case SIZE:
    case PARAMETER: return give(first, value);
    case TENSOR: return make_tensor(pickle, section, arguments, NULL, 6, value);
    case TENSOR_V3: {
        const an_torch_type *type = type_of(an_value_at(arguments, 6));
        return type ? make_tensor(pickle, section, arguments, type, 7, value)
                    : bad_tensor(section, "it has no element type");
    }
    case FROM_TYPE:
    case TYPE: break;
    }
    return AN_SECTION_FAIL(section, "%s.%s is called, which makes no value", global->module,
                           global->name);
}

alexnet_status an_global_call(an_pickle *pickle, const an_section *section, const an_value *callee,
                              const an_value *arguments, an_value **value)
{
    if (callee->kind == AN_VALUE_OTHER) /* what opaque values return is opaque */
        return give(&an_value_other, value);
    if (callee->kind != AN_VALUE_GLOBAL || arguments->kind != AN_VALUE_TUPLE)
        return AN_SECTION_FAIL(section, "the pickle calls what is not a function");
    if (callee->is.global->role != FROM_TYPE)
        return call(pickle, section, callee->is.global, arguments, value);
    const an_value *inner = an_value_at(arguments, 0), *its = an_value_at(arguments, 2);
    if (!inner || inner->kind != AN_VALUE_GLOBAL || !its || its->kind != AN_VALUE_TUPLE)
        return bad_tensor(section, "what rebuilds it is not a function");
    return call(pickle, section, inner->is.global, its, value);
}
