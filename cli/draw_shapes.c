/* The labelled pictures of the demo. */
#include <math.h>

#include "draw.h"

enum { CLASSES = 10, SIDE = 80, EXTRA_SIDE = 16, DISTRACTORS = 7 };

static const double pi = 3.14159265358979323846;

typedef enum shape { RING, CROSS, SQUARE, STAR, TRIANGLE } shape;

/* Hues in degrees. */
typedef enum colour { RED = 0, YELLOW = 54, GREEN = 125, BLUE = 220, PURPLE = 290 } colour;

/* A ring of pairs: each shape has two colours, and each colour two shapes. */
static const struct {
    const char *name;
    shape shape;
    colour colour;
} classes[CLASSES] = {
    {"red-ring", RING, RED},
    {"green-ring", RING, GREEN},
    {"red-cross", CROSS, RED},
    {"blue-cross", CROSS, BLUE},
    {"blue-square", SQUARE, BLUE},
    {"yellow-square", SQUARE, YELLOW},
    {"yellow-star", STAR, YELLOW},
    {"purple-star", STAR, PURPLE},
    {"purple-triangle", TRIANGLE, PURPLE},
    {"green-triangle", TRIANGLE, GREEN},
};

const char *draw_shape_class(int index)
{
    return index >= 0 && index < CLASSES ? classes[index].name : NULL;
}

/* Whoever knows one property must guess among the classes that share it, and is right for one class
 * per value of the property. */
static double best_by(bool by_shape)
{
    int values = 0;
    for (int i = 0; i < CLASSES; i++) {
        bool first = true;
        for (int j = 0; j < i; j++)
            first = first && (by_shape ? classes[i].shape != classes[j].shape
                                       : classes[i].colour != classes[j].colour);
        values += first;
    }
    return (double)values / CLASSES;
}

double draw_best_by_shape(void)
{
    return best_by(true);
}

double draw_best_by_colour(void)
{
    return best_by(false);
}

/* Random numbers of a picture: the mixing function of splitmix64 over key + count. */
typedef struct dice {
    uint64_t key, count;
} dice;

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

static uint64_t roll(dice *d)
{
    return mix(d->key + ++d->count * 0x9E3779B97F4A7C15u);
}

static double between(dice *d, double low, double high)
{
    return low + (high - low) * ((double)(roll(d) >> 11) * 0x1p-53);
}

typedef struct rgb {
    double r, g, b;
} rgb;

/* Hue in degrees from -60, saturation and value from 0 to 1. */
static rgb from_hsv(double hue, double saturation, double value)
{
    double channel[3];
    for (int i = 0; i < 3; i++) {
        double k = fmod((i == 0 ? 5 : i == 1 ? 3 : 1) + hue / 60, 6);
        double ramp = fmax(0, fmin(1, fmin(k, 4 - k)));
        channel[i] = value * (1 - saturation * ramp);
    }
    return (rgb){channel[0], channel[1], channel[2]};
}

static double distance(rgb a, rgb b)
{
    return sqrt((a.r - b.r) * (a.r - b.r) + (a.g - b.g) * (a.g - b.g) + (a.b - b.b) * (a.b - b.b));
}

/* A muted colour, far enough from the shape's for the shape to be seen. */
static rgb background_colour(dice *d, rgb shape_colour)
{
    const double far_enough = 0.4;
    rgb found;
    do
        found = from_hsv(between(d, 0, 360), between(d, 0, 0.5), between(d, 0.15, 0.95));
    while (distance(found, shape_colour) < far_enough);
    return found;
}

static void paint_background(cairo_t *cairo, dice *d, int width, int height, rgb shape_colour)
{
    double angle = between(d, 0, 2 * pi), reach = 0.6 * hypot(width, height);
    double x = width / 2.0, y = height / 2.0;
    rgb a = background_colour(d, shape_colour), b = background_colour(d, shape_colour);
    cairo_pattern_t *ramp =
        cairo_pattern_create_linear(x - reach * cos(angle), y - reach * sin(angle),
                                    x + reach * cos(angle), y + reach * sin(angle));
    cairo_pattern_add_color_stop_rgb(ramp, 0, a.r, a.g, a.b);
    cairo_pattern_add_color_stop_rgb(ramp, 1, b.r, b.g, b.b);
    cairo_set_source(cairo, ramp);
    cairo_paint(cairo);
    cairo_pattern_destroy(ramp);
}

/* Small dots and strokes of any colour, so that the mere presence of a colour does not tell the
 * class. */
static void paint_distractors(cairo_t *cairo, dice *d, int width, int height)
{
    int count = (int)between(d, 2, DISTRACTORS + 1);
    for (int i = 0; i < count; i++) {
        rgb c = from_hsv(between(d, 0, 360), between(d, 0.5, 1), between(d, 0.4, 1));
        double x = between(d, 0, width), y = between(d, 0, height), size = between(d, 2, 5);
        double angle = between(d, 0, 2 * pi);
        cairo_set_source_rgb(cairo, c.r, c.g, c.b);
        if (roll(d) & 1) {
            cairo_arc(cairo, x, y, size, 0, 2 * pi);
            cairo_fill(cairo);
        } else {
            cairo_set_line_width(cairo, size / 2);
            cairo_move_to(cairo, x, y);
            cairo_line_to(cairo, x + 3 * size * cos(angle), y + 3 * size * sin(angle));
            cairo_stroke(cairo);
        }
    }
}

