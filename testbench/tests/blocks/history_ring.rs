use rand::RngExt;
use seqnic_hdl::blocks::history_ring::history_ring;
use seqnic_sim::model::History;
use seqnic_spec::Config;

use super::bench::{Bench, chance, config, random};

/// How a store is read: how often, in percent, the reader waits before a word, and how often a row is not there yet.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    pub stalls: u32,
    pub late: u32,
}

/// The paces that every store must bear.
pub const PACES: [Pace; 4] = [
    Pace { stalls: 0, late: 0 },
    Pace {
        stalls: 50,
        late: 0,
    },
    Pace {
        stalls: 0,
        late: 90,
    },
    Pace {
        stalls: 40,
        late: 60,
    },
];

/// Reads a store word by word as the inserter does, and compares what each frame sees with the model's rows.
///
/// Rows are offered as the row queue offers them: in order, early or late, and also the next frame's row while a
/// frame is still being read.
pub fn compare(
    config: &Config,
    bench: &mut Bench,
    rows_of: impl Fn(&History) -> Vec<u8>,
    pace: Pace,
) {
    let place = format!("{pace:?}, {}", config.to_toml());
    let section = config
        .prefix()
        .rows_section()
        .expect("the configuration has rows");
    let (row_bytes, bus_bytes) = (config.row().bytes(), config.bus_bytes());
    let mut random = random(17);
    let frames = 2 * config.rows().min(40) + 7;
    let rows: Vec<Vec<u8>> = (0..=frames)
        .map(|_| (0..row_bytes).map(|_| random.random()).collect())
        .collect();
    let mut model = History::new(config.rows(), row_bytes);
    let (mut taken, mut cycles) = (0, 0);
    for frame in 0..frames {
        let mut prefix = Vec::new();
        let mut expected = Vec::new();
        while prefix.len() < config.prefix_beats() * bus_bytes {
            let word = prefix.len() / bus_bytes;
            let offered = taken <= frame + 1 && taken <= frames && !chance(&mut random, pace.late);
            bench.set("row_valid", offered.into());
            bench.set_bytes("row", &rows[taken.min(frames)]);
            if bench.has("word_index") {
                bench.set("word_index", word as u64);
            }
            bench.set("fire", 0);
            bench.eval();
            let ready = word > 0 || bench.get("start_ready") == 1;
            let fire = ready && !chance(&mut random, pace.stalls);
            bench.set("fire", fire.into());
            if bench.has("word_next") {
                let next = if fire {
                    (word + 1) % config.prefix_beats()
                } else {
                    word
                };
                bench.set("word_next", next as u64);
            }
            bench.eval();
            if fire && word == 0 {
                assert_eq!(
                    taken, frame,
                    "{place}: frame {frame} starts before the rows of those before it are in"
                );
                expected = rows_of(&model);
            }
            if fire {
                prefix.extend(bench.bytes("word", bus_bytes));
            }
            if bench.get("row_ready") == 1 {
                let started = !prefix.is_empty();
                assert!(
                    offered && taken < frame + usize::from(started),
                    "{place}: frame {frame} took row {taken}"
                );
                model.replace_oldest().copy_from_slice(&rows[taken]);
                taken += 1;
            }
            bench.clock();
            cycles += 1;
            assert!(
                cycles < 1000 * (frames + config.prefix_beats()),
                "{place}: frame {frame} does not go on"
            );
        }
        let shown = &prefix[section.offset_bytes..section.offset_bytes + section.bytes];
        assert_eq!(shown, expected, "{place}: frame {frame}");
    }
}

/// Configurations in which rows lie in their words in every way: rows, bytes of a row, bus bits, bytes in front of the rows.
pub const SHAPES: [(usize, usize, usize, usize); 16] = [
    (1, 1, 64, 0),
    (1, 64, 64, 3),
    (2, 64, 512, 0),
    (2, 8, 64, 0),
    (3, 5, 64, 14),
    (4, 30, 1024, 14),
    (5, 33, 256, 1),
    (7, 14, 128, 14),
    (8, 8, 2048, 0),
    (13, 8, 1024, 14),
    (16, 14, 1024, 14),
    (16, 64, 128, 32),
    (33, 14, 512, 18),
    (64, 2, 64, 70),
    (128, 14, 1024, 14),
    (256, 3, 64, 8),
];

/// A configuration of such a shape, with a byte behind the rows in every second one.
pub fn shaped(shape: (usize, usize, usize, usize), order: &str, storage: &str) -> Config {
    let (rows, row_bytes, data_bits, offset) = shape;
    let fields: Vec<_> = (0..row_bytes.div_ceil(8))
        .map(|part| {
            format!(
                "{{source = \"timestamp\", name = \"t{part}\", bytes = {}}}",
                (row_bytes - 8 * part).min(8)
            )
        })
        .collect();
    let behind = if rows % 2 == 0 {
        "{kind = \"padding\", bytes = 1}"
    } else {
        ""
    };
    let before = if offset > 0 {
        format!("{{kind = \"padding\", bytes = {offset}}},")
    } else {
        String::new()
    };
    config(&format!(
        "bus.data_bits = {data_bits}\n\
         history = {{ rows = {rows}, storage = \"{storage}\", field = [{}] }}\n\
         prefix.section = [{before} {{kind = \"rows\", order = \"{order}\"}}, {behind}]\n\
         spray = {{ cores = 1, steering = \"tdest\" }}\n",
        fields.join(", "),
    ))
}

#[test]
fn shows_each_frame_the_rows_before_it_in_array_order() {
    for shape in SHAPES {
        for storage in ["distributed", "block", "registers"] {
            for pace in PACES {
                let config = shaped(shape, "array", storage);
                let mut bench = Bench::new(history_ring("ring", &config));
                compare(&config, &mut bench, |model| model.array().to_vec(), pace);
            }
        }
    }
}

#[test]
fn is_empty_again_after_a_second_reset() {
    let config = shaped((7, 14, 128, 14), "array", "distributed");
    let mut bench = Bench::new(history_ring("ring", &config));
    for _ in 0..2 {
        compare(
            &config,
            &mut bench,
            |model| model.array().to_vec(),
            PACES[3],
        );
        bench.reset();
    }
}
