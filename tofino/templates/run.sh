#!/bin/sh
# Plays a capture through the twin @PROGRAM@ on BMv2:
#   sh run.sh @USAGE@
# Needs p4c-bm2-ss, simple_switch and simple_switch_CLI in PATH. WAIT says how many seconds the switch gets at most,
# THRIFT_PORT at which port it is told what to do.
set -eu
if [ $# -ne @ARGUMENTS@ ]; then
    echo "usage: sh run.sh @USAGE@" >&2
    exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
port=${THRIFT_PORT:-9090}
work=$(mktemp -d)
switch=
feeder=
trap 'for job in $switch $feeder; do kill "$job" 2>/dev/null || true; done; rm -rf "$work"' EXIT

p4c-bm2-ss --arch v1model -o "$work/twin.json" "$here/@PROGRAM@.p4"
# The switch reads the header of the capture when it starts, and finds no frame until the tables are full: it would drop
# the frames that come before.
mkfifo "$work/port@INPUT_PORT@_in.pcap"
{
    head -c 24 "$1"
    until [ -e "$work/ready" ]; do sleep 1; done
    tail -c +25 "$1"
} >"$work/port@INPUT_PORT@_in.pcap" &
feeder=$!
# Nothing comes from the ports of the cores.
for other in @OTHER_PORTS@; do
    printf '\324\303\262\241\002\000\004\000\000\000\000\000\000\000\000\000\000\000\004\000\001\000\000\000' \
        >"$work/port${other}_in.pcap"
done
simple_switch --use-files 0 --thrift-port "$port" --device-id "$port" @INTERFACES@ "$work/twin.json" &
switch=$!
# A queue that loses nothing.
{ echo "set_queue_depth 1000000"; cat "$here/@COMMANDS@"; } >"$work/commands"
until simple_switch_CLI --thrift-port "$port" <"$work/commands" >"$work/said" 2>&1; do
    if ! kill -0 "$switch" 2>/dev/null; then
        cat "$work/said" >&2
        exit 1
    fi
    sleep 1
done
cat "$work/said"
: >"$work/ready"
# It has played all when it writes nothing more for a while.
out=$work/port@OUTPUT_PORT@_out.pcap
left=${WAIT:-60}
still=0
bytes=0
while [ "$left" -gt 0 ] && [ "$still" -lt 4 ]; do
    sleep 1
    left=$((left - 1))
    still=$((still + 1))
    now=$(wc -c <"$out")
    [ "$now" -eq "$bytes" ] || still=0
    bytes=$now
done
{ kill "$switch" && wait "$switch"; } 2>/dev/null || true
switch=
# BMv2 writes no link type.
save() {
    { head -c 16 "$1"; printf '\000\000\004\000\001\000\000\000'; tail -c +25 "$1"; } >"$2"
}
save "$out" "$2"
@COPY_REPORTS@