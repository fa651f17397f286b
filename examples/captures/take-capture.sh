#!/usr/bin/env bash
#
# take-capture.sh - record the two sample captures of this directory.
#
#   tcp-loss.pcap   nanosecond pcap:   seed 1, full traffic mix
#   mixed.pcapng    microsecond pcapng: seed 2, short traffic mix, other end
#
# Usage (as root):  ./take-capture.sh [output-directory]
#                   ./take-capture.sh --report FILE...   (tables only, no root)
#
# The output directory defaults to the one this script is in.
# Needs: bash, python3, iproute2, ethtool, tcpdump, iperf3, ping (iputils),
#        tshark + editcap + capinfos (Wireshark tools).
#
# The set-up: two network namespaces, A and B, are the hosts. Both run the
# ordinary kernel TCP/IP stack. A third namespace, W, is the wire between them:
#
#      A: eth0 ===veth=== W: to-a  [wire]  to-b ===veth=== B: eth0
#
# * [wire] is a small userspace program (below) which forwards whole Ethernet
#   frames between its two packet sockets and delays, drops, duplicates and
#   reorders some of them. It does what `tc qdisc ... netem` does, and works on
#   kernels without sch_netem; in addition its choices come from a seed: the
#   n-th frame of one direction always meets the same fate.
#
# * eth0.100 (802.1Q, VID 100) and eth0.q (802.1ad S-tag VID 300 around a C-tag
#   VID 200) are VLAN ports on top of eth0. Kernels without the 8021q module
#   cannot create these with `ip link ... type vlan`, so they are TAP devices,
#   and a second small program (below) pushes and pops the tags between them
#   and eth0. The frames on eth0 carry their tags as on any trunk port.
#
# All offloads are off, so that every captured frame is one frame of the wire:
# at most 1514 bytes untagged, 1518 with one tag and 1522 with two, and with
# valid checksums. tcpdump runs on eth0 of one host: what it sends is seen
# before the wire's losses, what it receives is seen after them.
#
# Nothing is left behind: namespaces, processes and scratch files are removed
# on exit.

set -euo pipefail
export LC_ALL=C

# ---------------------------------------------------------------- report ----

# count FILE DISPLAY-FILTER: the number of frames that match.
count() {
    tshark -n -r "$1" -Y "$2" -T fields -e frame.number 2>/dev/null | wc -l
}

