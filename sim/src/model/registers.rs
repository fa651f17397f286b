//! The registers: what they count, and which cores take part.

use std::array;

use seqnic_spec::Config;
use seqnic_spec::registers::{
    Register, RegisterBus, UNMAPPED, flowradar_bits, map, reset_bits, status_bits,
};

use super::heartbeat::HeartbeatLimits;

/// What a FlowRadar encoder says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EncoderStatus {
    /// Packets are recorded.
    pub recording: bool,
    /// A swap had to wait since reset.
    pub overrun: bool,
    /// The epoch that packets are recorded in.
    pub epoch: u32,
    /// Packets that passed before both banks were clean.
    pub missed: u32,
}

/// The registers of a sequencer, as words that are written and read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlRegisters {
    config: Config,
    active: Vec<bool>,
    failed: Vec<bool>,
    used: usize,
    weights: Vec<u32>,
    sets_weights: bool,
    flip: u32,
    debug: u32,
    packets_in: u32,
    packets_out: u32,
    packets: Vec<u32>,
    returned: Vec<u32>,
    failures: u32,
    last_failed: usize,
    limits: HeartbeatLimits,
    refused: bool,
    taken_out: bool,
    encoder: EncoderStatus,
    swap: bool,
}

impl ControlRegisters {
    /// The registers after reset.
    pub fn new(config: &Config) -> Self {
        let cores = config.cores();
        Self {
            config: config.clone(),
            active: vec![true; cores],
            failed: vec![false; cores],
            used: cores,
            weights: vec![1; cores],
            sets_weights: false,
            flip: 0,
            debug: 0,
            packets_in: 0,
            packets_out: 0,
            packets: vec![0; cores],
            returned: vec![0; cores],
            failures: 0,
            last_failed: 0,
            limits: HeartbeatLimits::default(),
            refused: false,
            taken_out: false,
            encoder: EncoderStatus::default(),
            swap: false,
        }
    }

    /// Whether a core takes part.
    pub fn is_enabled(&self, core: usize) -> bool {
        core < self.used && self.active[core] && !self.failed[core]
    }

    /// The frames that a core gets in a row when it takes part.
    pub fn weight(&self, core: usize) -> u32 {
        self.weights[core]
    }

    /// The frames that each core gets in a row in each of its turns, 0 for one that takes no part, if something was
    /// written since this was last asked that ends the turn: to a mask, a weight or the number of cores.
    pub fn take_weights(&mut self) -> Option<Vec<usize>> {
        std::mem::take(&mut self.sets_weights).then(|| {
            let weight = |(core, &weight)| match self.is_enabled(core) {
                true => weight as usize,
                false => 0,
            };
            self.weights.iter().enumerate().map(weight).collect()
        })
    }

    /// A frame was accepted whole.
    pub fn frame_in(&mut self) {
        self.packets_in = self.packets_in.wrapping_add(1);
    }

    /// A frame left whole.
    pub fn frame_out(&mut self) {
        self.packets_out = self.packets_out.wrapping_add(1);
    }

    /// A frame was begun for a core.
    pub fn frame_begins(&mut self, core: usize) {
        self.packets[core] = self.packets[core].wrapping_add(1);
    }

    /// A frame returned from a core.
    pub fn returned(&mut self, core: usize) {
        self.returned[core] = self.returned[core].wrapping_add(1);
    }

    /// A core is taken out.
    pub fn fails(&mut self, core: usize) {
        self.failed[core] = true;
        self.failures = self.failures.wrapping_add(1);
        self.last_failed = core;
        self.taken_out = true;
        self.sets_weights = true;
    }

    /// What the encoder says now.
    pub fn set_encoder(&mut self, status: EncoderStatus) {
        self.encoder = status;
    }

    /// Whether the end of an epoch was asked for since this was last asked.
    pub fn take_swap(&mut self) -> bool {
        std::mem::take(&mut self.swap)
    }

    /// When a core has failed.
    pub fn limits(&self) -> HeartbeatLimits {
        self.limits
    }

