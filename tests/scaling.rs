//! `seqnic scaling`: what is measured and simulated.

mod common;

use common::seqnic;
use serde_json::Value;

#[test]
fn every_program_is_measured_and_its_simulation_is_the_model() {
    let report = seqnic("scaling --packets 50000 --dispatch-ns 300 --json").json();
    let measured = report["measured"].as_array().expect("a list");
    assert_eq!(measured.len(), 5);
    for program in measured {
        assert_eq!(program["dispatch_ns"], 300.0);
        for cost in ["program_ns", "row_ns"] {
            assert!(program[cost].as_f64().expect("a number") > 0.0, "{program}");
        }
        // How fast depends on what else the machine does.
        let one = program["mpps"][0].as_f64().expect("a number");
        assert!(one > 0.0, "{program}");
    }
    let points = report["points"].as_array().expect("a list");
    let of = |origin: &'static str| {
        let points = points.iter().filter(move |point| point["origin"] == origin);
        points.map(|point| (&point["program"], &point["cores"], &point["mpps"]))
    };
    assert_eq!(of("simulated").count(), 14 + 14 + 7 + 7 + 7);
    for ((program, cores, simulated), (same_program, same_cores, model)) in
        of("simulated").zip(of("model"))
    {
        assert_eq!((program, cores), (same_program, same_cores));
        let rate = |value: &Value| value.as_f64().expect("a number");
        let off = rate(simulated) / rate(model) - 1.0;
        assert!(off.abs() < 1e-12, "{program} on {cores}");
    }
}

#[test]
fn a_dispatch_that_takes_too_long_is_refused() {
    let finished = seqnic("scaling --dispatch-ns 10001");
    assert_eq!(finished.code, 2);
    assert!(
        finished.stderr.contains("10001 is not in 0..=10000"),
        "{}",
        finished.stderr
    );
}
