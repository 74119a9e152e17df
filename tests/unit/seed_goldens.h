/* Made by tools/make_seed_goldens.py. */
#define GOLDEN_SEED 0x0123456789abcdefu
static const uint32_t golden_draws[6][4] = {
    {0x2280e164, 0x02f374b7, 0x123dd9f4, 0x392899d2},
    {0x7727adb5, 0x8803d29a, 0x745e9200, 0x40b392d3},
    {0x696446d4, 0xe7371a60, 0x35a1af34, 0x61dbff6e},
    {0x277bcbae, 0x2e436904, 0xd6562201, 0x2f8c1a63},
    {0x3dc4d825, 0x83936a89, 0x41ea171b, 0xa524df7a},
    {0x9779bc83, 0x5be51b64, 0x9d5978e3, 0x384e90c7},
};
static const uint32_t golden_orders[2][10] = {{5, 3, 4, 1, 0, 8, 9, 6, 7, 2},
                                              {5, 1, 0, 9, 3, 7, 8, 2, 6, 4}};
static const int golden_crops[4][3] = {{7, 3, 0}, {20, 11, 0}, {32, 6, 1}, {13, 3, 0}};
static const double golden_colours[2][4] = {
    {1.6272993075370799, -0.5959715286470525, 0.17046175105767192, -0.34193320030506674},
    {0.21083951161504944, -0.40162599361691353, 0.24316910403519543, -0.61185309234947094}};
static const double golden_weights[6] = {0.79713987857090929, -0.51839118188237476,
                                         0.66617016798754025, -0.16308933620783345,
                                         -1.1032295514992143, 1.2535902770870997};
static const char golden_masks[] =
    "0100111111110111101010110111010000110000001110010101011110111110";
static const char *const golden_split[3] = {"class0/0.jpg", "class0/2.jpg", "class0/3.jpg"};
