"""Registers of the FlowRadar encoder of @NAME@, for bfrt_python.

    bfshell -b @FILE@

fills the table that forwards by port. In an interactive shell, after `%run -i @FILE@`, for every epoch:

    swap()                              packets are counted in the other bank
    export()                            sends the quiet bank to the collector
    export("epoch.bin", pipe=1)         writes that of another pipe into a file
    clear()                             clears it

Every pipe is an encoder of its own; that of pipe p is switch SWITCH_ID + p. `bfrt` is given by the shell.
"""

import json
import socket
import struct
import zlib

@CONSTANTS@

# Ports by their number in the chip.
INPUT_PORTS = @INPUT_PORTS@
OUTPUT_PORT = @OUTPUT_PORT@


def ingress():
    """The control that the registers are in."""
    return getattr(bfrt, "@PROGRAM@").pipe.Ingress


def set_bank(bank):
    """Chooses the bank, for all pipes at once."""
    ingress().bank_memory.mod(REGISTER_INDEX=0, f1=bank)
    bfrt.complete_operations()


def read(register, fields, start, count, pipe=0):
    """Entries of a register: a list for each field."""
    entries = json.loads(getattr(ingress(), register).dump(from_hw=True, json=True))
    values = {entry["key"]["$REGISTER_INDEX"]: entry["data"] for entry in entries}

    def value(index, field):
        found = values[index]["Ingress.%s.%s" % (register, field)]
        return found[pipe] if isinstance(found, list) else found

    return [[value(index, field) for index in range(start, start + count)] for field in fields]


def zero(register, fields, start, count):
    """Clears entries of a register."""
    node = getattr(ingress(), register)
    bfrt.batch_begin()
    for index in range(start, start + count):
        node.mod(REGISTER_INDEX=index, **{field: 0 for field in fields})
    bfrt.batch_end()


@EXPORT@


def set_ports():
    """Forwards what comes, by its port."""
    for port in sorted(set(INPUT_PORTS)):
        ingress().forward.add_with_to_port(ingress_port=port, port=OUTPUT_PORT)
    bfrt.complete_operations()


set_ports()
