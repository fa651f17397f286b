//! A path of INT nodes in hardware: a source, transit hops and a sink, each a design of its own in front of a queue of its
//! own. What the collector reads in the sink's reports is what each node was told.

use seqnic_hdl::tops;
use seqnic_sim::host::int::{IntCollector, Marks, Medium};
use seqnic_sim::model::int::IntOutput;
use seqnic_sim::network::{IntHop, IntPath, LinkSpec};
use seqnic_spec::Config;
use seqnic_spec::int::{Instruction, IntVersion, Masked};
use seqnic_testbench::Engine;

use super::Engines;
use crate::common::{config, frames_of};
use crate::engines;

/// Cycles after which nothing more comes of a frame.
const QUIET_CYCLES: usize = 120;

/// A node in hardware, through which frames are sent one by one.
struct Hardware<E> {
    engine: E,
    bus_bytes: usize,
    report_bytes: usize,
}

impl<E: Engine> Hardware<E> {
    fn new(engine: E, config: &Config) -> Self {
        let width = engine
            .port("m_axis_report_tdata")
            .map(|port| engine.width(port));
        let mut hop = Self {
            bus_bytes: config.bus_bytes(),
            report_bytes: width.unwrap_or(0) / 8,
            engine,
        };
        hop.set("s_axis_tvalid", &[0]);
        hop.set("m_axis_tready", &[1]);
        hop.set("m_axis_report_tready", &[1]);
        hop.engine.reset();
        hop
    }

    fn set(&mut self, name: &str, words: &[u64]) {
        if let Some(port) = self.engine.port(name) {
            self.engine.set(port, words);
        }
    }

    fn get(&self, name: &str) -> Vec<u64> {
        self.engine
            .port(name)
            .map_or(vec![0], |port| self.engine.get(port).to_vec())
    }

    /// Adds the beat of a stream that goes out in this cycle to its frame; true when that is complete.
    fn take(&self, stream: &str, bus_bytes: usize, frame: &mut Vec<u8>) -> bool {
        if self.get(&format!("{stream}_tvalid"))[0] == 0 {
            return false;
        }
        let keep = self.get(&format!("{stream}_tkeep"));
        let kept: u32 = keep.iter().map(|word| word.count_ones()).sum();
        let data = self.get(&format!("{stream}_tdata"));
        let bytes = data.iter().flat_map(|word| word.to_le_bytes());
        frame.extend(bytes.take(bus_bytes.min(kept as usize)));
        self.get(&format!("{stream}_tlast"))[0] == 1
    }
}

impl<E: Engine> IntHop for Hardware<E> {
    fn process(&mut self, frame: &[u8], tuser: &[u8]) -> IntOutput {
        let mut words: Vec<u64> = vec![0; tuser.len().div_ceil(8)];
        for (index, byte) in tuser.iter().enumerate() {
            words[index / 8] |= u64::from(*byte) << (8 * (index % 8));
        }
        let mut beats: Vec<&[u8]> = frame.chunks(self.bus_bytes).collect();
        beats.reverse();
        let (mut out, mut is_out) = (Vec::new(), false);
        let (mut report, mut is_reported) = (Vec::new(), false);
        let mut quiet = 0;
        while quiet < QUIET_CYCLES {
            if let Some(beat) = beats.last() {
                let mut data = vec![0; self.bus_bytes / 8];
                for (index, byte) in beat.iter().enumerate() {
                    data[index / 8] |= u64::from(*byte) << (8 * (index % 8));
                }
                let keep = u64::MAX >> (64 - beat.len());
                let last = u64::from(beats.len() == 1);
                self.set("s_axis_tdata", &data);
                self.set("s_axis_tkeep", &[keep]);
                self.set("s_axis_tlast", &[last]);
                self.set("s_axis_tuser", &words);
            }
            self.set("s_axis_tvalid", &[u64::from(!beats.is_empty())]);
            self.engine.eval();
            if self.get("s_axis_tready")[0] == 1 && beats.pop().is_some() {
                quiet = 0;
            }
            is_out |= self.take("m_axis", self.bus_bytes, &mut out);
            is_reported |= self.take("m_axis_report", self.report_bytes, &mut report);
            quiet += 1;
            self.engine.clock();
        }
        IntOutput {
            frame: is_out.then_some(out),
            tuser: tuser.to_vec(),
            report: is_reported.then_some(report),
        }
    }
}

