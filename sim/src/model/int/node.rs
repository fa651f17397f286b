//! The node that embeds nothing: it reports packets on its watchlist (`docs/packet-format.md`, "Telemetry reports").

use super::packet::Packet;
use super::watchlist::Watchlist;

/// Whether a frame is on the watchlist, and its turn has come. The node of INT-XD sends its metadata with it, the
/// mirror of Everflow (Zhu et al., "Packet-Level Telemetry in Large Datacenter Networks", SIGCOMM 2015) the frame alone.
pub(super) fn is_reported(frame: &[u8], watchlist: &mut Watchlist) -> bool {
    let packet = Packet::parse(frame);
    packet.is_some_and(|packet| watchlist.matches(frame, &packet)) && watchlist.take()
}
