def flow_count(flows):
    """The FlowCount of an export, which ends at 255."""
    return min(flows, 255)


def fragments(filters, tables, epoch, switch_id=SWITCH_ID):
    """A bank as fragments of an export.

    `filters` has a list of bits for each row of the filter, `tables` for each sub-table a list of cells
    (source, destination, ports, protocol, flows, packets).
    """
    packets = sum(cell[5] for cell in tables[0]) % 2**32
    flows = sum(cell[4] for cell in tables[0])
    saturated = any(flow_count(cell[4]) == 255 for cells in tables for cell in cells)
    memories = []
    for bits in filters:
        words = [bits[at:at + 64] for at in range(0, len(bits), 64)]
        words = [sum(bit << place for place, bit in enumerate(word)) for word in words]
        memories.append([word.to_bytes(8, "big") for word in words])
    for cells in tables:
        memories.append([
            struct.pack(">IIIBBI", *cell[:4], flow_count(cell[4]), cell[5]) for cell in cells
        ])
    for memory, words in enumerate(memories):
        most = FRAGMENT_BYTES // len(words[0])
        for offset in range(0, len(words), most):
            part = words[offset:offset + most]
            header = struct.pack(
                ">IBBBBIIQBBBBIIIIIIH",
                MAGIC, VERSION, SATURATED if saturated else 0, KEY, HASH, switch_id, epoch % 2**32,
                SEED, TABLES, FILTER_HASHES, memory, 0, CELLS, FILTER_BITS, packets, flows, 0, offset,
                len(part),
            )
            fragment = header + b"".join(part)
            yield fragment + struct.pack(">I", zlib.crc32(fragment))


def send(parts, to=COLLECTOR):
    """Sends fragments to a collector, or writes them into a file: `seqnic flowradar decode` reads both."""
    if isinstance(to, str):
        with open(to, "ab") as file:
            for part in parts:
                file.write(part)
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        for part in parts:
            out.sendto(part, to)


epoch = 0


def quiet():
    """The first entries of the quiet bank: in registers of the filter, and in those of cells."""
    bank = 1 - epoch % 2
    return bank * FILTER_BITS, bank * CELLS


def swap():
    """Ends the epoch: from now on packets are counted in the other bank, which must be clear."""
    global epoch
    epoch += 1
    set_bank(epoch % 2)


def export(to=COLLECTOR, **where):
    """Sends the quiet bank, the epoch before the current one."""
    filter_start, cell_start = quiet()
    filters = [
        read("filter_%d_memory" % row, ["f1"], filter_start, FILTER_BITS, **where)[0]
        for row in range(FILTER_HASHES)
    ]
    tables = []
    for table in range(TABLES):
        columns = []
        for part in ["addresses", "ports", "counts"]:
            name = "table_%d_%s_memory" % (table, part)
            columns += read(name, ["lo", "hi"], cell_start, CELLS, **where)
        tables.append(list(zip(*columns)))
    send(fragments(filters, tables, epoch - 1, SWITCH_ID + where.get("pipe", 0)), to)


def clear():
    """Clears the quiet bank, so that it can be used again."""
    filter_start, cell_start = quiet()
    for row in range(FILTER_HASHES):
        zero("filter_%d_memory" % row, ["f1"], filter_start, FILTER_BITS)
    for table in range(TABLES):
        for part in ["addresses", "ports", "counts"]:
            zero("table_%d_%s_memory" % (table, part), ["lo", "hi"], cell_start, CELLS)
