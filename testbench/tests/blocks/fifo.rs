use std::collections::VecDeque;

use rand::RngExt;
use seqnic_hdl::blocks::fifo::{FifoSpec, fifo};
use seqnic_hdl::rtl::MemoryStyle;

use super::bench::{Bench, chance, random};

#[test]
fn keeps_order_and_loses_nothing_at_any_pace() {
    for (style, depth, width, latency, refuses) in [
        (MemoryStyle::Distributed, 2, 1, 1, true),
        (MemoryStyle::Distributed, 2, 70, 2, true),
        (MemoryStyle::Distributed, 4, 112, 2, false),
        (MemoryStyle::Distributed, 16, 1153, 1, true),
        (MemoryStyle::Distributed, 32, 112, 1, false),
        (MemoryStyle::Distributed, 512, 64, 2, true),
        (MemoryStyle::Block, 2, 9, 2, true),
        (MemoryStyle::Block, 16, 1153, 2, true),
        (MemoryStyle::Block, 512, 64, 2, false),
    ] {
        let spec = FifoSpec {
            style,
            depth_words: depth,
            width_bits: width,
            latency_cycles: latency,
            refuses,
        };
        for (fill, drain) in [(90, 10), (50, 50), (10, 90), (100, 100)] {
            let mut bench = Bench::new(fifo("queue", spec));
            let (mut model, mut random) = (VecDeque::new(), random(depth as u64));
            for cycle in 0..4 * depth + 200 {
                let place = format!("{spec:?}, {fill}/{drain} %, cycle {cycle}");
                let word: u64 = random.random::<u64>() & (u64::MAX >> (64 - width.min(64)));
                let (push, pop) = (chance(&mut random, fill), chance(&mut random, drain));
                let front = model
                    .front()
                    .filter(|(_, pushed)| pushed + latency <= cycle)
                    .copied();
                let in_output_register = style == MemoryStyle::Block && front.is_some();
                let room = model.len() - usize::from(in_output_register) < depth;
                // Who fills a queue that refuses nothing looks first, as does who empties any.
                let push = push && (refuses || room);
                let pop = pop && front.is_some();
                bench.set_words("s_data", &[word]);
                bench.set("s_valid", push.into());
                bench.set("m_ready", pop.into());
                bench.eval();
                assert_eq!(bench.has("s_ready"), refuses, "{place}");
                if refuses {
                    assert_eq!(bench.get("s_ready"), u64::from(room), "{place}");
                }
                assert_eq!(bench.get("m_valid"), u64::from(front.is_some()), "{place}");
                if let Some((front, _)) = front {
                    assert_eq!(bench.get("m_data"), front, "{place}");
                }
                if pop {
                    model.pop_front();
                }
                if push && room {
                    model.push_back((word, cycle));
                }
                bench.clock();
            }
        }
    }
}
