-- @generated

local shim_kinds = { [1] = "INT-MD", [2] = "Destination", [3] = "INT-MX" }
local next_types = { [0] = "DSCP", [1] = "UDP port", [2] = "IP protocol" }
local report_types = { [0] = "Inner only", [1] = "INT", [2] = "IOAM" }
local inner_types = {
    [0] = "None", [1] = "TLV", [2] = "Extension of the domain", [3] = "Ethernet", [4] = "IPv4", [5] = "IPv6",
}
local value_strings = {
    ["int.shim.kind"] = shim_kinds,
    ["int.shim.npt"] = next_types,
    ["int_report.individual.report_type"] = report_types,
    ["int_report.individual.inner_type"] = inner_types,
}

local int = Proto("int", "In-band Network Telemetry")
local int_report = Proto("int_report", "INT Telemetry Report")
local fields = { int = {}, int_report = {} }

int.prefs.dscp = Pref.uint("DSCP", marks.dscp, "DSCP of packets with INT")
int.prefs.dscp_mask = Pref.uint("DSCP mask", marks.dscp_mask, "Bits of the DSCP that say so; 0: none does")
int.prefs.udp_port = Pref.uint("UDP port", marks.udp_port, "UDP port of packets with INT")
int_report.prefs.udp_port = Pref.uint("UDP port", marks.report_port, "UDP port of reports")

local makers = {
    [1] = ProtoField.uint8, [2] = ProtoField.uint16, [3] = ProtoField.uint24, [4] = ProtoField.uint32,
    [8] = ProtoField.uint64,
}

-- A field of so many bytes, of which `mask` counts, if there is one.
local function field(proto, name, title, bytes, mask, hex)
    local base_of = hex and base.HEX or base.DEC
    local made
    if mask then
        made = makers[bytes](name, title, base_of, value_strings[name], mask)
    else
        made = makers[bytes](name, title, base_of, value_strings[name])
    end
    table.insert(fields[proto], made)
    return made
end

for prefix, header in pairs(headers) do
    for _, part in ipairs(header.fields) do
        local name = prefix .. "." .. part.name
        local hex = part.bits == 16 or part.name == "node_id"
        part.field = field(header.proto, name, part.name, part.bytes, part.mask, hex)
    end
end
for _, instruction in ipairs(instructions) do
    for _, part in ipairs(instruction.parts) do
        part.stack = field("int", "int.hop." .. part.name, part.name, part.bytes, nil, part.name == "node_id")
        part.report = field("int_report", "int_report." .. part.name, part.name, part.bytes, nil, false)
    end
end

local hop_field = ProtoField.none("int.hop", "Hop")
local hop_number = ProtoField.uint32("int.hop.number", "number", base.DEC)
local rest_field = ProtoField.bytes("int.hop.rest", "reserved or of the domain")
local unavailable = ProtoField.string("int.hop.unavailable", "not available")
local inserted = ProtoField.bytes("int.mx.inserted", "inserted by the source")
local destination = ProtoField.bytes("int.destination", "destination header")
for _, made in ipairs({ hop_field, hop_number, rest_field, unavailable, inserted, destination }) do
    table.insert(fields.int, made)
end
local inner_field = ProtoField.bytes("int_report.inner", "start of the packet")
local ds_field = ProtoField.bytes("int_report.ds_metadata", "metadata of the domain")
local drop_queue = ProtoField.uint8("int_report.drop_queue", "queue", base.DEC)
local drop_reason = ProtoField.uint8("int_report.drop_reason", "drop reason", base.DEC)
for _, made in ipairs({ inner_field, ds_field, drop_queue, drop_reason }) do
    table.insert(fields.int_report, made)
end
int.fields = fields.int
int_report.fields = fields.int_report

local cut = ProtoExpert.new("int.cut", "What the length announces is not there", expert.group.MALFORMED, expert.severity.ERROR)
local unknown = ProtoExpert.new("int.unknown", "Kind or version of INT is not known", expert.group.PROTOCOL, expert.severity.WARN)
int.experts = { cut, unknown }
local report_cut = ProtoExpert.new("int_report.cut", "What the length announces is not there", expert.group.MALFORMED, expert.severity.ERROR)
local report_unknown = ProtoExpert.new("int_report.unknown", "The version of the report is not known", expert.group.PROTOCOL, expert.severity.WARN)
int_report.experts = { report_cut, report_unknown }

