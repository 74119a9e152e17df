/* Any bytes as a confusion matrix: an error, or one that is the same after it is written and read
 * again. */
#include "confusion.h"
#include "fuzz/folder.h"
#include "fuzz/quiet.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    confusion first, second;
    be_quiet();
    folder_make();
    folder_write("confusion.csv", bytes, length);
    if (confusion_read(&first, folder_path("confusion.csv")) != CLI_DONE) {
        require(!first.rows && !first.cells && !first.names.count);
        return 0;
    }
    require(first.classes > 0 && first.names.count == (size_t)first.classes);
    require(confusion_write(&first, folder_path("again.csv")) == CLI_DONE);
    require(confusion_read(&second, folder_path("again.csv")) == CLI_DONE);
    require(first.classes == second.classes);
    const size_t n = (size_t)first.classes;
    require(memcmp(first.rows, second.rows, (n + 1) * sizeof *first.rows) == 0);
    for (size_t k = 0; k < first.rows[n]; k++)
        require(first.cells[k].answer == second.cells[k].answer &&
                first.cells[k].count == second.cells[k].count);
    for (size_t i = 0; i < n; i++)
        require(strcmp(first.names.items[i], second.names.items[i]) == 0);
    confusion_free(&first);
    confusion_free(&second);
    return 0;
}
