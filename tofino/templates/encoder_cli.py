"""Registers of the twin of the FlowRadar encoder of @NAME@ on simple_switch, through simple_switch_CLI.

    simple_switch_CLI <@COMMANDS@
    python3 -i @FILE@

The first gives the switch the polynomials of the hash functions and fills the table that forwards by port. Then, for
every epoch:

    swap()                              packets are counted in the other bank
    export()                            sends the quiet bank to the collector
    export("epoch.bin")                 writes it into a file
    clear()                             clears it
"""

import socket
import struct
import subprocess
import zlib

@CONSTANTS@

CLI = ["simple_switch_CLI"]


def ask(commands):
    """What the switch answers to commands."""
    text = "".join(command + "\n" for command in commands)
    done = subprocess.run(CLI, input=text, capture_output=True, text=True, check=True)
    return done.stdout


def names(register, fields):
    """The registers of the twin: a pair is two."""
    if fields == ["f1"]:
        return ["@CONTROL@." + register]
    return ["@CONTROL@.%s_%s" % (register, field) for field in fields]


def set_bank(bank):
    """Chooses the bank."""
    ask(["register_write @CONTROL@.bank_memory 0 %d" % bank])


def read(register, fields, start, count):
    """Entries of a register: a list for each field."""
    columns = []
    for name in names(register, fields):
        answer = ask(["register_read " + name])
        values = answer.split(name + "=")[1].split("\n")[0]
        columns.append([int(value) for value in values.split(",")][start:start + count])
    return columns


def zero(register, fields, start, count):
    """Clears entries of a register."""
    ask(
        "register_write %s %d 0" % (name, index)
        for name in names(register, fields)
        for index in range(start, start + count)
    )


@EXPORT@
