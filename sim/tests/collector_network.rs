//! Switches that help each other, counts from a linear system, and links that lose packets.

use std::collections::{HashMap, HashSet};

use seqnic_sim::host::collector::{
    Assembler, Count, Counted, Reason, Switch, decode_network, lossy_links,
};
use seqnic_sim::model::flowradar::{FlowKey, FlowRadarEncoder};
use seqnic_spec::Config;
use seqnic_spec::flowradar::FlowRadar;

fn config(text: &str) -> FlowRadar {
    let config = Config::from_toml_str(&format!("[flowradar]\n{text}"), "test").unwrap();
    *config.flowradar().unwrap()
}

fn key(number: u32) -> FlowKey {
    let word = u64::from(number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    FlowKey::from_words(&[word, word >> 24 & 0xff_ffff_ffff])
}

fn packets(number: u32) -> u32 {
    1 + number % 37
}

/// What a switch sends after these flows, with these packets, decoded alone.
fn switch(config: &FlowRadar, flows: impl IntoIterator<Item = (u32, u32)>) -> Switch<2> {
    let mut encoder = FlowRadarEncoder::new(config);
    for (flow, packets) in flows {
        encoder.record(&key(flow), packets, 64 * u64::from(packets));
    }
    encoder.request_swap();
    let mut assembler = Assembler::default();
    for fragment in encoder.fragments() {
        assembler.add(&fragment).unwrap();
    }
    let mut switch = Switch::new(&assembler.finish().next().unwrap()).unwrap();
    switch.decode();
    switch
}

fn counted(flows: impl IntoIterator<Item = u32>) -> impl Iterator<Item = (u32, u32)> {
    flows.into_iter().map(|flow| (flow, packets(flow)))
}

/// Exactly these flows, with exact counts.
fn check_exact(switch: &Switch<2>, flows: impl IntoIterator<Item = u32>) {
    assert!(switch.report().is_complete(), "{:?}", switch.report());
    let expected: HashMap<_, _> = counted(flows)
        .map(|(flow, packets)| (key(flow), packets))
        .collect();
    assert_eq!(switch.flows().count(), expected.len());
    for (key, count) in switch.flows() {
        let packets = expected[&key];
        assert!(
            matches!(count, Count::Proven { packets: shown, .. } if shown == packets),
            "{count:?}"
        );
    }
}

#[test]
fn two_switches_decode_what_neither_decodes_alone() {
    // Hash functions of their own, so that flows which share cells at one do not at the other.
    // 1056 cells decode up to 860 flows; each switch has 890, and 840 of them are at both.
    let config = |id| {
        config(&format!(
            "flows = 800\nswitch_id = {id}\nseed = {id}\nbyte_counts = true"
        ))
    };
    let [first, second] = [0..890, 50..940];
    let mut switches = [
        switch(&config(1), counted(first.clone())),
        switch(&config(2), counted(second.clone())),
    ];
    for switch in &switches {
        assert!(
            matches!(switch.report().reasons[0], Reason::Entangled { .. }),
            "{:?}",
            switch.report()
        );
    }
    decode_network(&mut switches, None);
    check_exact(&switches[0], first);
    check_exact(&switches[1], second);
    for (_, count) in switches.iter().flat_map(|switch| switch.flows()) {
        assert!(
            matches!(count, Count::Proven { packets, bytes } if bytes == 64 * u64::from(packets))
        );
    }
}

#[test]
fn switches_that_do_not_get_far_enough_stay_as_they_were() {
    let config = |id| config(&format!("flows = 800\nswitch_id = {id}"));
    let mut switches = [
        switch(&config(1), counted(0..1_200)),
        switch(&config(2), counted(1_100..2_300)),
    ];
    let alone = switches.each_ref().map(Switch::report);
    decode_network(&mut switches, None);
    assert_eq!(switches.each_ref().map(Switch::report), alone);
}

#[test]
fn a_flow_that_is_known_not_to_pass_a_switch_is_never_taken_out_there() {
    let config = |id| {
        config(&format!(
            "flows = 800\nswitch_id = {id}\nfilter_bits_per_flow = 3\nfilter_hashes = 1"
        ))
    };
    // The small filter loses flows, and has many that were never there.
    let here: HashSet<_> = (0..960).map(key).collect();
    let mut switches = [
        switch(&config(1), counted(0..960)),
        switch(&config(2), counted(250..800)),
    ];
    let passes = |flow: &FlowKey, switch: u32| switch == 2 || here.contains(flow);
    decode_network(&mut switches, Some(&passes));
    for (key, _) in switches[0].flows() {
        assert!(here.contains(&key));
    }
}

#[test]
fn a_lost_flow_is_found_at_another_switch_and_the_counts_are_right_again() {
    let (mut contaminated, mut healed) = (0, 0);
    for seed in 0..20 {
        let small = config(&format!(
            "flows = 2000\nfilter_bits_per_flow = 14\nfilter_hashes = 5\nseed = {seed}\nswitch_id = 1"
        ));
        let large = config(&format!("flows = 2500\nseed = {seed}\nswitch_id = 2"));
        let mut switches = [
            switch(&small, counted(0..2_000)),
            switch(&large, counted(0..2_500)),
        ];
        let reasons = switches[0].report().reasons;
        let is_contaminated = matches!(reasons[..], [Reason::Contaminated { .. }]);
        contaminated += usize::from(is_contaminated);
        decode_network(&mut switches, None);
        if switches[0].report().is_complete() {
            check_exact(&switches[0], 0..2_000);
            healed += usize::from(is_contaminated);
        }
        check_exact(&switches[1], 0..2_500);
    }
    assert!(
        contaminated >= 10 && healed == contaminated,
        "{healed} of {contaminated}"
    );
}

#[test]
fn a_link_whose_ends_count_differently_is_named_with_its_flows() {
    let config = |id| config(&format!("flows = 1000\nswitch_id = {id}"));
    // Flows 0 to 999 go through 1, 2 and 3; between 2 and 3 some lose packets.
    let lost = |flow: u32| match flow {
        17 => 5,
        400 => 9,
        999 => 1,
        _ => 0,
    };
    let behind = counted(0..1_000).map(|(flow, packets)| (flow, packets + 10 - lost(flow)));
    let before = || counted(0..1_000).map(|(flow, packets)| (flow, packets + 10));
    let switches = [
        switch(&config(1), before()),
        switch(&config(2), before()),
        switch(&config(3), behind),
    ];
    let counted = switches.each_ref().map(Counted::new);
    let lossy = lossy_links(&counted, [[1, 2], [2, 3], [1, 4]]);
    assert_eq!(lossy.len(), 1);
    assert_eq!((lossy[0].switches, lossy[0].packets_lost()), ([2, 3], 15));
    let flows: Vec<_> = lossy[0]
        .flows
        .iter()
        .map(|flow| (flow.key, flow.packets_lost()))
        .collect();
    assert_eq!(flows, [(key(400), 9), (key(17), 5), (key(999), 1)]);
}