/// What the nodes of the path are asked for.
const ASKED: [Instruction; 5] = [
    Instruction::Interfaces,
    Instruction::HopLatency,
    Instruction::QueueOccupancy,
    Instruction::IngressTimestamp,
    Instruction::EgressTimestamp,
];

fn asked_of(values: &[(Instruction, u64)]) -> Vec<(Instruction, u64)> {
    let asked = values.iter().filter(|(kind, _)| ASKED.contains(kind));
    asked.copied().collect()
}

#[test]
fn the_reports_of_the_sink_say_what_each_packet_met_at_each_hop() {
    let Some(engines) = engines() else { return };
    let node = |more: &str| {
        config(&format!(
            "bus = {{ data_bits = 256, tuser_bits = 384 }}\n[int]\ntuser_offset_bits = 16\nlength_offset_bits = 0\n{more}"
        ))
    };
    let names = ASKED
        .map(|instruction| format!("\"{instruction}\""))
        .join(", ");
    let mut nodes = vec![node(&format!(
        "node_id = 101\ninstructions = [\"node-id\", {names}]\n[[int.watch]]"
    ))];
    for hop in 0..3 {
        nodes.push(node(&format!(
            "role = \"transit\"\nnode_id = {}",
            201 + hop
        )));
    }
    nodes.push(node(
        "role = \"sink\"\nnode_id = 301\n[int.report]\ntruncate_bytes = 512",
    ));
    let link = LinkSpec {
        gigabits_per_second: 100,
        delay_ns: 500,
        burst_bytes: 20_000,
    };
    let path = IntPath::new(&nodes, link, 23, |config: &Config| {
        tops::int_node(config).map(|design| Hardware::new(engines.start(&design), config))
    });
    let mut path = path.unwrap_or_else(|error| panic!("{error}"));
    let marks = Marks {
        version: IntVersion::V2_1,
        dscp: Some(Masked {
            value: 23,
            mask: 63,
        }),
        udp_port: 0x4568,
        gre_protocol: None,
        report_port: 32_766,
    };
    let mut collector = IntCollector::new(marks);
    let mut reported = 0;
    for (number, packet) in frames_of([90, 64, 200, 1_400, 128, 77].repeat(5), 8)
        .iter()
        .enumerate()
    {
        let journey = path.send(&packet.data, 1_000 * number as u64);
        let place = format!("packet {number} of {} bytes", packet.data.len());
        assert_eq!(
            journey.frames.last(),
            Some(&Some(packet.data.clone())),
            "{place}"
        );
        for (_, report) in &journey.reports {
            let said = collector
                .frame(report)
                .unwrap_or_else(|error| panic!("{place}: {error}"));
            for passage in &journey.passages {
                let of_node = said.iter().find(|said| match said.medium {
                    Medium::Report => passage.node_id == 301,
                    _ => said.node_id() == Some(passage.node_id),
                });
                let of_node = of_node
                    .unwrap_or_else(|| panic!("{place}: nothing of {passage:?} in {said:?}"));
                assert_eq!(
                    asked_of(&of_node.values),
                    passage.values,
                    "{place}: {passage:?}"
                );
            }
            assert_eq!(said.len(), 5, "{place}");
            reported += 1;
        }
    }
    assert_eq!(reported, 30, "each packet is reported once");
    assert_eq!(collector.arrivals().missing, 0);
}