    /// Reads the word at an address.
    pub fn read(&mut self, offset_bytes: usize) -> u32 {
        let Some((register, word)) = self.find(offset_bytes) else {
            return UNMAPPED;
        };
        match register {
            map::FLIP => !self.flip,
            map::DEBUG => self.debug,
            map::PKTIN => std::mem::take(&mut self.packets_in),
            map::PKTOUT => std::mem::take(&mut self.packets_out),
            map::STATUS => {
                let waits = !(0..self.packets.len()).any(|core| self.is_enabled(core));
                u32::from(self.refused) << status_bits::REFUSED
                    | u32::from(waits) << status_bits::NO_CORE
                    | u32::from(self.taken_out) << status_bits::TAKEN_OUT
            }
            map::CORES_USED => self.used as u32,
            map::ACTIVE => mask_word(&self.active, word),
            map::FAILED => mask_word(&self.failed, word),
            map::PACKETS => self.packets[word],
            map::WEIGHT => self.weights[word],
            map::RETURNED => self.returned[word],
            map::FAILURES => self.failures,
            map::LAST_FAILED => self.last_failed as u32,
            map::HEARTBEAT_FRAMES => self.limits.frames,
            map::HEARTBEAT_CYCLES => self.limits.cycles,
            map::FLOWRADAR_STATUS => {
                u32::from(self.encoder.recording) << flowradar_bits::RECORDING
                    | u32::from(self.encoder.overrun) << flowradar_bits::OVERRUN
            }
            map::FLOWRADAR_EPOCH => self.encoder.epoch,
            map::FLOWRADAR_MISSED => self.encoder.missed,
            constant => constant.initial_word(&self.config, word),
        }
    }

    /// Writes the word at an address, all bytes of it or (`whole` is false) only some.
    pub fn write(&mut self, offset_bytes: usize, value: u32, whole: bool) {
        let found = self.find(offset_bytes).filter(|_| whole);
        let legal = found.is_some_and(|(register, word)| self.set(register, word, value));
        self.refused |= !legal;
    }

    /// Writes a word of a register; false when that is refused.
    fn set(&mut self, register: Register, word: usize, value: u32) -> bool {
        let bit = |bit: usize| value >> bit & 1 == 1;
        let legal = match register {
            map::RESET => {
                let fresh = Self::new(&self.config);
                if bit(reset_bits::COUNTERS) {
                    self.packets_in = 0;
                    self.packets_out = 0;
                    self.packets = fresh.packets.clone();
                    self.returned = fresh.returned.clone();
                    self.failures = 0;
                }
                if bit(reset_bits::REGISTERS) {
                    *self = Self {
                        packets_in: self.packets_in,
                        packets_out: self.packets_out,
                        packets: std::mem::take(&mut self.packets),
                        returned: std::mem::take(&mut self.returned),
                        failures: self.failures,
                        last_failed: self.last_failed,
                        sets_weights: true,
                        encoder: self.encoder,
                        swap: self.swap,
                        ..fresh
                    };
                }
                true
            }
            map::FLIP => {
                self.flip = value;
                true
            }
            map::DEBUG => {
                self.debug = value;
                true
            }
            map::STATUS => {
                self.refused &= !bit(status_bits::REFUSED);
                self.taken_out &= !bit(status_bits::TAKEN_OUT);
                true
            }
            map::FLOWRADAR_SWAP => {
                self.swap |= bit(0);
                true
            }
            map::CORES_USED => {
                let legal = (1..=self.config.cores()).contains(&(value as usize));
                if legal {
                    self.used = value as usize;
                }
                legal
            }
            map::ACTIVE => set_mask_word(&mut self.active, word, value),
            map::FAILED => set_mask_word(&mut self.failed, word, value),
            map::WEIGHT => {
                let legal = (1..=self.config.max_weight()).contains(&(value as usize));
                if legal {
                    self.weights[word] = value;
                }
                legal
            }
            map::HEARTBEAT_FRAMES => set_limit(&mut self.limits.frames, register, value),
            map::HEARTBEAT_CYCLES => set_limit(&mut self.limits.cycles, register, value),
            _ => false,
        };
        let deals = [map::ACTIVE, map::FAILED, map::CORES_USED, map::WEIGHT];
        self.sets_weights |= legal && deals.contains(&register);
        legal
    }

    /// The register at an address that this configuration has, and the number of its word.
    fn find(&self, offset_bytes: usize) -> Option<(Register, usize)> {
        Register::ALL.iter().copied().find_map(|register| {
            let mut words = 0..register.words(&self.config);
            let word = words.find(|&word| register.word_offset_bytes(word) == offset_bytes)?;
            Some((register, word))
        })
    }
}

