    struct progress *last = bpf_map_lookup_elem(&progress, &core);
    if (!last)
        return XDP_ABORTED;
    missed = (@name@_sequence_number(prefix) - last->number - 1) & @MASK@;
    last->number = @name@_sequence_number(prefix);
    if (missed > @NAME@_ROWS) {
        last->lost += missed - @NAME@_ROWS;
        missed = @NAME@_ROWS;
    }
