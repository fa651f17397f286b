use seqnic_hdl::blocks::sampler::sampler;

use super::bench::{Bench, chance, random};

#[test]
fn takes_the_first_of_every_so_many_frames_that_match() {
    for every in [1, 2, 3, 10, 64] {
        let mut bench = Bench::new(sampler("sampler", every));
        let (mut count, mut taken, mut random) = (0, Vec::new(), random(every as u64));
        while count < 4 * every {
            let matched = chance(&mut random, 60);
            bench.set("matched", matched.into());
            bench.eval();
            if bench.get("taken") == 1 {
                assert!(
                    matched,
                    "1 in {every}: a frame that does not match is taken"
                );
                taken.push(count);
            }
            count += usize::from(matched);
            bench.clock();
        }
        let expected = [0, every, 2 * every, 3 * every];
        assert_eq!(taken, expected, "1 in {every}");
    }
}
