use rand::RngExt;
use rand_pcg::Pcg64Mcg;
use seqnic_hdl::blocks::register_crossing::register_crossing;
use seqnic_hdl::rtl::ClockDomain::{self, Datapath, Registers};
use seqnic_testbench::Clocks;

use super::bench::{Bench, chance, random};

/// What belongs to an access.
const PAYLOAD: [(&str, u64); 4] = [
    ("is_write", 1 << 1),
    ("word", 1 << 10),
    ("data", 1 << 32),
    ("whole", 1 << 1),
];

/// How often both clocks rise, beside the cycles that the registers take, until an access ends.
const MOST_ROUNDS: u32 = 24;

type Access = [u64; PAYLOAD.len()];

/// A crossing, between a slave that begins accesses and registers that serve them.
struct Subject {
    bench: Bench,
    random: Pcg64Mcg,
    /// What waits for its end.
    waiting: Option<Access>,
    /// What may still be served.
    open: Option<Access>,
    /// What is served, and in how many cycles.
    serving: Option<(Access, u32)>,
    /// The last access that was served, with the data.
    served: Option<(Access, u64)>,
    /// How often both clocks rose while something was waited for, and which have risen since.
    rounds: u32,
    risen: [bool; 2],
    /// Accesses that ended, and those that a reset of the registers or of the port cut off.
    ended: usize,
    cut_off: [usize; 2],
}

impl Subject {
    fn new(seed: u64) -> Self {
        Self {
            bench: Bench::new(register_crossing("crossing")),
            random: random(seed),
            waiting: None,
            open: None,
            serving: None,
            served: None,
            rounds: 0,
            risen: [false; 2],
            ended: 0,
            cut_off: [0; 2],
        }
    }

    /// One edge of the clocks that rise, while these resets are held.
    fn edge(&mut self, rising: &[ClockDomain], resets: &[ClockDomain], place: &str) {
        for domain in ClockDomain::ALL {
            self.bench.select(&[domain]);
            self.bench.hold_reset(resets.contains(&domain));
        }
        let (here, there) = (rising.contains(&Registers), rising.contains(&Datapath));
        if here {
            self.begin(resets.contains(&Registers));
        }
        if there {
            self.serve(resets.contains(&Datapath), place);
        }
        self.bench.eval();
        let ends = here && self.bench.get("done") == 1;
        self.bench.select(rising);
        self.bench.clock();
        self.bench.eval();
        if here {
            self.end(ends, resets.contains(&Registers), place);
        }
        if there {
            self.change_data();
        }
        for (risen, domain) in self.risen.iter_mut().zip(ClockDomain::ALL) {
            *risen |= rising.contains(&domain);
        }
        if self.risen == [true; 2] {
            (self.rounds, self.risen) = (self.rounds + 1, [false; 2]);
        }
        if self.waiting.is_none() || !resets.is_empty() || self.serving.is_some() {
            self.rounds = 0;
        }
        assert!(self.rounds < MOST_ROUNDS, "{place}: it hangs");
    }

    /// The slave may begin an access when all is ready.
    fn begin(&mut self, in_reset: bool) {
        self.bench.set("begins", 0);
        self.bench.eval();
        let is_ready = self.bench.get("ready") == 1 && self.waiting.is_none() && !in_reset;
        // Whatever was under way at a reset is over by now.
        assert!(!is_ready || self.serving.is_none());
        if is_ready && chance(&mut self.random, 30) {
            let access = PAYLOAD.map(|(_, values)| self.random.random_range(0..values));
            for ((port, _), value) in PAYLOAD.iter().zip(access) {
                self.bench.set(port, value);
            }
            self.bench.set("begins", 1);
            (self.waiting, self.open) = (Some(access), Some(access));
        }
    }

