use rand::RngExt;
use rand_pcg::Pcg64Mcg;
use seqnic_hdl::blocks::controlled_sprayer::controlled_sprayer;
use seqnic_sim::model::Sprayer;

use super::bench::{Bench, chance, random};

/// Cycles from a load to the next core.
const MOST_WAIT_CYCLES: usize = 6;

/// The block beside its model.
struct Subject {
    bench: Bench,
    model: Sprayer,
    cores: usize,
    max_weight: usize,
    /// What each core gets in a row; 0 for one that takes no part.
    weights: Vec<usize>,
    in_frame: Option<usize>,
    /// Cycles since the last load; none at first.
    since_load: Option<usize>,
}

/// What is done in a cycle, when the block lets frames begin.
struct Step {
    sends: bool,
    ends: bool,
    load: Option<Vec<usize>>,
}

impl Subject {
    fn new(cores: usize, max_weight: usize) -> Self {
        Self {
            bench: Bench::new(controlled_sprayer("sprayer", cores, max_weight)),
            model: Sprayer::new(cores),
            cores,
            max_weight,
            weights: vec![1; cores],
            in_frame: None,
            since_load: None,
        }
    }

    /// One cycle; gives the core of a frame that begins in it.
    fn step(&mut self, step: Step) -> Option<usize> {
        let place = format!(
            "{} cores, weights to {}, {:?} cycles after a load",
            self.cores, self.max_weight, self.since_load
        );
        self.bench.set("load", step.load.is_some().into());
        // Weights are written before they count.
        if let Some(weights) = &step.load {
            self.weights.clone_from(weights);
        }
        let mut words = vec![0; self.cores.div_ceil(64)];
        let loads = step.load.is_some();
        for core in (0..self.cores).filter(|&core| loads && self.weights[core] > 0) {
            words[core / 64] |= 1 << (core % 64);
        }
        self.bench.set_words("enabled", &words);
        self.bench.set("beat_sent", 0);
        self.bench.set("frame_done", 0);
        self.bench.eval();
        let valid = self.bench.get("core_valid") == 1;
        let shown = self.bench.get("core") as usize;
        if let Some(core) = self.in_frame {
            assert!(
                valid && shown == core,
                "{place}: the core of a frame changes"
            );
        }
        let any = self.model.has_cores();
        let waits = match self.since_load {
            Some(cycles) if self.in_frame.is_none() => cycles < MOST_WAIT_CYCLES || !any,
            _ => false,
        };
        assert!(valid || waits, "{place}: no core for the next frame");
        assert!(
            !valid || any || self.in_frame.is_some(),
            "{place}: a core from nowhere"
        );

        let sends = step.sends && valid;
        self.bench.set("beat_sent", sends.into());
        self.bench.set("frame_done", u64::from(sends && step.ends));
        self.bench.eval();
        if self.max_weight > 1 {
            let next = self.bench.get("next_core") as usize;
            let weight = self.weights.get(next).copied().unwrap_or(0);
            self.bench.set("next_weight", weight as u64);
            self.bench.eval();
        }
        let begins = sends && self.in_frame.is_none();
        assert_eq!(self.bench.get("frame_begins"), u64::from(begins), "{place}");
        if begins {
            assert_eq!(Some(shown), self.model.next_core(), "{place}");
        }
        if sends {
            self.in_frame = (!step.ends).then_some(shown);
        }
        // A frame that begins in the cycle of the load keeps its core.
        self.since_load = self.since_load.map(|cycles| cycles + 1);
        if loads {
            self.model.set_weights(self.weights.clone());
            self.since_load = Some(1);
        }
        self.bench.clock();
        begins.then_some(shown)
    }
}

const CORES: [usize; 12] = [1, 2, 3, 7, 14, 16, 17, 31, 33, 64, 255, 256];

/// Numbers of cores, and with each of them weights: none, and up to a number.
fn sizes() -> impl Iterator<Item = (usize, usize)> {
    let max_weights = [1, 2, 3, 16, 255];
    CORES
        .iter()
        .enumerate()
        .flat_map(move |(at, &cores)| [(cores, 1), (cores, max_weights[1 + at % 4])])
}

/// Weights behind a mask of any kind: full, empty, sparse, dense.
fn weights(random: &mut Pcg64Mcg, cores: usize, max_weight: usize) -> Vec<usize> {
    let percent = [0, 2, 10, 50, 90, 100][random.random_range(0..6)];
    let most = random.random_range(1..=max_weight);
    (0..cores)
        .map(|_| match chance(random, percent) {
            true => random.random_range(1..=most),
            false => 0,
        })
        .collect()
}

#[test]
fn deals_frames_to_the_enabled_cores_while_they_change() {
    for (cores, max_weight) in sizes() {
        for (sends, ends, loads) in [(100, 100, 3), (60, 40, 5), (90, 10, 20), (30, 90, 10)] {
            let mut random = random(cores as u64 + sends as u64);
            let mut subject = Subject::new(cores, max_weight);
            let mut frames = 0;
            for _ in 0..6000 {
                let load = chance(&mut random, loads);
                let load = load.then(|| weights(&mut random, cores, max_weight));
                let step = Step {
                    sends: chance(&mut random, sends),
                    ends: chance(&mut random, ends),
                    load,
                };
                frames += usize::from(subject.step(step).is_some());
            }
            assert!(frames > 100, "{cores} cores: {frames} frames only");
        }
    }
}

#[test]
fn gives_a_core_in_every_cycle_however_few_are_enabled() {
    for (cores, max_weight) in sizes() {
        let mut random = random(cores as u64);
        for only in 0..cores.min(40) {
            let mut subject = Subject::new(cores, max_weight);
            let weight = |enabled| match enabled {
                true => 1 + only % max_weight,
                false => 0,
            };
            let mut weights: Vec<usize> =
                (0..cores).map(|_| weight(chance(&mut random, 8))).collect();
            weights[(only * 7) % cores] = weight(true);
            let step = |load| Step {
                sends: true,
                ends: true,
                load,
            };
            subject.step(step(Some(weights)));
            let begun = (0..200).filter(|_| subject.step(step(None)).is_some());
            assert!(begun.count() >= 200 - MOST_WAIT_CYCLES, "{cores} cores");
        }
    }
}

#[test]
fn resumes_at_core_0_after_reset() {
    let mut subject = Subject::new(20, 4);
    let step = |load| Step {
        sends: true,
        ends: true,
        load,
    };
    subject.step(step(Some(vec![0; 20])));
    for _ in 0..20 {
        subject.step(step(None));
    }
    subject.bench.reset();
    subject.model = Sprayer::new(20);
    subject.weights = vec![1; 20];
    subject.since_load = None;
    let cores: Vec<_> = (0..45).filter_map(|_| subject.step(step(None))).collect();
    let expected: Vec<_> = (0..20).cycle().take(45).collect();
    assert_eq!(cores, expected);
}
