//! The stripper: it removes the prefix on the way back.

use seqnic_spec::Config;

use super::assemble::flatten;
use super::counters::forward;
use super::packet_parser::start;
use super::pipe::{PipeMaker, given};
use crate::ir::{
    ACCEPT, Arch, Condition, Field, Header, Intrinsic, ParserStep, Pipe, Place, Program, Statement,
    Step,
};

const ETHERNET: &str = "ethernet";

/// Makes the stripper of a configuration. A packet without an Ethernet header behind the prefix is dropped.
pub fn stripper(config: &Config, arch: Arch) -> Program {
    let mut maker = PipeMaker::default();
    let port = Statement::Set(Place::Intrinsic(Intrinsic::EgressPort), given("port"));
    let forward = forward(&mut maker, vec![port]);
    let drop = maker.always("cut_short", 0, vec![Statement::Drop]);
    let apply = Step::If(
        Condition::Valid(ETHERNET.to_owned()),
        vec![forward],
        vec![drop],
    );
    let ethernet = [("dst_addr", 48), ("src_addr", 48), ("ethertype", 16)];
    let fields = ethernet.map(|(name, bits)| Field {
        name: name.to_owned(),
        bits,
    });
    let steps = vec![
        ParserStep::Advance(config.prefix_bytes() * 8),
        ParserStep::Extract(ETHERNET.to_owned()),
    ];
    let program = Program {
        arch,
        headers: vec![Header {
            name: ETHERNET.to_owned(),
            fields: fields.to_vec(),
        }],
        metadata: Vec::new(),
        ingress: Pipe {
            states: vec![start(steps, &[], ACCEPT)],
            apply: vec![apply],
            deparser: vec![ETHERNET.to_owned()],
            ..maker.pipe
        },
        egress: Pipe {
            states: vec![start(Vec::new(), &[], ACCEPT)],
            ..Pipe::default()
        },
    };
    match arch {
        Arch::V1Model => flatten(program),
        _ => program,
    }
}
