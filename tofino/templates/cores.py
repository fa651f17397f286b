def cores_by_turn(live):
    """The core of each turn, in rounds of nearly the same length.

    A core never waits longer than with all cores, so that the history reaches far enough.
    """
    cores = [core for core, takes_part in enumerate(live) if takes_part]
    if not cores:
        raise ValueError("no core takes part: packets have nowhere to go")
    rounds = max(TURNS // len(cores), 1)
    starts = [turn * TURNS // rounds for turn in range(rounds + 1)]
    lengths = [end - start for start, end in zip(starts, starts[1:])]
    return [cores[at % len(cores)] for length in lengths for at in range(length)]


def spray_entries(live, ports):
    """The arguments of `to_core`, turn by turn."""
    for turn, core in enumerate(cores_by_turn(live)):
        values = {
            "source": SOURCE_BASE + core,
            "tag": FIRST_VID + VID_STEP * core,
            "row": turn % ROWS if ROWS else 0,
            "port": ports[core % len(ports)],
            "queue": core // len(ports) % QUEUES,
        }
        yield turn, {name: values[name] for name in PARAMETERS}
