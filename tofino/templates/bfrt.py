"""Tables and registers of @NAME@, for bfrt_python.

    bfshell -b @FILE@

fills the tables. In an interactive shell, after `%run -i @FILE@`:

    set_cores([True] * CORES)           all cores take part
    set_cores(live, ports=[8, 9])       other cores, or other ports behind which they are
    reset()                             all registers as after loading, all at once

`bfrt` is given by the shell.
"""

# What the programs were generated with.
CORES = @CORES@
ROWS = @ROWS@
TURNS = @TURNS@
SOURCE_BASE = @SOURCE_BASE@
FIRST_VID = @FIRST_VID@
VID_STEP = @VID_STEP@
PARAMETERS = @PARAMETERS@
QUEUES = @QUEUES@
SPRAY = @SPRAY@
FORWARD = @FORWARD@
REGISTERS = @REGISTERS@

# Ports by their number in the chip: where packets come from, and where the cores are.
INPUT_PORTS = @INPUT_PORTS@
CORE_PORTS = @CORE_PORTS@


@COMMON@


def node(program, path):
    """What stands at a path in a program that is loaded."""
    found = getattr(bfrt, program).pipe
    for name in path.split("."):
        found = getattr(found, name)
    return found


installed = set()


def put(program, path, action, key, arguments):
    """Adds an entry, or replaces the one that is there, so that no packet ever misses it."""
    table = node(program, path)
    name = (program, path, tuple(key.items()))
    verb = "mod" if name in installed else "add"
    getattr(table, verb + "_with_" + action)(**key, **arguments)
    installed.add(name)


def set_cores(live, ports=None):
    """Deals packets to these cores, which are behind these ports."""
    if len(live) != CORES:
        raise ValueError("there are %d cores, not %d" % (CORES, len(live)))
    program, path = SPRAY
    for turn, arguments in spray_entries(live, ports or CORE_PORTS):
        put(program, path, "to_core", {"turn": turn}, arguments)
    bfrt.complete_operations()


def set_ports():
    """Forwards what is forwarded by its port alone."""
    for program, path, is_back in FORWARD:
        sources, port = (CORE_PORTS, INPUT_PORTS[0]) if is_back else (INPUT_PORTS, CORE_PORTS[0])
        for source in sorted(set(sources)):
            put(program, path, "to_port", {"ingress_port": source}, {"port": port})
    bfrt.complete_operations()


def reset():
    """Sets all registers back while no packet comes: their counters must keep in step."""
    for port in INPUT_PORTS:
        bfrt.port.port.mod(DEV_PORT=port, PORT_ENABLE=False)
    for program, path, values in REGISTERS:
        node(program, path).mod(REGISTER_INDEX=0, **values)
    bfrt.complete_operations()
    for port in INPUT_PORTS:
        bfrt.port.port.mod(DEV_PORT=port, PORT_ENABLE=True)


set_cores([True] * CORES)
set_ports()