# Print what is inside one capture as Markdown tables.
report() {
    local file=$1 label filter
    printf '### %s\n\n' "$(basename "$file")"

    printf '| | |\n|---|---|\n'
    capinfos -M -t -E -I -c -s -d -u -T "$file" 2>/dev/null |
        awk -F'\t' 'NR == 1 { for (i = 2; i <= NF; i++) name[i] = $i }
                    NR == 2 { for (i = 2; i <= NF; i++) printf "| %s | %s |\n", name[i], $i }'
    printf '\n| What | Frames | tshark display filter |\n|---|---:|---|\n'
    while IFS='@' read -r label filter; do
        printf '| %s | %s | %s |\n' "$label" "$(count "$file" "$filter")" "\`$filter\`"
    done <<'ROWS'
All frames@frame
IPv4@ip
IPv6@ipv6
ARP@arp
TCP over IPv4@tcp and ip
TCP over IPv6@tcp and ipv6
UDP over IPv4@udp and ip and not icmp
UDP over IPv6@udp and ipv6 and not icmpv6
ICMP@icmp
ICMP port unreachable@icmp.type == 3
ICMPv6 (all)@icmpv6
ICMPv6 echo@icmpv6.type == 128 or icmpv6.type == 129
ICMPv6 neighbour discovery@icmpv6.type >= 133 and icmpv6.type <= 136
ICMPv6 MLDv2 report@icmpv6.type == 143
ICMPv6 port unreachable@icmpv6.type == 1
Untagged@not vlan and not ieee8021ad
One tag, 0x8100@vlan and not ieee8021ad
Two tags, 0x88a8 then 0x8100@ieee8021ad
TCP, one tag@tcp and vlan and not ieee8021ad
TCP, two tags@tcp and ieee8021ad
UDP, one tag@udp and vlan and not ieee8021ad
UDP, two tags@udp and ieee8021ad
ARP, tagged@arp and vlan
IPv4 fragments@ip.flags.mf == 1 or ip.frag_offset > 0
IPv6 fragments@ipv6.fraghdr
TCP SYN@tcp.flags.syn == 1 and tcp.flags.ack == 0
TCP SYN+ACK@tcp.flags.syn == 1 and tcp.flags.ack == 1
TCP FIN@tcp.flags.fin == 1
TCP RST@tcp.flags.reset == 1
TCP URG@tcp.flags.urg == 1
TCP ECE or CWR@tcp.flags.ece == 1 or tcp.flags.cwr == 1
TCP ECN-capable data (ECT/CE)@tcp and (ip.dsfield.ecn > 0 or ipv6.tclass.ecn > 0)
TCP without payload@tcp and tcp.len == 0
TCP header without timestamps@tcp and not tcp.options.timestamp.tsval and tcp.flags.reset == 0
TCP with SACK blocks@tcp.options.sack.count
TCP retransmissions (all)@tcp.analysis.retransmission
TCP fast retransmissions@tcp.analysis.fast_retransmission
TCP spurious retransmissions@tcp.analysis.spurious_retransmission
TCP out of order@tcp.analysis.out_of_order
TCP previous segment missing@tcp.analysis.lost_segment
TCP duplicate ACKs@tcp.analysis.duplicate_ack
Frame < 60 bytes@frame.len < 60
Frame 60-127 bytes@frame.len >= 60 and frame.len < 128
Frame 128-511 bytes@frame.len >= 128 and frame.len < 512
Frame 512-1513 bytes@frame.len >= 512 and frame.len < 1514
Frame 1514 bytes, untagged (full size)@frame.len == 1514 and not vlan and not ieee8021ad
Frame 1518 bytes, one tag (full size)@frame.len == 1518 and vlan and not ieee8021ad
Frame 1522 bytes, two tags (full size)@frame.len == 1522 and ieee8021ad
Frame of 1514 bytes or more, tagged, not full size@(vlan and frame.len >= 1514 and frame.len < 1518) or (ieee8021ad and frame.len >= 1514 and frame.len < 1522)
Frame larger than its full size@(frame.len > 1514 and not vlan and not ieee8021ad) or (frame.len > 1518 and not ieee8021ad) or frame.len > 1522
Truncated by the snap length@frame.cap_len < frame.len
Malformed for tshark@_ws.malformed
ROWS
    printf '| Bad IPv4/TCP/UDP/ICMP checksum | %s | (checksum checks on) |\n' "$(
        tshark -n -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE \
            -o udp.check_checksum:TRUE -r "$file" -T fields -e frame.number \
            -Y 'ip.checksum.status == 0 or tcp.checksum.status == 0 or udp.checksum.status == 0 or icmp.checksum.status == 0 or icmpv6.checksum.status == 0' \
            2>/dev/null | wc -l)"
    printf '| TCP connections | %s | (distinct tcp.stream) |\n' "$(
        tshark -n -r "$file" -Y tcp -T fields -e tcp.stream 2>/dev/null | sort -un | wc -l)"
    printf '| TCP connections whose sequence numbers wrap past 2^32 | %s | (SYN, then data on both sides of 2^32) |\n' "$(
        tshark -n -o tcp.relative_sequence_numbers:FALSE -r "$file" -Y 'tcp.len > 0' \
            -T fields -e tcp.stream -e tcp.srcport -e tcp.seq_raw 2>/dev/null |
            awk '{ k = $1 " " $2
                   if ($3 > 4294000000) high[k] = 1
                   if ($3 < 1000000 && (k in high)) wrapped[k] = 1 }
                 END { n = 0; for (k in wrapped) n++; print n }')"
    printf '\n'
}

