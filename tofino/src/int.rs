//! The INT node of a configuration on a chip, and what a chip knows of a packet.

use seqnic_spec::Config;
use seqnic_spec::int::{Instruction, Int, IntRole};

use crate::build::{self, FORWARD};
use crate::chip::Chip;
use crate::control::forward_entries;
use crate::design::Loaded;
use crate::error::Refusal;
use crate::interpreter::{Fault, Interpreter, Passed, Session};
use crate::ir::{Arch, Intrinsic, Program};
use crate::rules;

/// The INT node of a configuration on a chip.
#[derive(Debug, Clone)]
pub struct IntDesign {
    /// The chip.
    pub chip: Chip,
    /// The program, as it is loaded.
    pub loaded: Loaded,
    /// The same for the behavioural model.
    pub twin: Program,
    /// The most words of a stack that a sink takes out. What has more passes as it is, without a report.
    pub most_stack_words: Option<usize>,
    /// The most bytes of what a node copies for its reports, with the header that the chip has in front.
    pub most_copied_bytes: Option<usize>,
}

impl IntDesign {
    /// The node of a configuration, if it has one.
    pub fn new(config: &Config, chip: Chip) -> Option<Result<Self, Refusal>> {
        config.int().map(|node| Self::of(node, chip))
    }

    fn of(node: &Int, chip: Chip) -> Result<Self, Refusal> {
        let program = build::int_node(node, chip, false)?;
        rules::check(&program, chip, 1).map_err(|refusal| Refusal {
            pattern: Some(build::INT.to_owned()),
            ..refusal
        })?;
        Ok(Self {
            chip,
            loaded: Loaded {
                suffix: suffix(node.role()),
                program,
            },
            twin: build::int_node(node, chip, true)?,
            most_stack_words: (node.role() == IntRole::Sink).then_some(build::MOST_STACK_WORDS),
            most_copied_bytes: build::most_copied_bytes(node, chip),
        })
    }
}

/// What the file of a program is called after the name of the configuration.
const fn suffix(role: IntRole) -> &'static str {
    match role {
        IntRole::Source => "int_source",
        IntRole::Transit => "int_transit",
        IntRole::Sink => "int_sink",
        IntRole::Node => "int_node",
        IntRole::Mirror => "int_mirror",
    }
}

/// What the chip says of a packet. It stays for less than 2^32 ns: the time at which it came is made from the time at which
/// it leaves and the lower bits of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Passage {
    /// The port that it came from: 9 bits.
    pub ingress_port: u64,
    /// The port that it leaves by: 9 bits.
    pub egress_port: u64,
    /// The queue of that port.
    pub queue: u64,
    /// How much was in it: 19 bits.
    pub queue_depth: u64,
    /// When it came: 48 bits.
    pub ingress_time: u64,
    /// When the egress got it: 48 bits.
    pub egress_time: u64,
}

/// The bits of a queue's number and depth in a word of INT.
const OCCUPANCY_BITS: u32 = 24;
/// The bits of a level 1 interface.
const INTERFACE_BITS: u32 = 16;

impl Passage {
    /// What the chip knows of the metadata of INT, as it stands on the wire; nothing where it has no source for it.
    /// This is the table that a program is compared with, and is not made from any.
    pub fn value(&self, instruction: Instruction, arch: Arch) -> Option<u64> {
        let queue = match arch {
            // BMv2 has no queues.
            Arch::V1Model => 0,
            Arch::Tna | Arch::T2na => self.queue,
        };
        match instruction {
            Instruction::Interfaces => Some(self.ingress_port << INTERFACE_BITS | self.egress_port),
            Instruction::HopLatency => {
                let latency = self.egress_time.wrapping_sub(self.ingress_time);
                Some(latency & u64::from(u32::MAX))
            }
            Instruction::QueueOccupancy => Some(queue << OCCUPANCY_BITS | self.queue_depth),
            Instruction::IngressTimestamp => Some(self.ingress_time),
            Instruction::EgressTimestamp => Some(self.egress_time),
            Instruction::NodeId
            | Instruction::Level2Interfaces
            | Instruction::TxUtilization
            | Instruction::BufferOccupancy
            | Instruction::ChecksumComplement => None,
        }
    }

    /// The same as it stands beside a frame of the hardware: what a node takes from there, if the chip knows it. A sink
    /// works in the ingress, which knows when a packet came, and by which ports it comes and leaves.
    pub fn sideband(&self, node: &Int, arch: Arch, tuser: &mut [u8]) {
        let in_ingress = [Instruction::Interfaces, Instruction::IngressTimestamp];
        for field in node.sideband() {
            let value = self.value(field.instruction, arch);
            let is_known = node.role() != IntRole::Sink || in_ingress.contains(&field.instruction);
            field.put(tuser, value.filter(|_| is_known));
        }
    }
}

/// A program that runs, and forwards from one port to another.
#[derive(Debug, Clone)]
pub struct IntSwitch {
    interpreter: Interpreter,
}

impl IntSwitch {
    /// A program that sends what comes from any port to port `to`, and its reports, if it makes any, to port `reports`.
    pub fn new(design: &IntDesign, program: &Program, to: u16, reports: u16) -> Self {
        let mut interpreter = Interpreter::new(program.clone());
        interpreter.fill(FORWARD, forward_entries(0..512, to));
        interpreter.mirror_to(Session {
            port: reports,
            most_bytes: design.most_copied_bytes.unwrap_or_default(),
        });
        Self { interpreter }
    }

    /// What becomes of a frame. Its copy is the report.
    pub fn process(&mut self, frame: &[u8], passage: &Passage) -> Result<Passed, Fault> {
        let given = [
            (Intrinsic::EgressTime, passage.egress_time),
            (Intrinsic::QueueDepth, passage.queue_depth),
            (Intrinsic::OutQueue, passage.queue),
            (Intrinsic::OutPort, passage.egress_port),
        ];
        let (port, time) = (passage.ingress_port, passage.ingress_time);
        self.interpreter.process_given(frame, port, time, &given)
    }
}
