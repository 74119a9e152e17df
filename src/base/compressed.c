#include "base/compressed.h"

#include <string.h>

static const an_compressed kinds[] = {
    {"\x1F\x8B", 2, "gunzip", false},        {"BZh", 3, "bunzip2", false},
    {"\3757zXZ", 5, "unxz", false},          {"\x28\xB5\x2F\xFD", 4, "unzstd", false},
    {"\x04\x22\x4D\x18", 4, "unlz4", false}, {"LZIP", 4, "lzip -d", false},
    {"\x89LZO", 4, "lzop -d", false},        {"\x1F\x9D", 2, "uncompress", false},
    {"\x5D\0\0", 3, "unlzma", false},        {"PK\3\4", 4, "unzip", true},
    {"7z\xBC\xAF\x27\x1C", 6, "7z x", true}, {"Rar!", 4, "unrar x", true}};

const an_compressed *an_compressed_of(const void *bytes, size_t length)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (length >= kinds[i].length && memcmp(bytes, kinds[i].magic, kinds[i].length) == 0)
            return &kinds[i];
    return NULL;
}

bool an_is_tar(const void *bytes, size_t length)
{
    enum { AT = 257 };
    static const char magic[] = {'u', 's', 't', 'a', 'r'};
    return length >= AT + sizeof magic &&
           memcmp((const char *)bytes + AT, magic, sizeof magic) == 0;
}
