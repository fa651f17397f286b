//! The INT nodes in front of a transit hop or a sink.

use std::cell::Cell;
use std::mem;
use std::rc::Rc;

use seqnic_sim::network::Upstream;
use seqnic_spec::Config;

use crate::args::Packets;
use crate::error::Error;

/// Counts while packets pass.
pub type Count = Rc<Cell<u64>>;

/// As many as there are when nobody says.
const DEFAULT_NODES: u8 = 2;

/// The packets as they come from a source and the hops behind it, `nodes` in all, and how many have got a header. They
/// are as they were where the configuration has no node that looks at headers.
pub fn in_front(
    config: &Config,
    packets: Packets,
    nodes: Option<u8>,
    seed: u64,
) -> Result<(Packets, Option<Count>), Error> {
    let Some(node) = config.int() else {
        return Ok((packets, None));
    };
    let nodes = nodes.unwrap_or(DEFAULT_NODES);
    let Some(mut upstream) = Upstream::of(node, nodes.into(), seed)? else {
        return Ok((packets, None));
    };
    let headers = Count::default();
    let counted = headers.clone();
    let packets = packets.changed_by(move |packet| {
        packet.data = upstream.pass(mem::take(&mut packet.data));
        counted.set(upstream.headers());
    });
    Ok((packets, Some(headers)))
}
