use rand::RngExt;
use seqnic_hdl::blocks::axi_lite_slave::axi_lite_slave;
use seqnic_hdl::rtl::ClockDomain;

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
        let mut bench = Bench::new(axi_lite_slave("slave", ClockDomain::Datapath));
        let mut random = random(pace);
        let (mut address, mut data) = (Sender::default(), Sender::default());
        let (mut write, mut read) = ((0, 0, 0), 0);
        let (mut written, mut answered) = (0, 0);
        let mut reading = false;
        let mut shown = None;
        let (mut b_held, mut r_held) = (false, None);
        // The end of an access comes some cycles after its beginning, or at once.
        let (mut ends_in, mut is_writing) = (None::<u32>, false);
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
            let is_write = bench.get("is_write") == 1;
            let begins = bench.get("begins") == 1;
            let (writes, reads) = (begins && is_write, begins && !is_write);
            if begins {
                assert_eq!(ends_in, None, "{place}: two accesses at a time");
                (ends_in, is_writing) = (Some(random.random_range(0..10)), is_write);
            }
            if writes {
                assert!(address.taken && data.taken, "{place}: a write from nowhere");
                written += 1;
            }
            if reads {
                assert_eq!(shown, Some(None), "{place}: read twice");
                shown = Some(Some(u64::from(random.random::<u32>())));
            }
            // What belongs to an access is there until its end.
            if ends_in.is_some() {
                assert_eq!(is_write, is_writing, "{place}");
                let word = if is_write { write.0 } else { read };
                assert_eq!(bench.get("word"), word, "{place}");
            }
            if ends_in.is_some() && is_writing {
                assert_eq!(bench.get("data"), write.1, "{place}");
                assert_eq!(bench.get("whole"), u64::from(write.2 == 15), "{place}");
            }
            let done = ends_in == Some(0);
            ends_in = ends_in.and_then(|cycles| cycles.checked_sub(1));
            bench.set("done", done.into());
            // Nothing begins that was not accepted while the other side was ready.
            bench.set("ready", chance(&mut random, patience).into());
            bench.eval();
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
            // The data are held from the cycle after the end of a read until the next read.
            if let (true, Some(Some(value))) = (done, shown) {
                bench.set("read_data", value);
            } else if ends_in.is_some() && !is_writing {
                bench.set("read_data", 0x5555);
            }
        }
        assert!(answered > 300, "pace {pace}: {answered} writes only");
    }
}
