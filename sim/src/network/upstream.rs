//! The INT nodes in front of a node that is looked at alone.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use seqnic_spec::int::{Encapsulation, Int, IntMode, IntRole};
use seqnic_spec::{Config, SpecError};

use crate::model::int::IntNode;

/// What is asked for: what packets meet.
const ASKED: &str = "'node-id', 'interfaces', 'hop-latency', 'queue-occupancy', 'ingress-timestamp', 'egress-timestamp'";
/// The bits of `tuser` of a node in front, for all metadata.
const TUSER_BITS: usize = 512;

/// A source and transit hops, which embed whatever they are asked for: models, told of metadata at random.
#[derive(Debug)]
pub struct Upstream {
    nodes: Vec<IntNode>,
    random: Pcg64Mcg,
    headers: u64,
}

impl Upstream {
    /// So many nodes in front of this one on the way of a packet, the first of them the source. None where nobody is in front: of a source, and
    /// of nodes that do not look at headers.
    pub fn of(node: &Int, nodes: usize, seed: u64) -> Result<Option<Self>, SpecError> {
        if !matches!(node.role(), IntRole::Transit | IntRole::Sink) || nodes == 0 {
            return Ok(None);
        }
        // Packets have one of two sources, or none. Those of the first have no hop left when they come.
        let is_md = node.mode() == IntMode::Md;
        let source = |every, hops: usize, asked| {
            let hops = match is_md {
                true => format!("max_hops = {hops}\n"),
                false => String::new(),
            };
            format!(
                "role = 'source'\n{hops}sample_every = {every}\ninstructions = [{asked}]\n[[int.watch]]"
            )
        };
        let mut roles = vec![
            source(8, nodes, "'node-id', 'hop-latency'"),
            source(2, nodes + 8, ASKED),
        ];
        roles.extend((1..nodes).map(|_| "role = 'transit'".to_owned()));
        let roles = roles.iter().enumerate();
        let config = |(number, role): (usize, &String)| {
            Config::from_toml_str(&table(node, number, role), "nodes in front")
        };
        let configs = roles.map(config).collect::<Result<Vec<_>, _>>()?;
        Ok(Some(Self {
            nodes: configs.iter().filter_map(IntNode::new).collect(),
            random: Pcg64Mcg::seed_from_u64(seed ^ 0x1e7),
            headers: 0,
        }))
    }

    /// The frame as it comes from the last of them.
    pub fn pass(&mut self, frame: Vec<u8>) -> Vec<u8> {
        let bytes = frame.len();
        let frame = self.nodes.iter_mut().fold(frame, |frame, node| {
            let mut tuser = [0; TUSER_BITS / 8];
            self.random.fill(&mut tuser);
            // Only a sink drops frames.
            node.process(&frame, &tuser).frame.unwrap_or(frame)
        });
        self.headers += u64::from(frame.len() > bytes);
        frame
    }

    /// Frames that have got a header.
    pub fn headers(&self) -> u64 {
        self.headers
    }
}

/// The configuration of a node in front.
fn table(node: &Int, number: usize, role: &str) -> String {
    let (mode, domain) = (node.mode(), node.domain_id());
    let marks = match node.encapsulation() {
        Some(Encapsulation::Dscp(dscp)) => format!(
            "encapsulation = 'dscp'\ndscp = {}\ndscp_mask = {}",
            dscp.value, dscp.mask
        ),
        Some(Encapsulation::Port(port)) => format!("encapsulation = 'port'\nudp_port = {port}"),
        Some(Encapsulation::Protocol(port)) => {
            format!("encapsulation = 'protocol'\nudp_port = {port}")
        }
        None => String::new(),
    };
    format!(
        "bus.tuser_bits = {TUSER_BITS}\n[int]\nmode = '{mode}'\nnode_id = {number}\ndomain_id = {domain}\n{marks}\n{role}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upstream(node: &str, nodes: usize) -> Option<Upstream> {
        let text = format!("bus.tuser_bits = 512\n[int]\n{node}");
        let config = Config::from_toml_str(&text, "test").expect("valid");
        Upstream::of(config.int().expect("a node"), nodes, 1).expect("valid nodes")
    }

    #[test]
    fn half_of_the_packets_and_more_come_with_the_words_of_every_node_and_some_without_a_hop_left()
    {
        let mut frame = vec![0; 60];
        frame[12..24].copy_from_slice(&[8, 0, 0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17]);
        frame[38..40].copy_from_slice(&[0, 26]);
        for keys in [
            "role = 'transit'",
            "role = 'sink'",
            "role = 'sink'\nencapsulation = 'protocol'",
        ] {
            let mut upstream = upstream(keys, 3).expect("nodes in front");
            let udp = if keys.contains("protocol") { 8 } else { 0 };
            let out: Vec<_> = (0..16).map(|_| upstream.pass(frame.clone())).collect();
            // Shim and header have 16 bytes; a node adds 2 words for one source, 8 for the other.
            let grown: Vec<_> = out.iter().map(|out| out.len() - 60).collect();
            let of = |bytes: usize| grown.iter().filter(|grown| **grown == bytes).count();
            assert_eq!(
                (of(0), of(udp + 16 + 3 * 8), of(udp + 16 + 3 * 32)),
                (7, 2, 7)
            );
            assert_eq!(upstream.headers(), 9);
            let remaining = |out: &Vec<u8>| out[42 + udp + 7];
            let left: Vec<_> = out
                .iter()
                .filter(|out| out.len() > 60)
                .map(remaining)
                .collect();
            assert!(left.iter().all(|left| [0, 8].contains(left)), "{left:?}");
        }
    }

    #[test]
    fn nobody_is_in_front_of_a_source_or_of_a_node_that_looks_at_no_header() {
        assert!(upstream("[[int.watch]]", 2).is_none());
        assert!(upstream("mode = 'xd'\n[[int.watch]]", 2).is_none());
        assert!(upstream("role = 'sink'", 0).is_none());
    }
}