# The wire's choices are seeded, but the hosts' timing is not: a class of
# frames may be missing from one run. Say so.
check() {
    local filter
    for filter in tcp.analysis.{retransmission,out_of_order,duplicate_ack,lost_segment} \
        tcp.flags.{syn,fin,reset}==1 icmp.type==3 icmpv6.type==1 arp \
        'ip.frag_offset > 0' ipv6.fraghdr frame.len=={1514,1518,1522} \
        {tcp,udp}' and '{ip,ipv6}' and '{'not vlan',vlan,ieee8021ad}; do
        if (($(count "$1" "$filter") == 0)); then
            echo "take-capture.sh: nothing in $(basename "$1") matches: $filter" >&2
        fi
    done
}

if [[ ${1-} == --report ]]; then
    shift
    for f in "$@"; do report "$f"; done
    exit 0
fi

# ----------------------------------------------------------------- set-up ----

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=${1:-$here}

if ((EUID != 0)); then
    echo "take-capture.sh: must run as root" >&2
    exit 1
fi
for tool in ip ethtool tcpdump iperf3 ping python3 tshark editcap capinfos; do
    command -v "$tool" >/dev/null || { echo "take-capture.sh: $tool not found" >&2; exit 1; }
done

scratch=$(mktemp -d)
A=cap$$-a B=cap$$-b W=cap$$-w   # namespace names, this run's own
pids=()                         # background processes, this run's own

# Stop everything this run started and remove its namespaces.
tear_down() {
    local pid ns
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    pids=()
    for ns in "$A" "$B" "$W"; do ip netns del "$ns" 2>/dev/null || true; done
}
trap 'tear_down; rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

in_ns() { ip netns exec "$@"; }

# start NAMESPACE COMMAND...: run in the background and remember the process.
start() {
    local ns=$1
    shift
    ip netns exec "$ns" "$@" >>"$scratch/log" 2>&1 &
    pids+=("$!")
}

# wait_for COMMAND...: until it succeeds, at most 5 s.
wait_for() {
    local i
    for ((i = 0; i < 100; i++)); do
        if "$@" >/dev/null 2>&1; then return 0; fi
        sleep 0.05
    done
    echo "take-capture.sh: gave up waiting for: $*" >&2
    return 1
}

# The userspace half: wire, VLAN ports, and small clients and servers.
cat >"$scratch/helper.py" <<'PYTHON'
import fcntl, heapq, os, random, select, socket, struct, sys, time

# Linux constants that the socket module does not name.
SOL_PACKET, PACKET_AUXDATA, PACKET_IGNORE_OUTGOING = 263, 8, 23
ETH_P_ALL = 3
TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ, TCP_SEND_QUEUE = 19, 20, 21, 2


class Port:
    """A packet socket that sends and receives whole frames, tags included."""

    def __init__(self, ifname):
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.sock.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
        self.sock.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.sock.bind((ifname, ETH_P_ALL))

    def fileno(self):
        return self.sock.fileno()

    def send(self, frame):
        self.sock.send(frame)

    def recv(self):
        # On reception the kernel moves the outer tag out of the frame and
        # into the auxiliary data; put it back.
        frame, ancillary, _, _ = self.sock.recvmsg(65536, 256)
        for level, kind, data in ancillary:
            if level == SOL_PACKET and kind == PACKET_AUXDATA:
                status, _, _, _, _, tci, tpid = struct.unpack("=IIIHHHH", data[:20])
                if status & 0x10:                      # TP_STATUS_VLAN_VALID
                    if not status & 0x40:              # ..._TPID_VALID
                        tpid = 0x8100
                    frame = frame[:12] + struct.pack("!HH", tpid, tci) + frame[12:]
        return frame


