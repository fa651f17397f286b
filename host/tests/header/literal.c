/* Frames by hand, and what the header must read in them. */
#include <stdio.h>
#include "knock_host.h"

#define CHECK(condition) \
    do { \
        if (!(condition)) { \
            printf("%s\n", #condition); \
            failures++; \
        } \
    } while (0)

int main(void)
{
    /* 3 rows in array order for core 2 of 4; row 1 is the oldest, and row 2 is of a packet without TCP. */
    static const unsigned char frame[] = {
        0x02, 0, 0, 0, 0, 0x01, 0x10, 0x10, 0x10, 0x10, 0x10, 0x02, 0x08, 0x00,
        10, 0, 0, 7, 0x67, 0x00, 0, 1,
        192, 168, 1, 2, 0x34, 0x12, 1, 0,
        0, 0, 0, 0, 0, 0, 0, 0,
        1, 0,
        0xaa, 0xbb,
    };
    unsigned char broken[sizeof(frame)];
    const struct knock_prefix *prefix = (const struct knock_prefix *)(const void *)frame;
    const struct knock_row *row;
    unsigned int i;
    int failures = 0;

    CHECK(KNOCK_ROWS == 3 && KNOCK_CORES == 4 && KNOCK_MISSED == 3);
    CHECK(KNOCK_PREFIX_BYTES == 40 && KNOCK_ROW_BYTES == 8);
    CHECK(KNOCK_ROWS_OFFSET == 14 && KNOCK_INDEX_POINTER_OFFSET == 38);
    CHECK(KNOCK_ROW_DESTINATION_PORT_OFFSET == 4 && KNOCK_ROW_FIN_OFFSET == 7);
    CHECK(knock_core(prefix) == 2);
    CHECK(knock_index_pointer(prefix) == 1);
    CHECK(knock_pkt_start(frame) == frame + 40);

    row = knock_history(prefix, 0);
    CHECK(row == &prefix->rows[1] && !knock_is_empty(row));
    CHECK(knock_row_source(row) == 0xc0a80102u);
    CHECK(knock_row_destination_port(row) == 0x1234);
    CHECK(knock_row_syn(row) == 1 && knock_row_fin(row) == 0);
    row = knock_history(prefix, 1);
    CHECK(row == &prefix->rows[2] && knock_is_empty(row));
    row = knock_history(prefix, 2);
    CHECK(row == &prefix->rows[0] && !knock_is_empty(row));
    CHECK(knock_row_source(row) == 0x0a000007u);
    CHECK(knock_row_destination_port(row) == 103);
    CHECK(knock_row_syn(row) == 0 && knock_row_fin(row) == 1);
    CHECK(knock_history(prefix, 3) == 0);
    CHECK(knock_history(prefix, 0xffffffffu) == 0);

    /* An index pointer beyond the rows, and a source address of another sequencer. */
    for (i = 0; i < sizeof(frame); i++)
        broken[i] = frame[i];
    broken[38] = 3;
    broken[11] = 4;
    prefix = (const struct knock_prefix *)(const void *)broken;
    CHECK(knock_history(prefix, 0) == 0 && knock_history(prefix, 2) == 0);
    CHECK(knock_core(prefix) == KNOCK_CORES);
    broken[6] = 0x0f;
    CHECK(knock_core(prefix) == KNOCK_CORES);
    return failures != 0;
}
