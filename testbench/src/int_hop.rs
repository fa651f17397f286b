//! A node of a path in hardware.

use seqnic_sim::model::int::IntOutput;
use seqnic_sim::network::IntHop;
use seqnic_spec::Config;

use crate::engine::Engine;

/// Cycles after which nothing more comes of a frame.
const QUIET_CYCLES: usize = 120;

/// An INT node in an engine, through which frames go one by one: a hop of an [`IntPath`](seqnic_sim::network::IntPath).
///
/// `tuser` is given back as it was: what a node does with it is compared by [`Cosim::new`](crate::Cosim::new).
#[derive(Debug)]
pub struct IntHardware<E> {
    engine: E,
    bus_bytes: usize,
    report_bytes: usize,
}

impl<E: Engine> IntHardware<E> {
    /// Resets the node of a configuration.
    pub fn new(engine: E, config: &Config) -> Self {
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

    /// Offers a beat, the last one of its frame or not.
    fn offer(&mut self, beat: &[u8], is_last: bool, tuser: &[u64]) {
        let kept: Vec<u64> = beat
            .chunks(64)
            .map(|bytes| u64::MAX >> (64 - bytes.len()))
            .collect();
        let mut keep = vec![0; self.bus_bytes.div_ceil(64)];
        keep[..kept.len()].copy_from_slice(&kept);
        let mut data = words(beat);
        data.resize(self.bus_bytes / 8, 0);
        self.set("s_axis_tdata", &data);
        self.set("s_axis_tkeep", &keep);
        self.set("s_axis_tlast", &[is_last.into()]);
        self.set("s_axis_tuser", tuser);
    }

    /// Adds the beat of a stream that goes out in this cycle to its frame; true when that is complete.
    fn take(&self, stream: &str, beat_bytes: usize, frame: &mut Vec<u8>) -> bool {
        if self.get(&format!("{stream}_tvalid"))[0] == 0 {
            return false;
        }
        let keep = self.get(&format!("{stream}_tkeep"));
        let kept: u32 = keep.iter().map(|word| word.count_ones()).sum();
        let data = self.get(&format!("{stream}_tdata"));
        let bytes = data.iter().flat_map(|word| word.to_le_bytes());
        frame.extend(bytes.take(beat_bytes.min(kept as usize)));
        self.get(&format!("{stream}_tlast"))[0] == 1
    }
}

/// Byte 0 is the lowest of the first word.
fn words(bytes: &[u8]) -> Vec<u64> {
    let word = |bytes: &[u8]| {
        let word = bytes.iter().rev();
        word.fold(0, |word, byte| word << 8 | u64::from(*byte))
    };
    bytes.chunks(8).map(word).collect()
}

impl<E: Engine> IntHop for IntHardware<E> {
    fn process(&mut self, frame: &[u8], tuser: &[u8]) -> IntOutput {
        let user = words(tuser);
        let mut beats = frame.chunks(self.bus_bytes).peekable();
        let (mut out, mut is_out) = (Vec::new(), false);
        let (mut report, mut is_reported) = (Vec::new(), false);
        let mut quiet = 0;
        while quiet < QUIET_CYCLES {
            let beat = beats.peek().copied();
            if let Some(beat) = beat {
                let is_last = beats.len() == 1;
                self.offer(beat, is_last, &user);
            }
            self.set("s_axis_tvalid", &[beat.is_some().into()]);
            self.engine.eval();
            quiet += 1;
            if beat.is_some() && self.get("s_axis_tready")[0] == 1 {
                beats.next();
                quiet = 0;
            }
            for stream in ["m_axis_tvalid", "m_axis_report_tvalid"] {
                if self.get(stream)[0] == 1 {
                    quiet = 0;
                }
            }
            is_out |= self.take("m_axis", self.bus_bytes, &mut out);
            is_reported |= self.take("m_axis_report", self.report_bytes, &mut report);
            self.engine.clock();
        }
        IntOutput {
            frame: is_out.then_some(out),
            tuser: tuser.to_vec(),
            report: is_reported.then_some(report),
        }
    }
}