def wire(seed, if_a, if_b):
    """Forward between two ports: 20 Mbit/s, 3 ms, and seeded impairments."""
    rate, delay = 20e6, 0.003
    p_drop, p_dup, p_late = 0.035, 0.006, 0.06
    a, b = Port(if_a), Port(if_b)
    # One generator and one serialiser for each direction.
    way = {a: [b, random.Random(seed * 2), 0.0, {}],
           b: [a, random.Random(seed * 2 + 1), 0.0, {}]}
    queue, order = [], 0
    while True:
        now = time.monotonic()
        while queue and queue[0][0] <= now:
            _, _, port, frame = heapq.heappop(queue)
            port.send(frame)
        timeout = max(0.0, queue[0][0] - now) if queue else None
        for port in select.select([a, b], [], [], timeout)[0]:
            frame = port.recv()
            now = time.monotonic()
            to, rng, free_at, _ = way[port]
            # Always four draws, so that the n-th frame's fate is fixed.
            drop, dup, late, extra = (rng.random() for _ in range(4))
            free_at = max(now, free_at) + len(frame) * 8 / rate
            way[port][2] = free_at
            if drop < p_drop:
                continue
            due = free_at + delay
            if late < p_late:                 # overtaken by its followers
                due += 0.001 + 0.004 * extra
            for _ in range(2 if dup < p_dup else 1):
                heapq.heappush(queue, (due, order, to, frame))
                order += 1
                due += 0.0005


def vlan_ports(trunk, *ports):
    """TAP devices as VLAN ports of the trunk: NAME=TPID:VID[,TPID:VID]."""
    link = Port(trunk)
    taps = {}
    for spec in ports:
        name, tags = spec.split("=")
        tag = b"".join(struct.pack("!HH", int(tpid, 16), int(vid))
                       for tpid, vid in (t.split(":") for t in tags.split(",")))
        fd = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
        taps[fd] = tag
    while True:
        for ready in select.select([link, *taps], [], [])[0]:
            if ready is link:
                frame = link.recv()
                # The longest stack of tags first: 802.1ad before 802.1Q.
                for fd, tag in sorted(taps.items(), key=lambda t: -len(t[1])):
                    end = 12 + len(tag)
                    if frame[12:end] == tag and frame[end:end + 2] not in (b"\x81\x00", b"\x88\xa8"):
                        try:
                            os.write(fd, frame[:12] + frame[end:])
                        except OSError:
                            pass              # the port is down
                        break
            else:
                frame = os.read(ready, 65536)
                link.send(frame[:12] + taps[ready] + frame[12:])


def serve(tcp_port, udp_port):
    """TCP and UDP echo server, IPv4 and IPv6."""
    listener = socket.create_server(("::", tcp_port), family=socket.AF_INET6,
                                    dualstack_ipv6=True, backlog=32)
    udp = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    udp.bind(("::", udp_port))
    conns = set()
    while True:
        for ready in select.select([listener, udp, *conns], [], [])[0]:
            if ready is listener:
                conn = listener.accept()[0]
                conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                conns.add(conn)
            elif ready is udp:
                data, peer = udp.recvfrom(65536)
                udp.sendto(data, peer)
            else:
                try:
                    data = ready.recv(65536)
                    if data:
                        ready.sendall(data)
                        continue
                except OSError:
                    pass
                conns.discard(ready)
                ready.close()


def tcp_connect(host, port, isn=None):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    s = socket.socket(family, socket.SOCK_STREAM)
    s.settimeout(30)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if isn is not None:
        # Choose the initial sequence number; the connection is then made
        # by the kernel as usual.
        s.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, 1)
        s.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR_QUEUE, TCP_SEND_QUEUE)
        s.setsockopt(socket.IPPROTO_TCP, TCP_QUEUE_SEQ, struct.pack("=I", isn))
        s.setsockopt(socket.IPPROTO_TCP, TCP_REPAIR, -1)
    s.connect((host, port))
    return s


def recv_exactly(s, n):
    while n:
        n -= len(s.recv(n))


def chat(seed, host, port, rounds, urgent):
    """Small requests and answers, one after the other; then FIN."""
    rng = random.Random(seed)
    s = tcp_connect(host, port)
    for i in range(rounds):
        n = rng.choice((1, 2, 3, 5, 8, 16, 40, 100, 200))
        s.sendall(rng.randbytes(n))
        recv_exactly(s, n)
        if urgent and i == rounds // 2:
            s.send(b"!", socket.MSG_OOB)
    s.shutdown(socket.SHUT_WR)
    while s.recv(4096):
        pass
    s.close()


def bulk(seed, host, port, size, isn):
    """Send size bytes to the echo server and read them back; then FIN."""
    rng = random.Random(seed)
    s = tcp_connect(host, port, isn)
    s.sendall(rng.randbytes(size))
    recv_exactly(s, size)
    s.close()


