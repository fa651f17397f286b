/*
 * The TCP connection tracker: lets segments through that fit a connection which was opened in front of it.
 *
 * A row holds neither window nor length. So a segment fits when its sequence number is no further than WINDOW_BYTES from
 * what the other side acknowledged, before or after, and its acknowledgment no further than that from what it sent.
 */
#ifndef WINDOW_BYTES
#define WINDOW_BYTES (1 << 24) /* below 2^30 */
#endif

/* The verdict on packets that do not concern the program. */
#define VERDICT_ON_OTHERS XDP_TX

enum { FIN = 0x01, SYN = 0x02, RST = 0x04, ACK = 0x10 };

/* Both endpoints, the lower one first, so that both directions meet. */
struct key {
    __u32 address[2];
    __u16 port[2];
};

/* How far a connection is, in the terms of Linux's tracker. */
enum phase {
    NONE,
    SYN_SENT,
    SYN_SENT_TWICE,
    SYN_RECEIVED,
    ESTABLISHED,
    FIN_WAIT,
    CLOSE_WAIT,
    LAST_ACK,
    TIME_WAIT,
    CLOSED,
    UNFIT, /* not a phase: the segment does not fit */
};

/* What one side sent; each number counts when its has_ is set. */
struct side {
    __u32 sent;         /* the highest sequence number */
    __u32 acknowledged; /* the highest acknowledgment */
    __u32 fin;          /* the sequence number of its FIN */
    __u8 has_sent;
    __u8 has_acknowledged;
    __u8 has_fin;
    __u8 unused;
};

struct state {
    __u64 last_ns;        /* when the last segment came that fitted */
    struct side sides[2]; /* first that with the lower address and port */
    __u8 phase;
    __u8 opener; /* the side that opened it */
    __u8 closer; /* the side that closed it first */
    __u8 fits;   /* whether the last segment fitted */
    __u32 unused;
};

/* 0 from the lower endpoint to the higher, 1 the other way. */
static __always_inline __u32 direction(const struct @name@_row *row)
{
    __u32 source = @name@_row_source(row), destination = @name@_row_destination(row);

    return source > destination ||
           (source == destination && @name@_row_source_port(row) > @name@_row_destination_port(row));
}

static __always_inline void key_of(struct key *key, const struct @name@_row *row)
{
    __u32 reversed = direction(row);
    __u32 source = @name@_row_source(row), destination = @name@_row_destination(row);
    __u16 source_port = @name@_row_source_port(row), destination_port = @name@_row_destination_port(row);

    key->address[0] = reversed ? destination : source;
    key->address[1] = reversed ? source : destination;
    key->port[0] = reversed ? destination_port : source_port;
    key->port[1] = reversed ? source_port : destination_port;
}

/* How long a connection lives in a phase without a segment: what Linux's tracker takes. */
static __always_inline __u64 timeout_ns(__u32 phase)
{
    const __u64 second_ns = 1000000000ull;

    if (phase == NONE)
        return 0;
    if (phase == SYN_RECEIVED || phase == CLOSE_WAIT)
        return 60 * second_ns;
    if (phase == ESTABLISHED)
        return 5 * 24 * 3600 * second_ns;
    if (phase == LAST_ACK)
        return 30 * second_ns;
    if (phase == CLOSED)
        return 10 * second_ns;
    return 120 * second_ns;
}

/* Whether `number` is near `known`, modulo 2^32. */
static __always_inline int is_near(__u32 number, __u32 known)
{
    __s32 distance = (__s32)(number - known);

    return -WINDOW_BYTES <= distance && distance <= WINDOW_BYTES;
}

/* Whether a SYN opens a new connection: there is none, or both sides closed it. */
static __always_inline int may_be_opened_anew(const struct state *state)
{
    return state->phase == NONE || state->phase == CLOSED || state->phase == LAST_ACK || state->phase == TIME_WAIT;
}