-- Adds the fields of a header that starts at `at`, and gives their values by name.
local function add_header(prefix, title, tvb, at, tree)
    local header = headers[prefix]
    local bytes = tvb(at, header.bytes)
    local branch = tree:add(bytes, title)
    local values = {}
    for _, part in ipairs(header.fields) do
        local range = tvb(at + part.at, part.bytes)
        branch:add(part.field, range)
        values[part.name] = range:bitfield(part.shift, part.bits)
    end
    return values, branch
end

local function asked(bitmap, instruction)
    return bit32_and(bitmap, instruction.mask) ~= 0
end

local function is_ones(range)
    local bytes = range:bytes()
    for i = 0, bytes:len() - 1 do
        if bytes:get_index(i) ~= 0xff then return false end
    end
    return true
end

-- What one hop has pushed. The complement is last, whatever stands before it.
local function add_hop(tvb, at, length, number, bitmap, tree)
    local branch = tree:add(hop_field, tvb(at, length))
    branch:add(hop_number, number):set_generated()
    branch:append_text(" " .. number)
    local last = at + length
    for _, instruction in ipairs(instructions) do
        if asked(bitmap, instruction) then
            local start = instruction.is_last and last - instruction.bytes or at
            if start + instruction.bytes > last then break end
            local range = tvb(start, instruction.bytes)
            if is_ones(range) then
                branch:add(unavailable, range, instruction.name)
            else
                local offset = start
                for _, part in ipairs(instruction.parts) do
                    branch:add(part.stack, tvb(offset, part.bytes))
                    offset = offset + part.bytes
                end
            end
            if instruction.is_last then last = start else at = at + instruction.bytes end
        end
    end
    if last > at then branch:add(rest_field, tvb(at, last - at)) end
end

-- Shim, header and stack at the start of `tvb`. Gives their bytes, the NPT, and what the shim keeps.
local function dissect_shim(tvb, pinfo, tree)
    local branch = tree:add(int, tvb())
    if tvb:len() < headers["int.shim"].bytes then
        branch:add_proto_expert_info(cut)
        return tvb:len()
    end
    local shim = add_header("int.shim", "Shim", tvb, 0, branch)
    local at, length = headers["int.shim"].bytes, shim.length_words * 4
    if tvb:len() < at + length then
        branch:add_proto_expert_info(cut)
        return tvb:len()
    end
    branch:set_len(at + length)
    local finish = at + length
    if shim.kind == 2 then
        branch:add(destination, tvb(at, length))
    elseif (shim.kind == 1 or shim.kind == 3) and length >= 12 and tvb(at, 1):bitfield(0, 4) == 2 then
        local is_md = shim.kind == 1
        local prefix = is_md and "int.md" or "int.mx"
        local header = add_header(prefix, shim_kinds[shim.kind] .. " header", tvb, at, branch)
        at = at + headers[prefix].bytes
        if not is_md then
            if finish > at then branch:add(inserted, tvb(at, finish - at)) end
        elseif header.hop_words > 0 then
            local hop_bytes = header.hop_words * 4
            local hops = math.floor((finish - at) / hop_bytes)
            for number = hops, 1, -1 do
                -- Words beyond a multiple are of the source.
                local bytes = number == 1 and finish - at or hop_bytes
                add_hop(tvb, at, bytes, number, header.instructions, branch)
                at = at + bytes
            end
        end
    else
        branch:add_proto_expert_info(unknown)
    end
    return finish, shim.npt, shim.original
end

local function be16(tvb, at)
    return tvb(at, 2):uint()
end

local function is_marked(dscp)
    local mask = int.prefs.dscp_mask
    return mask ~= 0 and bit32_and(dscp, mask) == int.prefs.dscp
end

-- Looks for an INT header in a frame, or the start of one, inside a report.
local function dissect_inner(tvb, pinfo, tree)
    local length, at = tvb:len(), 12
    while length >= at + 6 and (be16(tvb, at) == 0x8100 or be16(tvb, at) == 0x88a8) do at = at + 4 end
    if length < at + 22 then return end
    local ethertype, ip = be16(tvb, at), at + 2
    local dscp, protocol, start
    if ethertype == 0x0800 then
        dscp, protocol = math.floor(tvb(ip + 1, 1):uint() / 4), tvb(ip + 9, 1):uint()
        start = ip + tvb(ip, 1):bitfield(4, 4) * 4
        if bit32_and(be16(tvb, ip + 6), 0x3fff) ~= 0 then return end
    elseif ethertype == 0x86dd and length >= ip + 40 then
        dscp, protocol, start = tvb(ip, 2):bitfield(4, 6), tvb(ip + 6, 1):uint(), ip + 40
    else
        return
    end
    local payload
    if protocol == 17 and length > start + 8 then
        payload = start + 8
        if be16(tvb, start + 2) == int.prefs.udp_port then return dissect_shim(tvb(payload):tvb(), pinfo, tree) end
    elseif protocol == 6 and length > start + 20 then
        payload = start + tvb(start + 12, 1):bitfield(0, 4) * 4
    end
    if payload and length > payload and is_marked(dscp) then dissect_shim(tvb(payload):tvb(), pinfo, tree) end
