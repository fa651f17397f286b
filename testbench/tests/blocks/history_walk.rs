use seqnic_hdl::blocks::history_ring;
use seqnic_hdl::blocks::history_walk::history_walk;
use seqnic_spec::Config;

use super::bench::Bench;
use super::history_ring::{PACES, SHAPES, compare, shaped};

/// The shapes in which rows walk.
fn shapes(storage: &str) -> impl Iterator<Item = Config> {
    let shaped = move |shape| shaped(shape, "array", storage);
    SHAPES
        .into_iter()
        .map(shaped)
        .filter(|config| history_ring::block(config) == "history_walk")
}

/// Reads the words of frames, one in each cycle in which the store lets it, with a row always there.
struct Reader<'a> {
    bench: &'a mut Bench,
    words: u64,
    index: u64,
}

impl Reader<'_> {
    /// A cycle; whether a word was read.
    fn cycle(&mut self) -> bool {
        self.bench.set("row_valid", 1);
        self.bench.set("word_index", self.index);
        self.bench.set("fire", 0);
        self.bench.eval();
        let fires = self.index > 0 || self.bench.get("start_ready") == 1;
        let next = match fires {
            true => (self.index + 1) % self.words,
            false => self.index,
        };
        self.bench.set("fire", fires.into());
        if self.bench.has("word_next") {
            self.bench.set("word_next", next);
        }
        self.bench.eval();
        self.bench.clock();
        self.index = next;
        fires
    }
}

#[test]
fn frames_that_follow_at_once_never_wait_for_a_row() {
    for storage in ["distributed", "block", "registers"] {
        for config in shapes(storage) {
            let mut bench = Bench::new(history_walk("walk", &config));
            let words = config.prefix_beats() as u64;
            let mut reader = Reader {
                bench: &mut bench,
                words,
                index: 0,
            };
            let cleared = (0..4).any(|_| reader.cycle());
            assert!(cleared, "no frame begins\n{}", config.to_toml());
            for cycle in 0..words * (2 * config.rows() as u64 + 3) {
                assert!(reader.cycle(), "a gap, cycle {cycle}\n{}", config.to_toml());
            }
        }
    }
}

#[test]
fn is_empty_after_a_reset_wherever_a_row_was_on_its_way() {
    let config = shaped((33, 14, 512, 18), "array", "block");
    let mut bench = Bench::new(history_walk("walk", &config));
    for cycles in 0..20 {
        let mut reader = Reader {
            bench: &mut bench,
            words: config.prefix_beats() as u64,
            index: 0,
        };
        for _ in 0..cycles {
            reader.cycle();
        }
        bench.reset();
        compare(
            &config,
            &mut bench,
            |model| model.array().to_vec(),
            PACES[3],
        );
        bench.reset();
    }
}