def abort(host, port):
    """Close with data outstanding and SO_LINGER 0: the kernel sends RST."""
    s = tcp_connect(host, port)
    s.sendall(b"x" * 300)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def refused(host, port):
    """SYN to a closed port: the other side answers RST."""
    try:
        tcp_connect(host, port)
    except ConnectionRefusedError:
        pass


def datagrams(seed, host, port, sizes):
    """One UDP datagram for each size; whatever is echoed is ignored."""
    rng = random.Random(seed)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    s = socket.socket(family, socket.SOCK_DGRAM)
    for n in sizes:
        s.sendto(rng.randbytes(n), (host, port))
        time.sleep(0.001)
    time.sleep(0.05)


what, args = sys.argv[1], sys.argv[2:]
if what == "wire":
    wire(int(args[0]), args[1], args[2])
elif what == "vlan":
    vlan_ports(*args)
elif what == "serve":
    serve(int(args[0]), int(args[1]))
elif what == "chat":
    chat(int(args[0]), args[1], int(args[2]), int(args[3]), len(args) > 4)
elif what == "bulk":
    bulk(int(args[0]), args[1], int(args[2]), int(args[3]),
         int(args[4], 0) if len(args) > 4 else None)
elif what == "abort":
    abort(args[0], int(args[1]))
elif what == "refused":
    refused(args[0], int(args[1]))
elif what == "udp":
    datagrams(int(args[0]), args[1], int(args[2]), [int(n) for n in args[3:]])
else:
    sys.exit("unknown helper: " + what)
PYTHON
helper=(python3 "$scratch/helper.py")

# Addresses: documentation prefixes, a subnet for each of the three ports.
# Host A is .1 / ::1 and host B is .2 / ::2 in all of them.
v4=(192.0.2 198.51.100 203.0.113)
v6=(2001:db8:0: 2001:db8:100: 2001:db8:200:)
ports=(eth0 eth0.100 eth0.q)

# One network interface without any offload.
no_offload() {
    local feature
    for feature in tso gso gro tx rx sg txvlan rxvlan; do
        # Some of these are fixed (and off) on some devices.
        in_ns "$1" ethtool -K "$2" "$feature" off >>"$scratch/log" 2>&1 || true
    done
}

# build SEED: namespaces, links, wire and VLAN ports; no addresses yet.
build() {
    local seed=$1 ns mac dev

    for ns in "$A" "$B" "$W"; do
        ip netns add "$ns"
        in_ns "$ns" sysctl -qw net.ipv6.conf.default.router_solicitations=0
    done
    # The wire's own ends must not speak.
    in_ns "$W" sysctl -qw net.ipv6.conf.all.disable_ipv6=1
    in_ns "$W" sysctl -qw net.ipv6.conf.default.disable_ipv6=1

    ip link add name eth0 netns "$A" type veth peer name to-a netns "$W"
    ip link add name eth0 netns "$B" type veth peer name to-b netns "$W"

    # 1508 lets a frame with two tags carry a full 1500 byte packet. The
    # untagged subnets are held at 1500 further down.
    for dev in to-a to-b; do
        ip -n "$W" link set "$dev" mtu 1508 up
        no_offload "$W" "$dev"
    done
    for ns in "$A" "$B"; do
        mac=02:00:5e:00:00:0a
        if [[ $ns == "$B" ]]; then mac=02:00:5e:00:00:0b; fi
        ip -n "$ns" link set lo up
        ip -n "$ns" link set eth0 address "$mac" mtu 1508 up
        no_offload "$ns" eth0
        start "$ns" "${helper[@]}" vlan eth0 \
            eth0.100=0x8100:100 eth0.q=0x88a8:300,0x8100:200
        wait_for ip -n "$ns" link show eth0.q
        for dev in eth0.100 eth0.q; do
            ip -n "$ns" link set "$dev" address "$mac" mtu 1500
            no_offload "$ns" "$dev"
        done
    done
    start "$W" "${helper[@]}" wire "$seed" to-a to-b
}

