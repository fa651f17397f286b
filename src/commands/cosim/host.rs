//! What a host has beside what a sequencer does.

use std::rc::Rc;

use seqnic_netfpga::Host;
use seqnic_sim::model::ControlRegisters;
use seqnic_sim::traffic::Packet;
use seqnic_testbench::axis::SentFrame;
use seqnic_testbench::axis::TuserOfPacket;
use seqnic_testbench::{Expected, Oracle, SequencerOracle};

/// The golden model of a sequencer, and the side band of a host.
pub struct HostOracle {
    sequencer: SequencerOracle,
    host: Rc<dyn Host>,
    in_datapath: bool,
}

impl HostOracle {
    /// A host that has seen no packet: its datapath, or its stream alone.
    pub fn new(host: Rc<dyn Host>, in_datapath: bool) -> Self {
        Self {
            sequencer: SequencerOracle::new(host.config()),
            host,
            in_datapath,
        }
    }

    /// Puts into `tuser` what the host has there.
    fn rewrite(&self, frame: &SentFrame, out: &mut Expected) {
        let (tuser, bytes) = (bits(&out.user), frame.packet.data.len());
        let tuser = match self.in_datapath {
            true => self.host.tuser_of_datapath(tuser, bytes),
            false => self.host.tuser_of_stream(tuser, bytes),
        };
        set_bits(&mut out.user, tuser);
    }
}

impl Oracle for HostOracle {
    fn expect(&mut self, frame: &SentFrame, time: u64, out: &mut Expected) -> bool {
        let comes_out = self.sequencer.expect(frame, time, out);
        self.rewrite(frame, out);
        comes_out
    }

    fn otherwise(&mut self, frame: &SentFrame, time: u64, out: &mut Expected) -> bool {
        let may_come_out = self.sequencer.otherwise(frame, time, out);
        self.rewrite(frame, out);
        may_come_out
    }

    fn write_begins(&mut self, offset_bytes: usize, value: u32) {
        self.sequencer.write_begins(offset_bytes, value);
    }

    fn write_ends(&mut self, frame: u64) {
        self.sequencer.write_ends(frame);
    }

    fn registers(&mut self) -> Option<&mut ControlRegisters> {
        self.sequencer.registers()
    }
}

/// What the host has in `tuser` of the packets that come in.
pub fn tuser_in(host: Rc<dyn Host>) -> TuserOfPacket {
    Box::new(move |packet: &Packet, tuser: &mut [u64]| {
        let random = bits(tuser);
        let wanted = host.tuser_in(random, packet.data.len(), packet.timestamp_ns);
        set_bits(tuser, wanted);
    })
}

/// Up to two words as bits.
fn bits(words: &[u64]) -> u128 {
    words
        .iter()
        .rev()
        .fold(0, |bits, &word| bits << 64 | u128::from(word))
}

fn set_bits(words: &mut [u64], bits: u128) {
    for (at, word) in words.iter_mut().enumerate() {
        *word = (bits >> (64 * at)) as u64;
    }
}

#[cfg(test)]
mod tests {
    use seqnic_hdl::rtl::Simulator;
    use seqnic_netfpga::netfpga_plus::{Core, DestinationPort};
    use seqnic_sim::traffic::{Trace, TraceKind, TraceSpec};
    use seqnic_spec::Config;
    use seqnic_testbench::{Cosim, Failure, Options, Report};

    use super::*;

    /// Plays to the stream of one core, and expects what another one would do.
    fn run(core: Core, expected: Core) -> Result<Report, Box<Failure>> {
        let design = core.stream().expect("builds");
        let mut engine = Simulator::new(&design, 1);
        for (name, value) in core.constants() {
            let port = engine.port(name).expect("it is there");
            engine.set(port, &[value]);
        }
        let (host, config): (Rc<dyn Host>, _) = (Rc::new(expected), core.config().clone());
        let oracle = Box::new(HostOracle::new(host.clone(), false));
        let cosim = Cosim::with_oracle(engine, &config, Options::default(), oracle);
        let mut cosim = cosim
            .expect("the ports are there")
            .with_tuser(tuser_in(host));
        cosim.run(Trace::new(&TraceSpec::new(TraceKind::Uniform, 20, 1)).expect("valid"))
    }

    fn core(rows: usize, port: DestinationPort) -> Core {
        let toml =
            format!("history = {{ row = \"heavy-hitter\", rows = {rows} }}\nspray.cores = {rows}");
        let config = Config::from_toml_str(&toml, "test").expect("valid");
        Core::new(&config, port, false).expect("it fits")
    }

    #[test]
    fn another_port_or_length_in_tuser_is_a_difference() {
        use DestinationPort::{Keep, Qdma0};
        assert!(run(core(4, Qdma0), core(4, Qdma0)).is_ok());
        for (one, other) in [(Qdma0, Keep), (Keep, Qdma0)] {
            let failure = run(core(4, one), core(4, other)).expect_err("another port");
            assert!(failure.to_string().contains("tuser is ["), "{failure}");
        }
        assert!(run(core(4, Keep), core(5, Keep)).is_err());
    }
}
