use rand::RngExt;
use seqnic_hdl::blocks::sprayer::sprayer;
use seqnic_sim::model::Sprayer;

use super::bench::{Bench, random};

#[test]
fn gives_each_frame_the_next_core_and_waits_between_frames() {
    for cores in [1, 2, 3, 7, 14, 16, 255, 256] {
        let mut bench = Bench::new(sprayer("sprayer", cores));
        let (mut model, mut random) = (Sprayer::new(cores), random(cores as u64));
        for frame in 0..3 * cores {
            let core = model.next_core().expect("all cores are enabled") as u64;
            let waits = random.random_range(0..3);
            for cycle in 0..=waits {
                bench.set("frame_done", u64::from(cycle == waits));
                bench.eval();
                assert_eq!(bench.get("core"), core, "{cores} cores, frame {frame}");
                bench.clock();
            }
        }
    }
}
