//! Registers on a clock of their own.

use seqnic_hdl::rtl::ClockDomain::{Datapath, Registers as Port};
use seqnic_spec::Config;
use seqnic_spec::registers::{Registers, map};
use seqnic_testbench::Clocks;

use super::Engines;
use super::control::{subjects, write_in_traffic};
use super::controlled::{Access, Subject};
use crate::engines;

#[test]
fn a_write_counts_by_its_response_between_any_two_clocks() {
    let Some(engines) = engines() else { return };
    for (config, clocks) in engines.cases(subjects()).by(CLOCKS) {
        let config = with_own_clock(&config);
        let [datapath, port, phase] = clocks;
        let clocks = Clocks::new(datapath, port, phase);
        let subject = Subject::with_clocks(engines.sequencer(&config), &config, Some(clocks));
        write_in_traffic(subject, 10, 10);
    }
}

/// Periods of the datapath and of the port, and the phase of the port.
const CLOCKS: [[u64; 3]; 6] = [
    [1, 1, 0],
    [4, 4, 1],
    [3, 1, 1],
    [1, 3, 0],
    [7, 5, 2],
    [25, 26, 3],
];

/// The configuration, with a clock for the port.
fn with_own_clock(config: &Config) -> Config {
    let toml = config.to_toml();
    let own = toml.replace("control_clock = \"datapath\"", "control_clock = \"own\"");
    crate::common::config(&own)
}

#[test]
fn either_side_resets_alone_and_the_port_goes_on() {
    let Some(engines) = engines() else { return };
    let config = with_own_clock(&subjects()[4]);
    let engine = || engines.sequencer(&config);
    for [datapath, port, phase] in CLOCKS {
        let mut took_place = [[0; 2]; 2];
        let clocks = Clocks::new(datapath, port, phase);
        let mut subject = Subject::with_clocks(engine(), &config, Some(clocks));
        // A write, and a reset of either side so many cycles behind its beginning.
        for (delay, side) in (0..60)
            .step_by(2)
            .flat_map(|delay| [(delay, Datapath), (delay, Port)])
        {
            let offset = map::FAILED.offset_bytes;
            subject.under_way = Some((Access::Write(0b10), offset, None));
            for _ in 0..delay {
                subject.step(true, true);
            }
            let is_under_way = subject.under_way.is_some();
            subject.driver.hold_reset(side, true);
            for _ in 0..8 {
                subject.step(true, true);
            }
            subject.driver.hold_reset(side, false);
            if side == Port {
                subject.under_way = None;
            }
            for _ in 0..200 {
                if subject.under_way.is_some() {
                    subject.step(true, true);
                }
            }
            assert_eq!(subject.under_way, None, "{side:?}, delay {delay}");
            let mut registers = Registers(&mut subject);
            let failed = registers.failed(0).expect("it cannot fail");
            assert_eq!(failed & !0b10, 0, "{side:?}, delay {delay}");
            took_place[side as usize][usize::from(failed == 0b10)] += 1;
            // What was answered before a reset of the port counts, and one of the datapath undoes it.
            assert!(is_under_way || (failed == 0b10) == (side == Port));
            registers.set_failed(0, 0).expect("it cannot fail");
            assert_eq!(registers.failed(0), Ok(0), "{side:?}, delay {delay}");
        }
        assert!(
            took_place.as_flattened().iter().all(|&count| count > 0),
            "{took_place:?}"
        );
    }
}
