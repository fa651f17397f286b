/* The heavy hitter monitor: hands the packets of a TCP flow up to the host once it is larger than so many bytes. */
#ifndef MOST_BYTES
#define MOST_BYTES 10000
#endif

/* The verdict on packets that do not concern the program. */
#define VERDICT_ON_OTHERS XDP_TX

struct key {
    __u32 source;
    __u32 destination;
    __u16 source_port;
    __u16 destination_port;
};

struct state {
    __u64 bytes;
};

static __always_inline void key_of(struct key *key, const struct @name@_row *row)
{
    key->source = @name@_row_source(row);
    key->destination = @name@_row_destination(row);
    key->source_port = @name@_row_source_port(row);
    key->destination_port = @name@_row_destination_port(row);
}

static __always_inline void transition(struct state *state, const struct @name@_row *row)
{
    state->bytes += @name@_row_frame_length(row);
}

static __always_inline int verdict(const struct state *state)
{
    return state->bytes > MOST_BYTES ? XDP_PASS : XDP_TX;
}
