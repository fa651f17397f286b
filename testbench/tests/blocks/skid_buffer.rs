use std::collections::VecDeque;

use rand::RngExt;
use seqnic_hdl::blocks::axis::Shape;
use seqnic_hdl::blocks::skid_buffer::skid_buffer;

use super::bench::{Bench, chance, random};

const SHAPE: Shape = Shape {
    data_bits: 64,
    user_bits: 5,
    dest_bits: 3,
};
const FIELDS: [&str; 5] = ["tdata", "tkeep", "tlast", "tuser", "tdest"];

#[test]
fn passes_every_beat_once_and_whole_at_any_pace() {
    for (fill, drain) in [(100, 100), (90, 30), (30, 90), (60, 60)] {
        let mut bench = Bench::new(skid_buffer("skid", SHAPE));
        let (mut inside, mut random) = (VecDeque::new(), random(9));
        for cycle in 0..2000 {
            let place = format!("{fill}/{drain} %, cycle {cycle}");
            let beat: [u64; 5] = [64, 8, 1, 5, 3].map(|bits| random.random::<u64>() >> (64 - bits));
            let (offer, take) = (chance(&mut random, fill), chance(&mut random, drain));
            for (field, value) in FIELDS.iter().zip(beat) {
                bench.set(&format!("s_axis_{field}"), value);
            }
            bench.set("s_axis_tvalid", offer.into());
            bench.set("m_axis_tready", take.into());
            bench.eval();
            let valid = bench.get("m_axis_tvalid") == 1;
            assert_eq!(valid, !inside.is_empty(), "{place}");
            if valid {
                let shown = FIELDS.map(|field| bench.get(&format!("m_axis_{field}")));
                assert_eq!(Some(&shown), inside.front(), "{place}");
            }
            let accepts = bench.get("s_axis_tready") == 1;
            assert_eq!(accepts, inside.len() < 2, "{place}");
            if valid && take {
                inside.pop_front();
            }
            if offer && accepts {
                inside.push_back(beat);
            }
            bench.clock();
        }
    }
}

#[test]
fn ready_does_not_depend_on_the_other_side_within_a_cycle() {
    let mut bench = Bench::new(skid_buffer("skid", SHAPE));
    let mut random = random(2);
    for _ in 0..500 {
        bench.set("s_axis_tvalid", chance(&mut random, 70).into());
        let ready = [0, 1].map(|take| {
            bench.set("m_axis_tready", take);
            bench.eval();
            bench.get("s_axis_tready")
        });
        assert_eq!(ready[0], ready[1]);
        bench.set("m_axis_tready", chance(&mut random, 50).into());
        bench.eval();
        bench.clock();
    }
}
