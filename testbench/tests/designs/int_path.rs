//! A path of INT nodes in hardware: a source, transit hops and a sink, each a design of its own in front of a queue of its
//! own. What the collector reads in the sink's reports is what each node was told.

use seqnic_hdl::tops;
use seqnic_sim::host::int::{IntCollector, Marks, Medium};
use seqnic_sim::network::{IntPath, LinkSpec};
use seqnic_spec::Config;
use seqnic_spec::int::{Instruction, IntVersion, Masked};
use seqnic_testbench::IntHardware;

use super::Engines;
use crate::common::{config, frames_of};
use crate::engines;

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
        tops::int_node(config).map(|design| IntHardware::new(engines.start(&design), config))
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