# Addresses and servers. After tcpdump's start, so that duplicate address
# detection and multicast listener reports are in the capture.
configure() {
    local ns host i
    for ns in "$A" "$B"; do
        host=1
        if [[ $ns == "$B" ]]; then host=2; fi
        for i in 0 1 2; do
            ip -n "$ns" link set "${ports[i]}" up
            ip -n "$ns" addr add "${v4[i]}.$host/24" dev "${ports[i]}"
            ip -n "$ns" addr add "${v6[i]}:$host/64" dev "${ports[i]}"
        done
        ip -n "$ns" route replace "${v4[0]}.0/24" dev eth0 \
            src "${v4[0]}.$host" mtu 1500 advmss 1460
        ip -n "$ns" -6 route replace "${v6[0]}:/64" dev eth0 \
            proto kernel metric 256 mtu 1500 advmss 1440
    done
    for i in 0 1 2; do
        start "$B" iperf3 -s -p "$((5201 + i))"
    done
    start "$B" "${helper[@]}" serve 7000 7001
    sleep 2.5   # duplicate address detection
    wait_for in_ns "$B" python3 -c \
        'import socket; socket.create_connection(("127.0.0.1", 7000)).close()'
}

# client COMMAND...: run a helper on host A; a client that fails is reported
# but does not stop the recording.
client() {
    in_ns "$A" timeout 60 "${helper[@]}" "$@" >>"$scratch/log" 2>&1 ||
        echo "take-capture.sh: client failed: $*" >&2
}

# iperf PORT-INDEX ADDRESS BYTES [OPTION...]: one iperf3 run from host A.
iperf() {
    local i=$1 address=$2 bytes=$3
    shift 3
    in_ns "$A" timeout 60 iperf3 -c "$address" -p "$((5201 + i))" -l 4K \
        -n "$bytes" "$@" >>"$scratch/log" 2>&1 ||
        echo "take-capture.sh: iperf3 failed: $address" >&2
}

# together COMMAND + COMMAND ...: run them at the same time, wait for all.
together() {
    local jobs=() words=() word
    for word in "$@" +; do
        if [[ $word == + ]]; then
            "${words[@]}" &
            jobs+=("$!")
            words=()
        else
            words+=("$word")
        fi
    done
    wait "${jobs[@]}"
}

pings() {
    local i
    for i in 0 1 2; do
        in_ns "$A" ping -n -q -c 2 -i 0.2 -W 1 "${v4[i]}.2" >>"$scratch/log" 2>&1 || true
        in_ns "$A" ping -n -q -c 2 -i 0.2 -W 1 "${v6[i]}:2" >>"$scratch/log" 2>&1 || true
    done
}

# set_tcp SYSCTL VALUE: on both hosts.
set_tcp() {
    in_ns "$A" sysctl -qw "net.ipv4.$1=$2"
    in_ns "$B" sysctl -qw "net.ipv4.$1=$2"
}

# ---------------------------------------------------------------- traffic ----