    /// The registers take an access, and end it some cycles later.
    fn serve(&mut self, in_reset: bool, place: &str) {
        self.bench.eval();
        if self.bench.get("begins_out") == 1 {
            let access = PAYLOAD.map(|(port, _)| self.bench.get(&format!("{port}_out")));
            assert_eq!(self.open.take(), Some(access), "{place}");
            assert_eq!(self.serving, None, "{place}: two at a time");
            self.serving = Some((access, self.random.random_range(0..9)));
        }
        let ends = self.serving.filter(|(_, cycles)| *cycles == 0);
        self.bench.set("served", ends.is_some().into());
        if let Some((access, _)) = ends {
            self.served = Some((access, self.random.random::<u32>().into()));
        }
        let left = |(access, cycles): (Access, u32)| Some((access, cycles.checked_sub(1)?));
        self.serving = self.serving.and_then(left);
        if in_reset && let Some((access, _)) = self.serving.take() {
            // It begins again behind the reset.
            self.open = Some(access);
            self.cut_off[0] += 1;
        }
    }

    /// The data stay until the next access.
    fn change_data(&mut self) {
        let data = match (self.serving, self.served) {
            (None, Some((_, data))) => data,
            _ => self.random.random(),
        };
        self.bench.set("data_served", data & u64::from(u32::MAX));
    }

    /// The slave sees the end of its access; with a reset it forgets it.
    fn end(&mut self, ends: bool, in_reset: bool, place: &str) {
        if in_reset {
            self.cut_off[1] += usize::from(self.waiting.take().is_some());
        } else if ends {
            let access = self.waiting.take();
            let (served, data) = self.served.unwrap_or_default();
            assert_eq!(Some(served), access, "{place}");
            assert_eq!(self.open, None, "{place}: it is not served");
            assert_eq!(self.bench.get("read_data"), data, "{place}");
            self.ended += 1;
        }
    }
}

/// Periods of the two clocks, and the phase between them.
const CLOCKS: [[u64; 3]; 8] = [
    [1, 1, 0],
    [2, 2, 1],
    [3, 1, 0],
    [1, 3, 0],
    [7, 5, 0],
    [50, 51, 3],
    [1, 40, 7],
    [40, 1, 13],
];

#[test]
fn takes_each_access_once_and_its_end_back_between_any_two_clocks() {
    for [datapath, registers, phase] in CLOCKS {
        let mut subject = Subject::new(datapath);
        let clocks = Clocks::new(datapath, registers, phase);
        for (edge, rising) in clocks.take(40_000).enumerate() {
            let place = format!("clocks of {datapath} and {registers}, edge {edge}");
            // Each clock stops for a while, now and then.
            let stopped = (edge / 1000 % 5 == 4).then(|| ClockDomain::ALL[edge / 5000 % 2]);
            let rising: Vec<_> = rising
                .iter()
                .copied()
                .filter(|&it| Some(it) != stopped)
                .collect();
            subject.edge(&rising, &[], &place);
        }
        let ended = subject.ended;
        assert!(ended > 80, "{datapath}, {registers}: {ended}");
    }
}

#[test]
fn either_side_resets_alone_at_any_time() {
    let mut cut_off = [0; 2];
    for [datapath, registers, phase] in CLOCKS {
        for side in ClockDomain::ALL {
            let mut subject = Subject::new(registers);
            let slower = datapath.max(registers);
            let own = if side == Datapath {
                datapath
            } else {
                registers
            };
            let mut held = 0;
            let mut apart = 0;
            let clocks = Clocks::new(datapath, registers, phase);
            for (edge, rising) in clocks.take(60_000).enumerate() {
                let place = format!("clocks of {datapath} and {registers}, {side:?}, edge {edge}");
                let is_own = rising.contains(&side);
                if is_own && held == 0 && apart > 12 * slower && chance(&mut subject.random, 10) {
                    held = subject.random.random_range(1..12);
                    apart = 0;
                }
                let resets: &[_] = if held > 0 { &[side] } else { &[] };
                subject.edge(rising, resets, &place);
                if is_own {
                    held -= u32::from(held > 0);
                    apart += own;
                }
            }
            assert!(subject.ended > 20, "{side:?}: {}", subject.ended);
            cut_off[side as usize] += subject.cut_off[side as usize];
        }
    }
    assert!(cut_off.iter().all(|&count| count > 100), "{cut_off:?}");
}
