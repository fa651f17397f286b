"""The table of the INT node of @NAME@, for bfrt_python.

    bfshell -b @FILE@

forwards what comes by its port; in an interactive shell `set_ports(sources, port)` changes that. All else is part of
the program. `bfrt` is given by the shell.
"""

# Ports by their number in the chip.
INPUT_PORTS = @INPUT_PORTS@
OUTPUT_PORT = @OUTPUT_PORT@

installed = set()


def set_ports(sources=INPUT_PORTS, port=OUTPUT_PORT):
    """Forwards what comes from these ports to that one."""
    table = getattr(bfrt, "@PROGRAM@").pipe.Ingress.forward
    for source in sorted(set(sources)):
        verb = "mod" if source in installed else "add"
        getattr(table, verb + "_with_to_port")(ingress_port=source, port=port)
        installed.add(source)
    bfrt.complete_operations()


set_ports()@MIRROR@
