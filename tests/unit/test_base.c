/*
 * Error texts, memory, text and the count of CPUs.
 */
#include "scratch.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/context.h"
#include "base/cpus.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/utf8.h"

static void test_text_is_one_clean_line(void **state)
{
    (void)state;
    assert_int_equal(AN_FAIL(ALEXNET_ERROR_IO, "cannot open %s", "a\nb\x1b[31mc"),
                     ALEXNET_ERROR_IO);
    assert_string_equal(an_error_text(), "cannot open a\\x0ab\\x1b[31mc");
    assert_int_equal(an_fail_within(ALEXNET_ERROR_FORMAT, "net.ini"), ALEXNET_ERROR_FORMAT);
    assert_string_equal(an_error_text(), "net.ini: cannot open a\\x0ab\\x1b[31mc");
    AN_FAIL(ALEXNET_ERROR_IO, "again: %s", an_error_text()); /* the text is its own argument */
    assert_string_equal(an_error_text(), "again: net.ini: cannot open a\\x0ab\\x1b[31mc");
    AN_FAIL_MEMORY(3u << 19, "weights");
    assert_string_equal(an_error_text(), "out of memory: 1.5 MiB for weights");
}

static void test_long_text_is_cut(void **state)
{
    (void)state;
    char name[9000];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    AN_FAIL(ALEXNET_ERROR_IO, "%s", name);
    assert_int_equal(strlen(an_error_text()), 8191);
}

static void *fail_elsewhere(void *seen)
{
    strcpy(seen, an_error_text());
    AN_FAIL(ALEXNET_ERROR_IO, "of the other thread");
    return NULL;
}

