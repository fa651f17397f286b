#!/bin/sh
# Plays a capture through the twin @PROGRAM@ on BMv2:
#   sh run.sh IN.pcap OUT.pcap
# Needs p4c-bm2-ss, simple_switch and simple_switch_CLI in PATH. WAIT says how many seconds the switch gets.
set -eu
if [ $# -ne 2 ]; then
    echo "usage: sh run.sh IN.pcap OUT.pcap" >&2
    exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
switch=
trap '[ -z "$switch" ] || kill "$switch" 2>/dev/null; rm -rf "$work"' EXIT

p4c-bm2-ss --arch v1model -o "$work/twin.json" "$here/@PROGRAM@.p4"
cp "$1" "$work/port@INPUT_PORT@_in.pcap"
# Nothing comes from the ports of the cores.
for port in @OTHER_PORTS@; do
    printf '\324\303\262\241\002\000\004\000\000\000\000\000\000\000\000\000\000\000\004\000\001\000\000\000' \
        >"$work/port${port}_in.pcap"
done
simple_switch --use-files 3 @INTERFACES@ "$work/twin.json" &
switch=$!
sleep 1
# A queue that loses nothing.
{ echo "set_queue_depth 1000000"; cat "$here/@COMMANDS@"; } | simple_switch_CLI
sleep "${WAIT:-10}"
{ kill "$switch" && wait "$switch"; } 2>/dev/null || true
switch=
cp "$work/port@OUTPUT_PORT@_out.pcap" "$2"
