use std::collections::VecDeque;

use rand::RngExt;
use seqnic_hdl::blocks::fifo::fifo;

use super::bench::{Bench, chance, random};

#[test]
fn keeps_order_and_loses_nothing_at_any_pace() {
    for (depth, width) in [(2, 1), (2, 70), (4, 112), (16, 1153), (512, 64)] {
        for (fill, drain) in [(90, 10), (50, 50), (10, 90), (100, 100)] {
            let mut bench = Bench::new(fifo("queue", depth, width));
            let (mut model, mut random) = (VecDeque::new(), random(depth as u64));
            for cycle in 0..4 * depth + 200 {
                let place =
                    format!("depth {depth}, width {width}, {fill}/{drain} %, cycle {cycle}");
                let word: u64 = random.random::<u64>() & (u64::MAX >> (64 - width.min(64)));
                let (push, pop) = (chance(&mut random, fill), chance(&mut random, drain));
                bench.set_words("s_data", &[word]);
                bench.set("s_valid", push.into());
                bench.set("m_ready", pop.into());
                bench.eval();
                assert_eq!(
                    bench.get("s_ready"),
                    u64::from(model.len() < depth),
                    "{place}"
                );
                assert_eq!(
                    bench.get("m_valid"),
                    u64::from(!model.is_empty()),
                    "{place}"
                );
                if let Some(&front) = model.front() {
                    assert_eq!(bench.get("m_data"), front, "{place}");
                }
                let room = model.len() < depth;
                if pop {
                    model.pop_front();
                }
                if push && room {
                    model.push_back(word);
                }
                bench.clock();
            }
        }
    }
}