static void test_each_thread_has_its_text(void **state)
{
    (void)state;
    char seen[1024] = "?";
    pthread_t thread;
    AN_FAIL(ALEXNET_ERROR_IO, "of this thread");
    assert_int_equal(pthread_create(&thread, NULL, fail_elsewhere, seen), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_string_equal(seen, "");
    assert_string_equal(an_error_text(), "of this thread");
}

static void test_nth_allocation_fails(void **state)
{
    (void)state;
    const uint64_t before = an_alloc_count();
    const int64_t live = an_alloc_live();
    an_alloc_fail_at(3);
    void *first = an_malloc(1), *second = an_calloc(2, 2), *third = an_malloc(1);
    void *fourth = an_alloc_big(100);
    assert_non_null(first);
    assert_non_null(second);
    assert_null(third);
    assert_non_null(fourth);
    assert_int_equal(an_alloc_count() - before, 4);
    assert_int_equal(an_alloc_live() - live, 3);
    an_alloc_fail_at(1);
    assert_null(an_realloc(first, 100, 1)); /* and the old block stays */
    memset(first, 1, 1);
    an_alloc_fail_at(1);
    assert_null(an_alloc_big(100));
    an_alloc_fail_at(1);
    assert_null(an_format("%d", 1));
    an_alloc_fail_at(1);
    an_alloc_fail_at(0);
    char *text = an_strdup("x");
    assert_non_null(text);
    an_free(text);
    an_free(first);
    an_free(second);
    an_free_big(fourth, 100);
    an_free(NULL);
    assert_int_equal(an_alloc_live(), live);
    void *grown = an_realloc(an_realloc(NULL, 1, 1), 2, 1);
    assert_int_equal(an_alloc_live() - live, 1);
    an_free(grown);
    assert_int_equal(an_alloc_live(), live);
}

static void test_sizes_that_overflow(void **state)
{
    (void)state;
    assert_null(an_calloc(SIZE_MAX / 2, 3));
    assert_null(an_realloc(NULL, SIZE_MAX / 2, 3));
    void *empty = an_malloc(0); /* a block all the same */
    assert_non_null(empty);
    an_free(empty);
}

static void test_an_array_grows(void **state)
{
    (void)state;
    enum { COUNT = 100 };
    int *array = NULL;
    for (int i = 0; i < COUNT; i++) {
        int *grown = an_grow(array, i, sizeof *array);
        assert_non_null(grown);
        array = grown;
        assert_int_equal(array[i], 0);
        array[i] = i;
    }
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(array[i], i);
    an_alloc_fail_at(1);
    assert_null(an_grow(array, 64, sizeof *array));
    an_alloc_fail_at(0);
    assert_int_equal(array[63], 63);
    an_free(array);
}

static void test_a_block_grows(void **state)
{
    (void)state;
    size_t room = 0;
    int moves = 0;
    unsigned char *block = NULL;
    for (size_t length = 0; length <= 4096; length++) {
        const size_t before = room;
        block = an_reserve(block, &room, length);
        assert_non_null(block);
        assert_true(room >= length);
        moves += room != before;
        if (length)
            block[length - 1] = (unsigned char)length;
    }
    assert_in_range(moves, 1, 10);
    for (size_t i = 0; i < 4096; i++)
        assert_int_equal(block[i], (unsigned char)(i + 1));
    const size_t before = room;
    an_alloc_fail_at(1);
    assert_ptr_equal(an_reserve(block, &room, room), block); /* nothing to allocate */
    assert_null(an_reserve(block, &room, room + 1));
    an_alloc_fail_at(0);
    assert_null(an_reserve(block, &room, SIZE_MAX));
    assert_int_equal(room, before);
    assert_int_equal(block[0], 1);
    an_free(block);
}

static void test_big_blocks_are_aligned_zeros(void **state)
{
    (void)state;
    const size_t bytes = 3 << 20;
    unsigned char *block = an_alloc_big(bytes);
    assert_non_null(block);
    assert_int_equal((uintptr_t)block % AN_ALIGN, 0);
    for (size_t i = 0; i < bytes; i++)
        assert_int_equal(block[i], 0);
    an_free_big(block, bytes);
    an_free_big(NULL, bytes);
}

static void test_strings(void **state)
{
    (void)state;
    char *cut = an_strndup("abcdef", 3), *text = an_format("%s-%d", "x", 42);
    assert_string_equal(cut, "abc");
    assert_string_equal(text, "x-42");
    an_free(cut);
    an_free(text);
}

static void put(const char *path, const char *text)
{
    char folders[256];
    for (size_t i = 1; path[i]; i++)
        if (path[i] == '/') {
            snprintf(folders, sizeof folders, "%.*s", (int)i, path);
            mkdir(folders, 0700);
        }
    scratch_text(path, text);
}

static void test_cgroup_quota(void **state)
{
    (void)state;
    assert_true(an_cpu_quota(".") == INFINITY);
    put("v2/proc/self/cgroup", "0::/a/b\n");
    assert_true(an_cpu_quota("v2") == INFINITY);
    put("v2/sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
    assert_true(an_cpu_quota("v2") == INFINITY);
    put("v2/sys/fs/cgroup/a/b/cpu.max", "350000 100000\n");
    assert_true(an_cpu_quota("v2") == 3.5);
    put("v2/sys/fs/cgroup/a/cpu.max", "150000 100000\n");
    assert_true(an_cpu_quota("v2") == 1.5);
    put("v2/sys/fs/cgroup/cpu.max", "20000 40000\n");
    assert_true(an_cpu_quota("v2") == 0.5);
    put("v1/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
    put("v1/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    assert_true(an_cpu_quota("v1") == INFINITY);
    put("v1/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "250000\n");
    assert_true(an_cpu_quota("v1") == 2.5);
    put("odd/proc/self/cgroup", "0::/\n");
    put("odd/sys/fs/cgroup/cpu.max", "100000 0\n");
    assert_true(an_cpu_quota("odd") == INFINITY);
}

static int count_open_files(void)
{
    int count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* Slurm with cgroups of version 1: limits are set on groups above that of the process, one
 * hierarchy has two controllers, and one is mounted elsewhere. */
static void test_nested_groups_of_version_1(void **state)
{
    (void)state;
    put("slurm/proc/self/cgroup", "9:memory:/slurm/uid_7/job_3/step_0\n"
                                  "4:cpu,cpuacct:/slurm/uid_7/job_3\n1:name=systemd:/\n0::/\n");
    put("slurm/proc/self/mountinfo",
        "20 1 0:5 / /proc rw - proc proc rw\n"
        "31 25 0:28 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
        "32 25 0:29 / /mnt/two\\040words rw,nosuid - cgroup cgroup rw,memory\n");
    put("slurm/sys/fs/cgroup/cpu,cpuacct/slurm/uid_7/job_3/cpu.cfs_quota_us", "-1\n");
    put("slurm/sys/fs/cgroup/cpu,cpuacct/slurm/uid_7/job_3/cpu.cfs_period_us", "100000\n");
    assert_true(an_cpu_quota("slurm") == INFINITY);
    put("slurm/sys/fs/cgroup/cpu,cpuacct/slurm/cpu.cfs_quota_us", "350000\n");
    put("slurm/sys/fs/cgroup/cpu,cpuacct/slurm/cpu.cfs_period_us", "100000\n");
    assert_true(an_cpu_quota("slurm") == 3.5);
    put("slurm/mnt/two words/slurm/uid_7/job_3/memory.limit_in_bytes", "9223372036854771712\n");
    assert_true(an_memory_available("slurm", 0) > 1ull << 62);
    put("slurm/mnt/two words/slurm/uid_7/memory.limit_in_bytes", "5000000\n");
    put("slurm/mnt/two words/slurm/uid_7/memory.usage_in_bytes", "3000000\n");
    put("slurm/mnt/two words/slurm/uid_7/memory.stat",
        "inactive_file 7\ntotal_inactive_file 500000\n");
    const int open_before = count_open_files();
    assert_int_equal(an_memory_available("slurm", 0), 2500000);
    assert_int_equal(count_open_files(), open_before);
    put("slurm/proc/meminfo", "MemTotal: 9000 kB\nMemAvailable:    1000 kB\n");
    assert_int_equal(an_memory_available("slurm", 0), 1024000);
}

/* A container without a cgroup namespace, in which its own group is mounted as the root. */
static void test_groups_of_a_container(void **state)
{
    (void)state;
    put("box/proc/self/cgroup", "0::/docker/1a/inner\n");
    put("box/proc/self/mountinfo", "33 25 0:30 /docker/1a /sys/fs/cgroup ro - cgroup2 cgroup rw\n");
    put("box/sys/fs/cgroup/memory.max", "3000\n");
    put("box/sys/fs/cgroup/memory.current", "1000\n");
    put("box/sys/fs/cgroup/inner/cpu.max", "50000 100000\n");
    assert_int_equal(an_memory_available("box", 0), 2000);
    assert_true(an_cpu_quota("box") == 0.5);
    put("box/sys/fs/cgroup/2/cpu.max", "25000 100000\n");
    put("box/proc/self/cgroup", "0::/docker/1a2/2\n"); /* not below /docker/1a */
    assert_int_equal(an_memory_available("box", 0), 2000);
    assert_true(an_cpu_quota("box") == INFINITY);
    put("box/sys/fs/elsewhere/cpu.max", "25000 100000\n"); /* outside what is mounted */
    put("box/proc/self/cgroup", "0::/docker/1a/../elsewhere\n");
    assert_int_equal(an_memory_available("box", 0), 2000);
    assert_true(an_cpu_quota("box") == INFINITY);
    put("box/proc/self/cgroup", "0::/../elsewhere\n");
    assert_int_equal(an_memory_available("box", 0), 2000);
    assert_true(an_cpu_quota("box") == INFINITY);
}

/* The bytes of address space that this process uses. */
static rlim_t used_addresses(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%lu", &pages), 1);
    fclose(file);
    return pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* What is mapped and not written to takes addresses, but no memory: it is counted once. */
static void test_limit_of_addresses(void **state)
{
    static const uint64_t left = 64 << 20, mapped = 24 << 20;
    struct rlimit old, limit;
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_AS, &old), 0);
    limit = (struct rlimit){used_addresses() + left, old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
    const uint64_t plain = an_memory_available("", 0), more = an_memory_available("", mapped);
    assert_int_equal(setrlimit(RLIMIT_AS, &old), 0);
    assert_in_range(plain, left / 2, left);
    assert_int_equal(more - plain, mapped);
    assert_true(an_memory_available("", mapped) > left); /* without a limit */
}

static void test_affinity_counts(void **state)
{
    (void)state;
    cpu_set_t all, one;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    const int before = an_cpu_count();
    assert_true(before >= 1 && before <= CPU_COUNT(&all));
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
        if (CPU_ISSET(i, &all))
            CPU_SET(i, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(an_cpu_count(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    assert_int_equal(an_cpu_count(), before);
}

static void keep_line(void *user, alexnet_log_level level, const char *line)
{
    snprintf(user, 64, "%d %s", level, line);
}

static void test_context_logs_and_cancels(void **state)
{
    (void)state;
    char kept[64] = "";
    alexnet_ctx *ctx = an_calloc(1, sizeof *ctx);
    assert_non_null(ctx);
    pthread_mutex_init(&ctx->log_lock, NULL);
    ctx->references = 1;
    an_log(ctx, ALEXNET_LOG_INFO, "nobody listens");
    ctx->log = keep_line;
    ctx->log_user = kept;
    an_log(ctx, ALEXNET_LOG_WARNING, "bad %s", "pic\nture");
    assert_string_equal(kept, "1 bad pic\\x0ature");
    assert_int_equal(an_ctx_check(ctx), ALEXNET_OK);
    ctx->cancelled = true;
    assert_int_equal(an_ctx_check(ctx), ALEXNET_ERROR_CANCELLED);
    an_ctx_release(an_ctx_retain(ctx));
    an_ctx_release(ctx);
    an_ctx_release(NULL);
}

static void escapes_to(const char *text, const char *expected)
{
    char out[64];
    an_text_escape(out, sizeof out, text);
    assert_string_equal(out, expected);
}

static void test_escape(void **state)
{
    (void)state;
    char cut[8];
    escapes_to("plain \\ text, \xC3\xA4\xE2\x82\xAC", "plain \\ text, \xC3\xA4\xE2\x82\xAC");
    escapes_to("a\x1b[31m\nb\x7f", "a\\x1b[31m\\x0ab\\x7f");
    escapes_to("\xC2\x9B"
               "2J",
               "\\u009b2J"); /* C1 */
    escapes_to("\xE2\x80\xAE"
               "gnp",
               "\\u202egnp");                      /* right to left */
    escapes_to("\u2065\u2069x", "\u2065\\u2069x"); /* the last of those */
    escapes_to("\x9B\xC3", "\\x9b\\xc3");          /* not UTF-8 */
    escapes_to("\xED\xA0\x80", "\\xed\\xa0\\x80");
    an_text_escape(cut, sizeof cut,
                   "abcde\x1b"
                   "f");
    assert_string_equal(cut, "abcde"); /* no escape is cut in half */
    cut[7] = '#';
    an_text_escape(cut, 7, "abcdefg");
    assert_memory_equal(cut, "abcdef\0#", 8); /* the end counts */
    an_fail(ALEXNET_ERROR_IO, "cannot open %s", "x\x1b[0m\ny");
    assert_string_equal(an_error_text(), "cannot open x\\x1b[0m\\x0ay");
}

static void spelled_as(const char *text, const char *expected)
{
    char out[160];
    assert_string_equal(an_text_spell(out, sizeof out, text), expected);
}

static void test_spell(void **state)
{
    (void)state;
    spelled_as("cafe", "\"cafe\"");
    spelled_as("caf\xC3\xA9", "\"caf\xC3\xA9\" (with U+00E9)");
    spelled_as("cafe\xCC\x81\xE9", "\"cafe\xCC\x81\xE9\" (with U+0301 byte E9)");
#define TEN "xxxxxxxxxx"
#define MOST TEN TEN TEN TEN TEN TEN TEN "xxxxxxxxx"
    spelled_as(MOST "\xC3\xA9", "\"" MOST "\" (with U+00E9)"); /* no character is cut in half */
    spelled_as(MOST "y\xC3\xA9", "\"" MOST "y\" (with U+00E9)");
}

static void test_utf8(void **state)
{
    (void)state;
    static const char *const good[] = {"",
                                       "abc",
                                       "k\xc3\xa4se",
                                       "\xe2\x82\xac",
                                       "\xf0\x9f\x90\x88",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80",
                                      "\xc3",
                                      "\xc3(",
                                      "\xc0\xaf",
                                      "\xc1\xbf",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xed\xbf\xbf",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf5\x80\x80\x80",
                                      "\xf4\x90\x80\x80",
                                      "\xe2\x82",
                                      "\xf0\x9f\x90",
                                      "\xff",
                                      "k\xe4se"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(an_is_utf8(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(an_is_utf8(bad[i]));
}

static void test_status_names(void **state)
{
    (void)state;
    for (int status = 0; status >= -10; status--)
        assert_memory_equal(alexnet_status_name((alexnet_status)status), "ALEXNET_", 8);
    assert_string_equal(alexnet_status_name(ALEXNET_ERROR_BAD_DATA), "ALEXNET_ERROR_BAD_DATA");
    assert_string_equal(alexnet_status_name(ALEXNET_ERROR_BAD_MODEL), "ALEXNET_ERROR_BAD_MODEL");
    assert_string_equal(alexnet_status_name((alexnet_status)-99), "unknown status");
}

/* Every accented letter of Latin-1 and Latin Extended-A, as one character and as two, from the
 * Unicode Character Database (Python's unicodedata). The two are read as the same; letters are
 * otherwise distinct, except for capitals. */
static void test_fold(void **state)
{
    (void)state;
    static const char composed[] =
        "\u00C0\u00C1\u00C2\u00C3\u00C4\u00C5\u00C7\u00C8\u00C9\u00CA\u00CB\u00CC\u00CD\u00CE"
        "\u00CF\u00D1\u00D2\u00D3\u00D4\u00D5\u00D6\u00D9\u00DA\u00DB\u00DC\u00DD\u00E0\u00E1"
        "\u00E2\u00E3\u00E4\u00E5\u00E7\u00E8\u00E9\u00EA\u00EB\u00EC\u00ED\u00EE\u00EF\u00F1"
        "\u00F2\u00F3\u00F4\u00F5\u00F6\u00F9\u00FA\u00FB\u00FC\u00FD\u00FF\u0100\u0101\u0102"
        "\u0103\u0104\u0105\u0106\u0107\u0108\u0109\u010A\u010B\u010C\u010D\u010E\u010F\u0112"
        "\u0113\u0114\u0115\u0116\u0117\u0118\u0119\u011A\u011B\u011C\u011D\u011E\u011F\u0120"
        "\u0121\u0122\u0123\u0124\u0125\u0128\u0129\u012A\u012B\u012C\u012D\u012E\u012F\u0130"
        "\u0134\u0135\u0136\u0137\u0139\u013A\u013B\u013C\u013D\u013E\u0143\u0144\u0145\u0146"
        "\u0147\u0148\u014C\u014D\u014E\u014F\u0150\u0151\u0154\u0155\u0156\u0157\u0158\u0159"
        "\u015A\u015B\u015C\u015D\u015E\u015F\u0160\u0161\u0162\u0163\u0164\u0165\u0168\u0169"
        "\u016A\u016B\u016C\u016D\u016E\u016F\u0170\u0171\u0172\u0173\u0174\u0175\u0176\u0177"
        "\u0178\u0179\u017A\u017B\u017C\u017D\u017E";
    static const char decomposed[] =
        "A\u0300A\u0301A\u0302A\u0303A\u0308A\u030AC\u0327E\u0300E\u0301E\u0302E\u0308I\u0300I"
        "\u0301I\u0302I\u0308N\u0303O\u0300O\u0301O\u0302O\u0303O\u0308U\u0300U\u0301U\u0302U"
        "\u0308Y\u0301a\u0300a\u0301a\u0302a\u0303a\u0308a\u030Ac\u0327e\u0300e\u0301e\u0302e"
        "\u0308i\u0300i\u0301i\u0302i\u0308n\u0303o\u0300o\u0301o\u0302o\u0303o\u0308u\u0300u"
        "\u0301u\u0302u\u0308y\u0301y\u0308A\u0304a\u0304A\u0306a\u0306A\u0328a\u0328C\u0301c"
        "\u0301C\u0302c\u0302C\u0307c\u0307C\u030Cc\u030CD\u030Cd\u030CE\u0304e\u0304E\u0306e"
        "\u0306E\u0307e\u0307E\u0328e\u0328E\u030Ce\u030CG\u0302g\u0302G\u0306g\u0306G\u0307g"
        "\u0307G\u0327g\u0327H\u0302h\u0302I\u0303i\u0303I\u0304i\u0304I\u0306i\u0306I\u0328i"
        "\u0328I\u0307J\u0302j\u0302K\u0327k\u0327L\u0301l\u0301L\u0327l\u0327L\u030Cl\u030CN"
        "\u0301n\u0301N\u0327n\u0327N\u030Cn\u030CO\u0304o\u0304O\u0306o\u0306O\u030Bo\u030BR"
        "\u0301r\u0301R\u0327r\u0327R\u030Cr\u030CS\u0301s\u0301S\u0302s\u0302S\u0327s\u0327S"
        "\u030Cs\u030CT\u0327t\u0327T\u030Ct\u030CU\u0303u\u0303U\u0304u\u0304U\u0306u\u0306U"
        "\u030Au\u030AU\u030Bu\u030BU\u0328u\u0328W\u0302w\u0302Y\u0302y\u0302Y\u0308Z\u0301z"
        "\u0301Z\u0307z\u0307Z\u030Cz\u030C";
    enum { LETTERS = 161 };
    uint32_t letters[LETTERS];
    const char *a = composed, *b = decomposed;
    for (int i = 0; i < LETTERS; i++) {
        letters[i] = an_utf8_fold(&a);
        assert_true(letters[i] != 0);
        assert_int_equal(an_utf8_fold(&b), letters[i]);
        int same = 0;
        for (int k = 0; k < i; k++)
            same += letters[k] == letters[i];
        assert_true(same <= 1);
    }
    assert_int_equal(an_utf8_fold(&a), 0);
    assert_int_equal(an_utf8_fold(&b), 0);
    assert_int_equal(an_utf8_compare_folded("CAF\u00C9", "cafe\u0301"), 0);
    assert_true(an_utf8_compare_folded("cafe", "caf\u00E9") < 0);
    assert_true(an_utf8_compare_folded("caf\u00E8", "caf\u00E9") < 0);
    assert_true(an_utf8_compare_folded("e\xCC", "e\u0301") != 0); /* cut short */
    assert_true(an_utf8_compare_folded("e\xFF", "e\xFE") != 0);
    assert_int_equal(an_utf8_compare_folded("\u0416\u4E2D", "\u0436\u4E2D"), 0);
    assert_int_equal(an_utf8_compare_folded("\u0401\u040F", "\u0451\u045F"), 0);
    assert_int_equal(an_utf8_compare_folded("a\u0416", "a\u0436"), 0); /* no accent of the a */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fold),
        cmocka_unit_test(test_text_is_one_clean_line),
        cmocka_unit_test(test_long_text_is_cut),
        cmocka_unit_test(test_each_thread_has_its_text),
        cmocka_unit_test(test_nth_allocation_fails),
        cmocka_unit_test(test_sizes_that_overflow),
        cmocka_unit_test(test_an_array_grows),
        cmocka_unit_test(test_a_block_grows),
        cmocka_unit_test(test_big_blocks_are_aligned_zeros),
        cmocka_unit_test(test_strings),
        cmocka_unit_test_setup_teardown(test_cgroup_quota, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(test_nested_groups_of_version_1, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(test_groups_of_a_container, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test(test_limit_of_addresses),
        cmocka_unit_test(test_affinity_counts),
        cmocka_unit_test(test_context_logs_and_cancels),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_escape),
        cmocka_unit_test(test_spell),
        cmocka_unit_test(test_status_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
