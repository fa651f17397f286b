//! What a host has beside what a sequencer does.

use std::rc::Rc;

use seqnic_netfpga::Host;
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
}

impl Oracle for HostOracle {
    fn expect(&mut self, frame: &SentFrame, time: u64, out: &mut Expected) -> bool {
        let comes_out = self.sequencer.expect(frame, time, out);
        let (tuser, bytes) = (bits(&out.user), frame.packet.data.len());
        let tuser = match self.in_datapath {
            true => self.host.tuser_of_datapath(tuser, bytes),
            false => self.host.tuser_of_stream(tuser, bytes),
        };
        set_bits(&mut out.user, tuser);
        comes_out
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