/// 32 cores of a mask.
fn mask_word(mask: &[bool], word: usize) -> u32 {
    let bits: [u32; 32] = array::from_fn(|bit| {
        let core = mask.get(32 * word + bit);
        u32::from(core == Some(&true)) << bit
    });
    bits.iter().sum()
}

/// Sets 32 cores of a mask; false, and nothing is set, when one of them is not there.
fn set_mask_word(mask: &mut [bool], word: usize, value: u32) -> bool {
    let first = 32 * word;
    let excess = (mask.len() - first..32).any(|bit| value >> bit & 1 == 1);
    if !excess {
        for (bit, core) in mask[first..].iter_mut().take(32).enumerate() {
            *core = value >> bit & 1 == 1;
        }
    }
    !excess
}

/// Sets a limit to what its register can hold; false, and nothing is set, when the value is more.
fn set_limit(limit: &mut u32, register: Register, value: u32) -> bool {
    let legal = value >> register.width_bits == 0;
    if legal {
        *limit = value;
    }
    legal
}

impl RegisterBus for ControlRegisters {
    type Error = std::convert::Infallible;

    fn read(&mut self, offset_bytes: usize) -> Result<u32, Self::Error> {
        Ok(Self::read(self, offset_bytes))
    }

    fn write(&mut self, offset_bytes: usize, value: u32) -> Result<(), Self::Error> {
        Self::write(self, offset_bytes, value, true);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use seqnic_spec::registers::Registers;

    fn registers(cores: usize) -> Registers<ControlRegisters> {
        let toml = format!("spray.cores = {cores}");
        let config = Config::from_toml_str(&toml, "test").expect("it is valid");
        Registers(ControlRegisters::new(&config))
    }

    #[test]
    fn a_core_takes_part_that_is_active_has_not_failed_and_is_among_those_used() {
        let mut registers = registers(3);
        let enabled = |registers: &Registers<ControlRegisters>| {
            [0, 1, 2].map(|core| registers.0.is_enabled(core))
        };
        assert_eq!(enabled(&registers), [true; 3]);
        assert_eq!(registers.set_failed(0, 0b010), Ok(()));
        assert_eq!(enabled(&registers), [true, false, true]);
        assert_eq!(registers.set_cores_used(2), Ok(()));
        assert_eq!(enabled(&registers), [true, false, false]);
        assert_eq!(registers.set_active(0, 0b110), Ok(()));
        assert_eq!(enabled(&registers), [false; 3]);
        assert_eq!(registers.status(), Ok(0b10));
        assert_eq!(registers.reset(1 << 4), Ok(()));
        assert_eq!(enabled(&registers), [true; 3]);
    }

    #[test]
    fn a_write_of_more_cores_than_there_are_is_refused_and_changes_nothing() {
        let mut registers = registers(3);
        let writes: [fn(&mut Registers<ControlRegisters>) -> _; 4] = [
            |registers| registers.set_cores_used(4),
            |registers| registers.set_cores_used(0),
            |registers| registers.set_active(0, 0b1000),
            |registers| registers.set_failed(0, 1 << 31),
        ];
        for write in writes {
            assert_eq!(write(&mut registers), Ok(()));
            assert_eq!(registers.status(), Ok(1));
            assert_eq!(registers.clear_status(1), Ok(()));
            assert_eq!(registers.status(), Ok(0));
        }
        assert_eq!(registers.cores_used(), Ok(3));
        assert_eq!((registers.active(0), registers.failed(0)), (Ok(7), Ok(0)));
    }

    #[test]
    fn a_weight_counts_from_1_to_the_most_and_ends_the_turn() {
        let toml = "history.row = \"none\"\nspray = { cores = 3, control = true, max_weight = 5 }";
        let config = Config::from_toml_str(toml, "test").expect("it is valid");
        let mut registers = Registers(ControlRegisters::new(&config));
        assert_eq!(registers.max_weight(), Ok(5));
        assert_eq!(registers.set_weight(1, 5), Ok(()));
        assert_eq!(registers.0.take_weights(), Some(vec![1, 5, 1]));
        assert_eq!(registers.0.take_weights(), None);
        assert_eq!((registers.weight(1), registers.status()), (Ok(5), Ok(0)));
        for weight in [0, 6, 1 << 31] {
            assert_eq!(registers.set_weight(1, weight), Ok(()));
            assert_eq!((registers.weight(1), registers.status()), (Ok(5), Ok(1)));
            assert_eq!(registers.clear_status(1), Ok(()));
        }
        assert_eq!(registers.0.take_weights(), None);
        assert_eq!(registers.set_failed(0, 0b010), Ok(()));
        assert_eq!(registers.0.take_weights(), Some(vec![1, 0, 1]));
        assert_eq!(registers.reset(1 << 4), Ok(()));
        assert_eq!(registers.0.take_weights(), Some(vec![1; 3]));
        assert_eq!(registers.weight(3), Ok(0xdead_beef));
    }

    #[test]
    fn a_core_that_is_taken_out_is_shown_and_let_back_in() {
        let toml = "spray = { cores = 3, control = true, heartbeat = true }";
        let config = Config::from_toml_str(toml, "test").expect("it is valid");
        let mut registers = Registers(ControlRegisters::new(&config));
        assert_eq!(registers.set_heartbeat_frames(32767), Ok(()));
        assert_eq!(registers.set_heartbeat_cycles((1 << 31) - 1), Ok(()));
        assert_eq!(registers.status(), Ok(0));
        assert_eq!(registers.set_heartbeat_frames(32768), Ok(()));
        assert_eq!(registers.set_heartbeat_cycles(1 << 31), Ok(()));
        assert_eq!(registers.status(), Ok(1));
        let (frames, cycles) = (32767, 0x7fff_ffff);
        assert_eq!(registers.0.limits(), HeartbeatLimits { frames, cycles });
        registers.0.returned(2);
        registers.0.fails(2);
        assert_eq!(
            (registers.status(), registers.failed(0)),
            (Ok(0b101), Ok(0b100))
        );
        assert_eq!(
            (registers.failures(), registers.last_failed()),
            (Ok(1), Ok(2))
        );
        assert_eq!(registers.0.take_weights(), Some(vec![1, 1, 0]));
        assert_eq!(registers.clear_status(0b100), Ok(()));
        assert_eq!(registers.status(), Ok(1));
        assert_eq!(registers.set_failed(0, 0), Ok(()));
        assert_eq!(registers.0.take_weights(), Some(vec![1; 3]));
        assert_eq!(registers.reset(1), Ok(()));
        assert_eq!(
            (registers.failures(), registers.returned(2)),
            (Ok(0), Ok(0))
        );
    }

    #[test]
    fn a_1_asks_for_the_end_of_an_epoch_and_the_encoder_says_what_it_does() {
        let toml = "spray = { cores = 3, control = true }\nflowradar = {}";
        let config = Config::from_toml_str(toml, "test").expect("it is valid");
        let mut registers = Registers(ControlRegisters::new(&config));
        assert_eq!(registers.swap_flowradar(0), Ok(()));
        assert!(!registers.0.take_swap());
        assert_eq!(registers.swap_flowradar(1), Ok(()));
        assert!(registers.0.take_swap() && !registers.0.take_swap());
        assert_eq!(registers.status(), Ok(0));
        registers.0.set_encoder(EncoderStatus {
            recording: true,
            overrun: false,
            epoch: 7,
            missed: 9,
        });
        let shown = (registers.flowradar_status(), registers.flowradar_epoch());
        assert_eq!(
            (shown, registers.flowradar_missed()),
            ((Ok(1), Ok(7)), Ok(9))
        );
    }

    #[test]
    fn counts_are_cleared_as_their_registers_say() {
        let mut registers = registers(2);
        registers.0.frame_in();
        registers.0.frame_begins(1);
        registers.0.frame_out();
        assert_eq!(registers.take_packets_in(), Ok(1));
        assert_eq!(registers.take_packets_in(), Ok(0));
        assert_eq!((registers.packets(0), registers.packets(1)), (Ok(0), Ok(1)));
        assert_eq!(registers.packets(2), Ok(0xdead_beef));
        assert_eq!(registers.reset(1), Ok(()));
        assert_eq!(registers.take_packets_out(), Ok(0));
        assert_eq!(registers.packets(1), Ok(0));
    }
}
