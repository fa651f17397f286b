"""Tables and registers of the twin of @NAME@ on simple_switch_grpc, over P4Runtime.

    pip install p4runtime-shell
    python3 @FILE@ @NAME@_sequencer.p4info.txt @NAME@_sequencer.json

loads the program and fills its tables. `-i` in front of the file keeps the shell:

    set_cores([True] * CORES)           all cores take part
    set_cores(live, ports=[8, 9])       other cores, or other ports behind which they are
    reset()                             all registers zero, all at once
"""

import sys

import p4runtime_sh.shell as sh

# What the program was generated with.
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
INPUT_PORTS = @INPUT_PORTS@
CORE_PORTS = @CORE_PORTS@
ADDRESS = "localhost:9559"


@COMMON@


installed = set()


def put(table, action, key, value, arguments):
    """Adds an entry, or replaces the one that is there."""
    gress = table.split(".")[0]
    entry = sh.TableEntry(table)(action=gress + "." + action)
    entry.match[key] = str(value)
    for name, argument in arguments.items():
        entry.action[name] = str(argument)
    if (table, value) in installed:
        entry.modify()
    else:
        entry.insert()
    installed.add((table, value))


def set_cores(live, ports=None):
    """Deals packets to these cores, which are behind these ports."""
    if len(live) != CORES:
        raise ValueError("there are %d cores, not %d" % (CORES, len(live)))
    for turn, arguments in spray_entries(live, ports or CORE_PORTS):
        put(SPRAY, "to_core", "md.turn", turn, arguments)


def set_ports():
    """Forwards what is forwarded by its port alone."""
    for table in FORWARD:
        for source in INPUT_PORTS:
            put(table, "to_port", "standard_metadata.ingress_port", source, {"port": CORE_PORTS[0]})


def load():
    """Loads the program and fills its tables."""
    config = sh.FwdPipeConfig(sys.argv[1], sys.argv[2])
    sh.setup(device_id=0, grpc_addr=ADDRESS, election_id=(0, 1), config=config)
    installed.clear()
    set_cores([True] * CORES)
    set_ports()


def reset():
    """Loads the program again: its registers are zero then, all of them at once."""
    sh.teardown()
    load()


load()