# The mix of tcp-loss.pcap.
traffic_full() {
    pings

    # Bulk transfer, all three ports at the same time: first IPv4 from A to B
    # (two streams on the untagged port), then IPv6 from B to A.
    together iperf 0 "${v4[0]}.2" 64K -P 2 + iperf 1 "${v4[1]}.2" 48K \
        + iperf 2 "${v4[2]}.2" 32K
    together iperf 0 "${v6[0]}:2" 48K -R + iperf 1 "${v6[1]}:2" 48K -R \
        + iperf 2 "${v6[2]}:2" 32K -R

    # Small segments both ways; one of them with urgent data.
    together client chat 11 "${v4[0]}.2" 7000 30 + client chat 12 "${v6[1]}:2" 7000 30 \
        + client chat 13 "${v4[2]}.2" 7000 20 urgent

    # Sequence numbers that wrap past 2^32 within the transfer.
    client bulk 14 "${v4[0]}.2" 7000 24000 0xffffd000
    client bulk 15 "${v6[1]}:2" 7000 12000 0xfffff000

    # Other headers: without timestamps and SACK, then with ECN.
    set_tcp tcp_timestamps 0
    set_tcp tcp_sack 0
    client bulk 16 "${v4[1]}.2" 7000 20000
    set_tcp tcp_timestamps 1
    set_tcp tcp_sack 1
    set_tcp tcp_ecn 1
    client bulk 17 "${v6[0]}:2" 7000 12000
    set_tcp tcp_ecn 2

    # Connections that end with RST.
    together client abort "${v4[0]}.2" 7000 + client abort "${v6[1]}:2" 7000 \
        + client abort "${v4[2]}.2" 7000
    client refused "${v4[0]}.2" 9
    client refused "${v6[2]}:2" 9

    # UDP: tiny to full-size, then larger than a packet (fragments), then to
    # a closed port (ICMP port unreachable).
    together client udp 21 "${v4[0]}.2" 7001 0 1 2 3 4 5 6 7 8 18 64 200 512 1000 1472 \
        + client udp 22 "${v6[1]}:2" 7001 0 1 2 3 17 33 64 129 400 1024 1452 \
        + client udp 23 "${v4[2]}.2" 7001 0 1 2 9 63 65 256 1471 1472
    together client udp 24 "${v4[0]}.2" 7001 4000 8000 1473 \
        + client udp 25 "${v4[1]}.2" 7001 3000 5000 \
        + client udp 26 "${v6[0]}:2" 7001 3000 1453 \
        + client udp 27 "${v6[2]}:2" 7001 2000
    client udp 28 "${v4[0]}.2" 9 10 0 700
    client udp 29 "${v6[1]}:2" 9 10 0 700
}

# The mix of mixed.pcapng.
traffic_short() {
    pings
    together iperf 0 "${v6[0]}:2" 8K + iperf 1 "${v4[1]}.2" 16K -R \
        + iperf 2 "${v6[2]}:2" 12K
    together client chat 31 "${v6[0]}:2" 7000 15 + client chat 32 "${v4[1]}.2" 7000 12 \
        + client chat 41 "${v4[0]}.2" 7000 8 + client chat 42 "${v4[2]}.2" 7000 8
    client bulk 33 "${v4[1]}.2" 7000 8000 0xfffff000
    client abort "${v6[2]}:2" 7000
    client refused "${v4[1]}.2" 9
    together client udp 34 "${v4[0]}.2" 7001 0 1 7 64 300 1472 \
        + client udp 35 "${v6[1]}:2" 7001 0 1 50 1452 \
        + client udp 36 "${v4[2]}.2" 7001 3 1472
    client udp 43 "${v6[0]}:2" 7001 0 12 200
    together client udp 37 "${v4[1]}.2" 7001 3100 + client udp 38 "${v6[2]}:2" 7001 1600
    client udp 39 "${v4[0]}.2" 9 10 0
    client udp 40 "${v6[1]}:2" 9 10 0
}

# record SEED HOST PRECISION TRAFFIC FILE
record() {
    local seed=$1 host=$2 precision=$3 traffic=$4 file=$5 dump
    build "$seed"
    ip netns exec "$host" tcpdump -i eth0 -n -s 0 -B 8192 -Z root \
        --time-stamp-precision="$precision" -w "$file" 2>"$scratch/tcpdump" &
    dump=$!
    pids+=("$dump")
    wait_for grep -q 'listening on' "$scratch/tcpdump"
    configure
    "$traffic"
    sleep 1
    kill -INT "$dump"
    wait "$dump" || true
    grep -E 'packets? (captured|dropped)' "$scratch/tcpdump" >&2
    tear_down
}

record 1 "$A" nano traffic_full "$scratch/tcp-loss.pcap"
record 2 "$B" micro traffic_short "$scratch/mixed.pcap"
editcap -F pcapng "$scratch/mixed.pcap" "$scratch/mixed.pcapng"

install -m 644 "$scratch/tcp-loss.pcap" "$scratch/mixed.pcapng" "$out/"
report "$out/tcp-loss.pcap"
report "$out/mixed.pcapng"
check "$out/tcp-loss.pcap"
check "$out/mixed.pcapng"
