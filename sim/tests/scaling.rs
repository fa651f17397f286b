//! The simulated machine against what can be said of it by hand.

use seqnic_sim::scaling::{
    Arrival, Costs, Machine, PRECISION_MPPS, Recovering, Sharding, Sharing, TABLE4, Technique,
    loss_free_rate,
};

const PACKETS: usize = 60_000;

/// Packets of so many flows in turn.
fn flows(count: u32) -> Vec<Arrival> {
    (0..PACKETS as u32)
        .map(|number| Arrival {
            key: number % count,
            hash: number % count,
        })
        .collect()
}

const PLAIN: Sharding = Sharding {
    rebalance_packets: None,
    transfer_ns: 0.0,
};

const COSTS: Costs = Costs {
    single_ns: 100.0,
    dispatch_ns: 80.0,
    row_ns: 10.0,
};

fn machine(cores: usize, technique: Technique) -> Machine {
    Machine {
        cores,
        costs: COSTS,
        technique,
    }
}

#[test]
fn the_simulated_figure_11_is_the_papers_model() {
    let packets = flows(1);
    for line in TABLE4 {
        for cores in 1..=line.most_cores {
            let machine = Machine {
                cores,
                costs: line.costs,
                technique: Technique::Replicated,
            };
            let simulated = machine.saturated_mpps(&packets);
            let model = line.costs.predicted_mpps(cores);
            let off = (simulated / model - 1.0).abs();
            assert!(
                off < 1e-12,
                "{} on {cores}: {simulated} and {model}",
                line.program
            );

            let trial = loss_free_rate::<()>(2.0 * model, |rate| Ok(machine.offer(&packets, rate)));
            let found = trial.expect("it does not fail").forwarded_mpps;
            assert!(
                (model - PRECISION_MPPS..=model * (1.0 + 1e-12)).contains(&found),
                "{} on {cores}: {found} and {model}",
                line.program
            );
        }
    }
}

#[test]
fn packets_are_lost_only_beyond_what_the_cores_can_handle() {
    let machine = machine(4, Technique::Replicated);
    let capacity_mpps = COSTS.predicted_mpps(4);
    let packets = flows(1);
    assert_eq!(machine.offer(&packets, 0.99 * capacity_mpps).loss, 0.0);
    let beyond = machine.offer(&packets, 2.0 * capacity_mpps);
    assert!((beyond.loss - 0.5).abs() < 1e-3, "{beyond:?}");
}

#[test]
fn one_flow_takes_one_core_when_states_are_sharded_and_many_take_all() {
    let rate = |cores, flow_count| {
        let machine = machine(cores, Technique::Sharded(PLAIN));
        let trial = loss_free_rate::<()>(100.0, |rate| Ok(machine.offer(&flows(flow_count), rate)));
        trial.expect("it does not fail").forwarded_mpps
    };
    let one = rate(1, 1);
    assert!((one - 10.0).abs() <= PRECISION_MPPS, "{one}");
    assert_eq!(rate(8, 1), one);
    let many = rate(8, 64);
    assert!((many - 80.0).abs() <= 1.0, "{many}");
}

#[test]
fn a_shared_state_is_no_faster_than_its_lines_change_hands() {
    let sharing = Sharing {
        exclusive_ns: 20.0,
        transfer_ns: 70.0,
        waiter_ns: 0.0,
    };
    let saturated = |cores, flow_count| {
        machine(cores, Technique::Shared(sharing)).saturated_mpps(&flows(flow_count))
    };
    // One core never waits; from then on one packet of the flow in 20 + 70 ns.
    assert!((saturated(1, 1) - 10.0).abs() < 1e-9);
    for cores in [4, 8] {
        assert!((saturated(cores, 1) - 1e3 / 90.0).abs() < 0.05);
    }
    // Each flow at its own core in turn: no line changes hands.
    assert!((saturated(8, 8) - 80.0).abs() < 0.1);

    let contended = Sharing {
        waiter_ns: 30.0,
        ..sharing
    };
    let rate = |cores| machine(cores, Technique::Shared(contended)).saturated_mpps(&flows(1));
    let rates = [2, 3, 6].map(rate);
    assert!(
        rates.is_sorted_by(|more, less| more > less),
        "more waiters make it slower: {rates:?}"
    );
}

#[test]
fn loss_costs_replicas_that_recover_more_the_more_there_is() {
    let rate = |loss| {
        let technique = Technique::Recovering(Recovering {
            loss,
            log_ns: 2.0,
            read_ns: 60.0,
        });
        machine(7, technique).saturated_mpps(&flows(1))
    };
    let rates = [1e-4, 1e-3, 1e-2].map(rate);
    let plain = machine(7, Technique::Replicated).saturated_mpps(&flows(1));
    assert!(rates.is_sorted_by(|less, more| less > more), "{rates:?}");
    assert!(rates[0] < plain, "{rates:?} {plain}");
}
