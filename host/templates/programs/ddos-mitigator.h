/* The DDoS mitigator: drops the packets of a sender after its first so many. */
#ifndef MOST_PACKETS
#define MOST_PACKETS 100
#endif

/* The verdict on packets that do not concern the program. */
#define VERDICT_ON_OTHERS XDP_TX

struct key {
    __u32 source;
};

struct state {
    __u64 packets;
};

static __always_inline void key_of(struct key *key, const struct @name@_row *row)
{
    key->source = @name@_row_source(row);
}

static __always_inline void transition(struct state *state, const struct @name@_row *row)
{
    (void)row;
    state->packets++;
}

static __always_inline int verdict(const struct state *state)
{
    return state->packets > MOST_PACKETS ? XDP_DROP : XDP_TX;
}