/* The phase after a segment, or UNFIT. */
static __always_inline __u32 next_phase(const struct state *state, const struct @name@_row *row)
{
    __u32 flags = @name@_row_tcp_flags(row), from = direction(row), phase = state->phase;
    __u32 acknowledgment = @name@_row_acknowledgment(row);
    const struct side *other = from ? &state->sides[0] : &state->sides[1];
    int syn = (flags & SYN) != 0, ack = (flags & ACK) != 0, fin = (flags & FIN) != 0;
    int from_opener = from == state->opener, from_closer = from == state->closer;
    /* The other side's FIN. Only the start of its segment is known, as of every other. */
    int acknowledges_fin = ack && other->has_fin && (__s32)(acknowledgment - other->fin) > 0;

    if (syn && (flags & (FIN | RST)))
        return UNFIT;
    if (syn && !ack && may_be_opened_anew(state))
        return SYN_SENT;
    if (other->has_acknowledged && !is_near(@name@_row_sequence_number(row), other->acknowledged))
        return UNFIT;
    if (ack && other->has_sent && !is_near(acknowledgment, other->sent))
        return UNFIT;
    if (flags & RST)
        return phase == NONE ? UNFIT : CLOSED;
    if (phase == NONE || phase == CLOSED)
        return UNFIT;
    if (phase == SYN_SENT) {
        if (!syn)
            return UNFIT;
        if (!ack)
            return from_opener ? SYN_SENT : SYN_SENT_TWICE;
        return from_opener ? UNFIT : SYN_RECEIVED;
    }
    if (phase == SYN_SENT_TWICE) {
        if (!syn)
            return UNFIT;
        return ack ? SYN_RECEIVED : SYN_SENT_TWICE;
    }
    if (phase == SYN_RECEIVED) {
        if (syn)
            return SYN_RECEIVED;
        if (!ack)
            return UNFIT;
        if (fin)
            return FIN_WAIT;
        return from_opener ? ESTABLISHED : SYN_RECEIVED;
    }
    /* From here on every segment acknowledges something. A late answer to a SYN, sent again, changes nothing. */
    if (!ack)
        return UNFIT;
    if (syn)
        return from_opener ? UNFIT : phase;
    if (phase == ESTABLISHED)
        return fin ? FIN_WAIT : ESTABLISHED;
    if (phase == FIN_WAIT || phase == CLOSE_WAIT) {
        if (from_closer)
            return phase;
        if (fin)
            return LAST_ACK;
        return acknowledges_fin ? CLOSE_WAIT : phase;
    }
    if (phase == LAST_ACK)
        return acknowledges_fin && from_closer ? TIME_WAIT : LAST_ACK;
    return TIME_WAIT;
}

/* Keeps the higher of two numbers, modulo 2^32. */
static __always_inline void raise(__u32 *highest, __u8 *has, __u32 number)
{
    if (!*has || (__s32)(number - *highest) > 0)
        *highest = number;
    *has = 1;
}

static __always_inline void transition(struct state *state, const struct @name@_row *row)
{
    __u64 now_ns = @name@_row_timestamp(row);
    __u32 flags = @name@_row_tcp_flags(row), from = direction(row), next;
    struct side *side = from ? &state->sides[1] : &state->sides[0];

    if (now_ns - state->last_ns > timeout_ns(state->phase))
        __builtin_memset(state, 0, sizeof(*state));
    next = next_phase(state, row);
    state->fits = next != UNFIT;
    if (next == UNFIT)
        return;
    if (next == SYN_SENT && may_be_opened_anew(state)) {
        __builtin_memset(state, 0, sizeof(*state));
        state->opener = from;
        state->fits = 1;
    }
    if (next == FIN_WAIT && state->phase != FIN_WAIT)
        state->closer = from;
    raise(&side->sent, &side->has_sent, @name@_row_sequence_number(row));
    if (flags & ACK)
        raise(&side->acknowledged, &side->has_acknowledged, @name@_row_acknowledgment(row));
    if ((flags & FIN) && !side->has_fin) {
        side->fin = @name@_row_sequence_number(row);
        side->has_fin = 1;
    }
    state->phase = next;
    state->last_ns = now_ns;
}

static __always_inline int verdict(const struct state *state)
{
    return state->fits ? XDP_TX : XDP_DROP;
}
