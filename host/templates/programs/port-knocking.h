/* The port-knocking firewall of the paper's figure 12: lets a sender in that knocked at three ports, one after the other. */
#ifndef PORT_1
#define PORT_1 100
#define PORT_2 101
#define PORT_3 102
#endif

/* The verdict on packets that do not concern the program. */
#define VERDICT_ON_OTHERS XDP_DROP

struct key {
    __u32 source;
};

enum door { CLOSED_1, CLOSED_2, CLOSED_3, OPEN };

struct state {
    __u32 door;
};

static __always_inline void key_of(struct key *key, const struct @name@_row *row)
{
    key->source = @name@_row_source(row);
}

static __always_inline void transition(struct state *state, const struct @name@_row *row)
{
    __u32 port = @name@_row_destination_port(row);

    if (state->door == OPEN)
        return;
    if (state->door == CLOSED_1 && port == PORT_1)
        state->door = CLOSED_2;
    else if (state->door == CLOSED_2 && port == PORT_2)
        state->door = CLOSED_3;
    else if (state->door == CLOSED_3 && port == PORT_3)
        state->door = OPEN;
    else
        state->door = CLOSED_1;
}

static __always_inline int verdict(const struct state *state)
{
    return state->door == OPEN ? XDP_TX : XDP_DROP;
}
