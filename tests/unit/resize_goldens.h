/* Written by tools/make_resize_goldens.py with Pillow 13.0.0. */
/* source width, height, result width, height, FNV-1a of the result */
static const resize_golden resize_goldens[] = {
    {1, 1, 1, 1, 0xc98f481b3807d53b},         {1, 1, 5, 3, 0xcf843314cc7530bb},
    {5, 3, 1, 1, 0x4c7827193deccca6},         {2, 2, 3, 3, 0x5f4690a341a311c2},
    {3, 3, 2, 2, 0xc550901d8755a98b},         {1, 40, 7, 9, 0x53f0cd088c1a9c0e},
    {40, 1, 9, 7, 0xafcade66c9c94f82},        {1, 300, 1, 7, 0x52cfef96bc29d9e6},
    {300, 1, 7, 1, 0x52cfef96bc29d9e6},       {16, 16, 16, 16, 0xea234455f1df481b},
    {16, 9, 16, 31, 0x189185b79e307bcb},      {16, 31, 16, 9, 0x7e66669de504e099},
    {9, 16, 31, 16, 0xfe0b270362244552},      {31, 16, 9, 16, 0x2c127fa4ac19d829},
    {64, 48, 32, 24, 0x48c2ac343735d9ec},     {32, 24, 64, 48, 0xe3135f1112ca044e},
    {33, 57, 32, 56, 0x97193b6ba954705f},     {33, 57, 34, 58, 0xcb7b81dca5f78ca1},
    {100, 75, 17, 13, 0xd29639fdb5dda7e6},    {17, 13, 100, 75, 0x640955813d27334f},
    {640, 3, 5, 12, 0xe797ddf12df0ec97},      {3, 640, 12, 5, 0xc05f68a772d7daa3},
    {127, 61, 61, 127, 0x98a988b405659c80},   {61, 127, 127, 61, 0xb9774e6449a358ee},
    {224, 224, 256, 256, 0x758d30a8e801b55b}, {256, 256, 224, 224, 0xddaeaadfcb087e9b},
    {500, 375, 341, 256, 0xaa549c3f479b2bc4}, {375, 500, 256, 341, 0x1879fff15a8a8020},
    {499, 333, 383, 256, 0x56fab60719665aa2}, {800, 600, 64, 64, 0x9a68a245ccd98db6},
    {1000, 7, 256, 256, 0xa546f1dad6ff2087},  {255, 257, 256, 256, 0xbbff4ee383f39c6a},
};

/* source width, height, side, FNV-1a of the short-side square and of the warp */
static const fit_golden fit_goldens[] = {
    {1, 1, 4, 0x93b4373ff0aca725, 0x93b4373ff0aca725},
    {7, 5, 8, 0xd58a31b577339726, 0x66fcf1e1bb42a4d1},
    {5, 7, 8, 0xb4d82e19e0bb365d, 0x450eb8fa3f961328},
    {64, 64, 64, 0xde82e80426692799, 0xde82e80426692799},
    {64, 65, 64, 0xde82e80426692799, 0x85091a8688269d57},
    {65, 64, 64, 0x5f2b5d3992f76f13, 0x130c1be709384ec1},
    {500, 375, 256, 0x460684ac3f60aa74, 0x13c2f202a1321f06},
    {375, 500, 256, 0xcaf4adfd1309bd10, 0x2a5e3e3265f48766},
    {3, 1000, 17, 0x3a12f520099e9dbc, 0xfc88b87aa08b3c5d},
    {1000, 3, 17, 0xc651168fc9dc3818, 0x9c252c4140488b30},
    {224, 224, 64, 0x75fd1681d7156bf2, 0x75fd1681d7156bf2},
    {333, 200, 227, 0xe088c768306b7bd6, 0x5dfa001554ed09b1},
    {455, 256, 256, 0xc72c7f9fc8fcc78e, 0x85b8f7b3d7ee5a7f},
    {67, 71, 66, 0x7d9498388529a608, 0xd978f81003425115},
};
