use rand::RngExt;
use seqnic_hdl::blocks::axi_lite_slave::axi_lite_slave;

use super::bench::{Bench, chance, random};

/// A channel's sender: holds `valid` and its payload until they are taken.
#[derive(Default)]
struct Sender {
    offers: bool,
    taken: bool,
}

#[test]
fn takes_each_write_and_each_read_once_at_any_pace() {
    for (pace, patience) in [(100, 100), (100, 20), (30, 50), (10, 100)] {
        let mut bench = Bench::new(axi_lite_slave("slave"));
        let mut random = random(pace);
        let (mut address, mut data) = (Sender::default(), Sender::default());
        let (mut write, mut read) = ((0, 0, 0), 0);
        let (mut written, mut answered) = (0, 0);
        let mut reading = false;
        let mut shown = None;
        let (mut b_held, mut r_held) = (false, None);
        for cycle in 0..20_000 {
            let place = format!("pace {pace}, patience {patience}, cycle {cycle}");
            if !address.offers && !data.offers && !address.taken {
                write = (
                    random.random_range(0..1024),
                    u64::from(random.random::<u32>()),
                    random.random_range(0..16),
                );
            }
            // Address and data come in any order.
            address.offers |= !address.taken && chance(&mut random, pace as u32);
            data.offers |= !data.taken && chance(&mut random, pace as u32);
            if !reading && chance(&mut random, pace as u32) {
                (reading, read) = (true, random.random_range(0..1024));
            }
            let offers_read = reading && shown.is_none();
            bench.set("s_axi_awvalid", address.offers.into());
            bench.set("s_axi_awaddr", if address.offers { 4 * write.0 } else { 1 });
            bench.set("s_axi_wvalid", data.offers.into());
            bench.set("s_axi_wdata", if data.offers { write.1 } else { 0 });
            bench.set("s_axi_wstrb", if data.offers { write.2 } else { 0 });
            bench.set("s_axi_arvalid", offers_read.into());
            bench.set("s_axi_araddr", if offers_read { 4 * read } else { 1 });
            let (b_ready, r_ready) = (chance(&mut random, patience), chance(&mut random, patience));
            bench.set("s_axi_bready", b_ready.into());
            bench.set("s_axi_rready", r_ready.into());
            bench.eval();

            if address.offers && bench.get("s_axi_awready") == 1 {
                (address.offers, address.taken) = (false, true);
            }
            if data.offers && bench.get("s_axi_wready") == 1 {
                (data.offers, data.taken) = (false, true);
            }
            if bench.get("write") == 1 {
                assert!(address.taken && data.taken, "{place}: a write from nowhere");
                let word = (bench.get("write_word"), bench.get("write_data"));
                assert_eq!(word, (write.0, write.1), "{place}");
                assert_eq!(
                    bench.get("write_whole"),
                    u64::from(write.2 == 15),
                    "{place}"
                );
                written += 1;
            }
            let b_valid = bench.get("s_axi_bvalid") == 1;
            assert!(b_valid || !b_held, "{place}: bvalid is not held");
            b_held = b_valid && !b_ready;
            if b_valid && b_ready {
                answered += 1;
                assert_eq!(written, answered, "{place}: a response without a write");
                assert_eq!(bench.get("s_axi_bresp"), 0, "{place}");
                (address, data) = Default::default();
            }
            if offers_read && bench.get("s_axi_arready") == 1 {
                shown = Some(None);
            }
            // The data are there in the cycle after `read`, and no longer.
            let reads = bench.get("read") == 1;
            if reads {
                assert_eq!(bench.get("read_word"), read, "{place}");
                assert_eq!(shown, Some(None), "{place}: read twice");
                shown = Some(Some(u64::from(random.random::<u32>())));
            }
            if bench.get("s_axi_rvalid") == 1 {
                let value = bench.get("s_axi_rdata");
                assert_eq!(shown, Some(Some(value)), "{place}");
                assert!(r_held.is_none_or(|held| held == value), "{place}");
                r_held = Some(value);
                if r_ready {
                    (reading, shown, r_held) = (false, None, None);
                }
            } else {
                assert!(r_held.is_none(), "{place}: rvalid is not held");
            }
            bench.clock();
            bench.set("read_data", 0x5555);
            if let (true, Some(Some(value))) = (reads, shown) {
                bench.set("read_data", value);
            }
        }
        assert!(answered > 300, "pace {pace}: {answered} writes only");
    }
}
