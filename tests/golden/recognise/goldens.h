/* Written by tools/make_recognise_goldens.py; do not edit. */
/* clang-format off */
static const struct {
    const char *name;
    int rank, shape[4];
} golden_tensors[] = {
    {"features.0.weight", 4, {24, 3, 7, 7}},
    {"features.0.bias", 1, {24}},
    {"features.4.weight", 4, {64, 12, 5, 5}},
    {"features.4.bias", 1, {64}},
    {"features.8.weight", 4, {96, 64, 3, 3}},
    {"features.8.bias", 1, {96}},
    {"features.10.weight", 4, {96, 48, 3, 3}},
    {"features.10.bias", 1, {96}},
    {"features.12.weight", 4, {64, 48, 3, 3}},
    {"features.12.bias", 1, {64}},
    {"classifier.0.weight", 2, {256, 576}},
    {"classifier.0.bias", 1, {256}},
    {"classifier.3.weight", 2, {256, 256}},
    {"classifier.3.bias", 1, {256}},
    {"classifier.6.weight", 2, {10, 256}},
    {"classifier.6.bias", 1, {10}},
};

static const double golden_probabilities[] = {
    0.08118918184120724,
    0.09984237974374495,
    0.09532093757750254,
    0.08626310676747112,
    0.061013591463978833,
    0.09892629060756625,
    0.08966089090086812,
    0.16735561242115868,
    0.11271720155095123,
    0.10771080712555105,
};