end

function int.dissector(tvb, pinfo, tree)
    pinfo.cols.protocol = "INT"
    local finish, npt, original = dissect_shim(tvb, pinfo, tree)
    if finish >= tvb:len() then return tvb:len() end
    local rest = tvb(finish):tvb()
    if npt == 2 then
        DissectorTable.get("ip.proto"):try(original, rest, pinfo, tree)
    else
        Dissector.get("data"):call(rest, pinfo, tree)
    end
    return tvb:len()
end

local ipv4_dscp, ipv6_dscp = Field.new("ip.dsfield.dscp"), Field.new("ipv6.tclass.dscp")

-- Over TCP or UDP, by the DSCP of the packet. It must look like a header, for a DSCP may mean something else, too.
local function by_dscp(tvb, pinfo, tree)
    local dscp = ipv4_dscp() or ipv6_dscp()
    if not dscp or not is_marked(dscp.value) or tvb:len() < 16 then return false end
    local kind, length = tvb(0, 1):bitfield(0, 4), tvb(1, 1):uint()
    if not shim_kinds[kind] or length < 3 or tvb(4, 1):bitfield(0, 4) ~= 2 then return false end
    int.dissector(tvb, pinfo, tree)
    return true
end

int:register_heuristic("udp", by_dscp)
int:register_heuristic("tcp", by_dscp)

function int_report.dissector(tvb, pinfo, tree)
    pinfo.cols.protocol = "INT report"
    local branch = tree:add(int_report, tvb())
    local group, individual, body = headers["int_report.group"], headers["int_report.individual"], headers["int_report.body"]
    if tvb:len() < group.bytes + individual.bytes then
        branch:add_proto_expert_info(report_cut)
        return tvb:len()
    end
    local common = add_header("int_report.group", "Group header", tvb, 0, branch)
    if common.version ~= 2 then
        branch:add_proto_expert_info(report_unknown)
        return tvb:len()
    end
    local at = group.bytes
    while at + individual.bytes <= tvb:len() do
        local report, one = add_header("int_report.individual", "Report", tvb, at, branch)
        at = at + individual.bytes
        local finish = report.report_words == 255 and tvb:len() or at + report.report_words * 4
        if finish > tvb:len() then
            branch:add_proto_expert_info(report_cut)
            return tvb:len()
        end
        if report.report_type == 1 then
            if at + body.bytes + report.metadata_words * 4 > finish then
                branch:add_proto_expert_info(report_cut)
                return tvb:len()
            end
            local main = add_header("int_report.body", "Metadata", tvb, at, branch)
            at = at + body.bytes
            local last = at + report.metadata_words * 4
            for _, instruction in ipairs(instructions) do
                if asked(main.metadata_bits, instruction) and at + instruction.bytes <= last then
                    if instruction.is_last then
                        one:add(drop_queue, tvb(at, 1))
                        one:add(drop_reason, tvb(at + 1, 1))
                        at = at + instruction.bytes
                    else
                        for _, part in ipairs(instruction.parts) do
                            one:add(part.report, tvb(at, part.bytes))
                            at = at + part.bytes
                        end
                    end
                end
            end
            if last > at then one:add(ds_field, tvb(at, last - at)) end
            at = last
        end
        if finish > at then
            one:add(inner_field, tvb(at, finish - at))
            if report.inner_type == 3 then dissect_inner(tvb(at, finish - at):tvb(), pinfo, tree) end
        end
        at = finish
    end
    return tvb:len()
end

local udp_ports = DissectorTable.get("udp.port")
local ports = {}

local function listen()
    for proto, port in pairs(ports) do udp_ports:remove(port, proto) end
    ports = { [int] = int.prefs.udp_port, [int_report] = int_report.prefs.udp_port }
    for proto, port in pairs(ports) do udp_ports:add(port, proto) end
end

int.prefs_changed = listen
int_report.prefs_changed = listen
listen()