/* Corners on circles of radius 1 and `inner`, in turn. */
static void polygon(cairo_t *cairo, int corners, double inner)
{
    for (int i = 0; i < corners; i++) {
        double radius = i % 2 ? inner : 1, angle = 2 * pi * i / corners;
        cairo_line_to(cairo, radius * cos(angle), radius * sin(angle));
    }
    cairo_close_path(cairo);
}

/* The outline of a shape about the origin, of radius 1. */
static void outline(cairo_t *cairo, shape s)
{
    const double arm = 0.27, hole = 0.55, dent = 0.4, half = 0.75;
    switch (s) {
    case RING:
        cairo_arc(cairo, 0, 0, 1, 0, 2 * pi);
        cairo_new_sub_path(cairo);
        cairo_arc(cairo, 0, 0, hole, 0, 2 * pi);
        break;
    case CROSS:
        cairo_rectangle(cairo, -1, -arm, 2, 2 * arm);
        cairo_rectangle(cairo, -arm, -1, 2 * arm, 1 - arm);
        cairo_rectangle(cairo, -arm, arm, 2 * arm, 1 - arm);
        break;
    case SQUARE: cairo_rectangle(cairo, -half, -half, 2 * half, 2 * half); break;
    case STAR: polygon(cairo, 10, dent); break;
    case TRIANGLE: polygon(cairo, 3, 1); break;
    }
}

/* The whole shape lies within the middle square, which is what the network sees. */
static void paint_shape(cairo_t *cairo, dice *d, int width, int height, shape s, rgb c)
{
    const double tilt = 0.4;
    double radius = between(d, 0.18, 0.36) * SIDE, room = SIDE / 2.0 - radius - 3;
    cairo_set_fill_rule(cairo, CAIRO_FILL_RULE_EVEN_ODD);
    cairo_save(cairo);
    cairo_translate(cairo, width / 2.0 + between(d, -room, room),
                    height / 2.0 + between(d, -room, room));
    cairo_rotate(cairo, between(d, -tilt, tilt) - pi / 2);
    cairo_scale(cairo, radius, radius * between(d, 0.85, 1));
    outline(cairo, s);
    cairo_restore(cairo);
    cairo_set_source_rgb(cairo, c.r, c.g, c.b);
    cairo_fill(cairo);
}

/* Approximately normal, standard deviation 1: the sum of four uniform numbers of 16 bits. */
static double noise(dice *d)
{
    uint64_t bits = roll(d);
    double sum = (double)(bits & 0xFFFF) + (double)(bits >> 16 & 0xFFFF) +
                 (double)(bits >> 32 & 0xFFFF) + (double)(bits >> 48);
    return (sum / 65535 - 2) * sqrt(3);
}

/* Light that falls off to one side, and noise on every channel of every pixel. */
static void weather(cairo_surface_t *surface, dice *d)
{
    int width = cairo_image_surface_get_width(surface);
    int height = cairo_image_surface_get_height(surface);
    int stride = cairo_image_surface_get_stride(surface);
    double angle = between(d, 0, 2 * pi), slope = between(d, 0, 0.4), gain = between(d, 0.75, 1.1);
    double grain = between(d, 3, 16);
    cairo_surface_flush(surface);
    unsigned char *pixels = cairo_image_surface_get_data(surface);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            double side = cos(angle) * (2.0 * x / width - 1) + sin(angle) * (2.0 * y / height - 1);
            double light = gain * (1 + slope * side);
            unsigned char *pixel = pixels + (size_t)y * (size_t)stride + (size_t)x * 4;
            for (int i = 0; i < 3; i++) {
                double value = pixel[i] * light + grain * noise(d);
                pixel[i] = (unsigned char)fmax(0, fmin(255, value + 0.5));
            }
        }
    cairo_surface_mark_dirty(surface);
}

cairo_surface_t *draw_shape(uint64_t seed, int class_index, int number)
{
    dice d = {mix(mix(seed + 1) + (uint64_t)class_index * 1000003u) + (uint64_t)number, 0};
    d.key = mix(d.key);
    int width = SIDE + (int)between(&d, 0, EXTRA_SIDE + 1);
    int height = SIDE + (int)between(&d, 0, EXTRA_SIDE + 1);
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    cairo_t *cairo = cairo_create(surface);
    rgb paint = from_hsv(classes[class_index].colour + between(&d, -12, 12), between(&d, 0.65, 1),
                         between(&d, 0.6, 1));
    paint_background(cairo, &d, width, height, paint);
    paint_distractors(cairo, &d, width, height);
    paint_shape(cairo, &d, width, height, classes[class_index].shape, paint);
    cairo_destroy(cairo);
    weather(surface, &d);
    return surface;
}
