/* The token bucket policer: a TCP flow may send a packet every TOKEN_NS, and up to BURST_TOKENS at once. */
#ifndef TOKEN_NS
#define TOKEN_NS 10000u
#endif
#ifndef BURST_TOKENS
#define BURST_TOKENS 32u
#endif

/* The verdict on packets that do not concern the program. */
#define VERDICT_ON_OTHERS XDP_TX

struct key {
    __u32 source;
    __u32 destination;
    __u16 source_port;
    __u16 destination_port;
};

/* At first a bucket is full. */
struct state {
    __u32 last_ns;
    __u32 missing_ns; /* the time from last_ns on until it is full */
    __u32 conforms;   /* whether there was a token for the last packet */
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
    __u32 now = @name@_row_timestamp(row); /* modulo 2^32 ns */
    __u32 passed = now - state->last_ns;
    __u32 missing = state->missing_ns > passed ? state->missing_ns - passed : 0;

    state->conforms = missing + TOKEN_NS <= TOKEN_NS * BURST_TOKENS;
    state->missing_ns = state->conforms ? missing + TOKEN_NS : missing;
    state->last_ns = now;
}

static __always_inline int verdict(const struct state *state)
{
    return state->conforms ? XDP_TX : XDP_DROP;
}
