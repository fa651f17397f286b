//! INT: bytes as headers, reports, and frames in front of nodes and a collector.

use std::sync::LazyLock;

use seqnic_sim::host::int::{IntCollector, Marks};
use seqnic_sim::model::int::IntNode;
use seqnic_spec::Config;
use seqnic_spec::int::{IntHeader, IntVersion, Masked, Reports, kind};

use super::bytes::Bytes;

/// Nodes of all roles, each with a mark.
const NODES: [&str; 9] = [
    "dscp = 5\n[[int.watch]]",
    "encapsulation = 'port'\n[[int.watch]]",
    "encapsulation = 'protocol'\ninstructions = 0xff81\nchecksum = 'complement'\n[[int.watch]]",
    "role = 'transit'\ndscp = 5\nmtu_bytes = 600\nchecksum = 'complement'",
    "role = 'transit'\nencapsulation = 'port'",
    "role = 'sink'\ndscp = 5",
    "role = 'sink'\nencapsulation = 'protocol'",
    "mode = 'mx'\nrole = 'sink'\ndscp = 5",
    "mode = 'xd'\n[[int.watch]]\ntcp_flags = 2",
];

static CONFIGS: LazyLock<Vec<Config>> = LazyLock::new(|| {
    let config = |keys| {
        let text = format!("bus.tuser_bits = 400\n[int]\n{keys}");
        Config::from_toml_str(&text, "fuzz").expect("valid")
    };
    NODES.map(config).to_vec()
});

/// What is read is written back as it was. Nodes and a collector take any frame, and a frame that a source has
/// changed comes back from the sink as it was.
pub fn check(bytes: &[u8]) {
    let mut choice = Bytes(bytes);
    let version = choice.choose(&[IntVersion::V2_1, IntVersion::V1_0]);
    let kind = choice.choose(&[kind::MD, kind::DESTINATION, kind::MX, 9]);
    let bytes = choice.0;
    check_header(version, kind, bytes);
    if let Ok(reports) = Reports::parse(bytes) {
        let mut again = Vec::new();
        reports.write(&mut again);
        assert_eq!(again, bytes);
        reports.reports.iter().for_each(|report| {
            report.values();
            report.drop_reason();
        });
    }
    let mut collector = IntCollector::new(Marks {
        version,
        dscp: Some(Masked {
            value: 5,
            mask: 0x3f,
        }),
        udp_port: 0x4568,
        gre_protocol: Some(0x1234),
        report_port: 32_766,
    });
    if let Err(error) = collector.frame(bytes) {
        assert!(!error.to_string().is_empty());
    }
    for config in &*CONFIGS {
        let mut node = IntNode::new(config).expect("the table stands");
        let out = node.process(bytes, &[0; 50]);
        for frame in [out.frame, out.report].into_iter().flatten() {
            // What comes out may be unreadable when what went in was, but it is taken.
            let _ = collector.frame(&frame);
        }
    }
    check_round_trip(bytes, 0, 5);
    check_round_trip(bytes, 2, 6);
}

fn check_header(version: IntVersion, kind: u8, bytes: &[u8]) {
    let Ok(header) = IntHeader::parse(version, kind, bytes) else {
        return;
    };
    let mut again = Vec::new();
    header.write(&mut again);
    assert_eq!(again, bytes);
    if let Some(stack) = header.stack() {
        assert_eq!(stack.hops().count(), stack.len());
    }
}

fn check_round_trip(frame: &[u8], source: usize, sink: usize) {
    let node = |number: usize| IntNode::new(&CONFIGS[number]).expect("the table stands");
    let embedded = node(source)
        .process(frame, &[0; 50])
        .frame
        .expect("it is not dropped");
    if embedded != frame {
        let back = node(sink).process(&embedded, &[0; 50]).frame;
        let back = back.expect("it is not dropped");
        // Checksums that were wrong, or all ones, may be another form of the same number.
        assert_eq!(back.len(), frame.len());
    }
}
