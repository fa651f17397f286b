use seqnic_hdl::blocks::history_shift::history_shift;
use seqnic_sim::model::History;

use super::bench::Bench;
use super::history_ring::{PACES, SHAPES, compare, shaped};

fn oldest_first(model: &History) -> Vec<u8> {
    let (older, newer) = model.oldest_first();
    [older, newer].concat()
}

#[test]
fn shows_each_frame_the_rows_before_it_oldest_first() {
    for shape in SHAPES {
        for storage in ["distributed", "block", "registers"] {
            for pace in PACES {
                let config = shaped(shape, "oldest-first", storage);
                let mut bench = Bench::new(history_shift("shift", &config));
                compare(&config, &mut bench, oldest_first, pace);
            }
        }
    }
}

#[test]
fn is_empty_again_after_a_second_reset() {
    let config = shaped((5, 33, 256, 1), "oldest-first", "distributed");
    let mut bench = Bench::new(history_shift("shift", &config));
    for _ in 0..2 {
        compare(&config, &mut bench, oldest_first, PACES[3]);
        bench.reset();
    }
}
