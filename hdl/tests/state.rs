//! Registers, memories and reset in the in-process engine.

use std::sync::Arc;

use seqnic_hdl::rtl::{Design, MemorySpec, MemoryStyle, Module, Reset, Simulator, concat, ones};

fn built(name: &str, build: impl FnOnce(&mut Module)) -> Arc<Design> {
    let mut m = Module::new(name, "");
    build(&mut m);
    m.build().expect("the module is sound")
}

/// Sets inputs, evaluates, gives the low word of an output, and clocks.
fn cycle(simulator: &mut Simulator, inputs: &[(&str, u64)], output: &str) -> u64 {
    for (name, value) in inputs {
        let port = simulator.port(name).expect("the port exists");
        simulator.set(port, &[*value]);
    }
    simulator.eval();
    let value = simulator.get(simulator.port(output).expect("the port exists"))[0];
    simulator.clock();
    value
}

#[test]
fn registers_change_together() {
    let design = built("swap", |m| {
        let a = m.register("a", 8, Reset::To(1));
        let b = m.register("b", 8, Reset::To(2));
        m.next(&a, &b);
        m.next(&b, &a);
        m.output_of("both", concat([a, b]));
    });
    let mut simulator = Simulator::new(&design, 0);
    simulator.reset();
    let seen: Vec<_> = (0..3).map(|_| cycle(&mut simulator, &[], "both")).collect();
    assert_eq!(seen, [0x0201, 0x0102, 0x0201]);
}

#[test]
fn an_enable_holds_a_register() {
    let design = built("held", |m| {
        let (enable, data) = (m.input("enable", 1), m.input("data", 8));
        let held = m.captured("held_data", &enable, &data);
        m.output_of("value", held);
    });
    let mut simulator = Simulator::new(&design, 0);
    simulator.reset();
    cycle(&mut simulator, &[("enable", 1), ("data", 7)], "value");
    assert_eq!(
        cycle(&mut simulator, &[("enable", 0), ("data", 9)], "value"),
        7
    );
    assert_eq!(
        cycle(&mut simulator, &[("enable", 1), ("data", 9)], "value"),
        7
    );
    assert_eq!(cycle(&mut simulator, &[], "value"), 9);
}

#[test]
fn a_counter_wraps_after_its_last_state() {
    for states in [1, 2, 3, 5, 8] {
        let design = built("wraps", |m| {
            let count = m.counter("count", states, ones(1));
            m.output_of("value", count);
        });
        let mut simulator = Simulator::new(&design, 0);
        simulator.reset();
        for expected in (0..states).cycle().take(20) {
            assert_eq!(
                cycle(&mut simulator, &[], "value"),
                expected as u64,
                "{states} states"
            );
        }
    }
}

#[test]
fn reset_overrides_the_next_value_and_the_enable() {
    let design = built("counting", |m| {
        let enable = m.input("enable", 1);
        let count = m.register("count", 8, Reset::To(0x55));
        m.next_when(&count, &enable, count.plus(1));
        m.output_of("value", count);
    });
    let mut simulator = Simulator::new(&design, 3);
    simulator.reset();
    assert_eq!(cycle(&mut simulator, &[("enable", 1)], "value"), 0x55);
    assert_eq!(cycle(&mut simulator, &[], "value"), 0x56);
    simulator.hold_reset(true);
    cycle(&mut simulator, &[("enable", 0)], "value");
    simulator.hold_reset(false);
    assert_eq!(cycle(&mut simulator, &[], "value"), 0x55);
}

#[test]
fn what_reset_leaves_undefined_depends_on_the_seed() {
    let design = built("undefined", |m| {
        let never = m.input("never", 1);
        let word = m.register("word", 64, Reset::None);
        m.next_when(&word, &never, &word);
        m.output_of("value", word);
    });
    let value = |seed| {
        let mut simulator = Simulator::new(&design, seed);
        simulator.reset();
        cycle(&mut simulator, &[("never", 0)], "value")
    };
    assert_eq!(value(1), value(1));
    assert_ne!(value(1), value(2));
}

/// A memory of four words of four bytes, with a mask bit a byte.
fn memory(style: MemoryStyle) -> Arc<Design> {
    built("store", |m| {
        let write = m.input("write", 1);
        let address = m.input("address", 2);
        let data = m.input("data", 32);
        let mask = m.input("mask", 4);
        let memory = m.memory(
            "words",
            MemorySpec {
                style,
                depth_words: 4,
                width_bits: 32,
                lane_bits: 8,
            },
        );
        m.write(memory, &write, &address, &data, Some(mask));
        let word = match style {
            MemoryStyle::Block => m.read_clocked(memory, "word", ones(1), &address),
            _ => m.read(memory, "word", &address),
        };
        m.output_of("value", word);
    })
}

#[test]
fn a_mask_keeps_the_other_lanes() {
    let mut simulator = Simulator::new(&memory(MemoryStyle::Distributed), 0);
    let write = |data, mask| [("write", 1), ("address", 2), ("data", data), ("mask", mask)];
    cycle(&mut simulator, &write(0x1122_3344, 0b1111), "value");
    cycle(&mut simulator, &write(0xaabb_ccdd, 0b0101), "value");
    assert_eq!(cycle(&mut simulator, &[("write", 0)], "value"), 0x11bb_33dd);
}

#[test]
fn an_unclocked_read_shows_the_old_word_in_the_cycle_of_the_write() {
    let mut simulator = Simulator::new(&memory(MemoryStyle::Distributed), 0);
    let write = |data| {
        [
            ("write", 1),
            ("address", 1),
            ("data", data),
            ("mask", 0b1111),
        ]
    };
    cycle(&mut simulator, &write(5), "value");
    assert_eq!(cycle(&mut simulator, &write(6), "value"), 5);
    assert_eq!(cycle(&mut simulator, &write(7), "value"), 6);
}

#[test]
fn a_clocked_read_shows_the_word_before_the_edge_one_cycle_later() {
    let mut simulator = Simulator::new(&memory(MemoryStyle::Block), 0);
    let write = |data| {
        [
            ("write", 1),
            ("address", 1),
            ("data", data),
            ("mask", 0b1111),
        ]
    };
    cycle(&mut simulator, &write(5), "value");
    cycle(&mut simulator, &write(6), "value");
    assert_eq!(cycle(&mut simulator, &write(7), "value"), 5);
    assert_eq!(cycle(&mut simulator, &write(8), "value"), 6);
}

#[test]
fn reset_does_not_clear_a_memory() {
    let mut simulator = Simulator::new(&memory(MemoryStyle::Registers), 0);
    cycle(
        &mut simulator,
        &[("write", 1), ("address", 3), ("data", 9), ("mask", 0b1111)],
        "value",
    );
    cycle(&mut simulator, &[("write", 0)], "value");
    simulator.reset();
    assert_eq!(cycle(&mut simulator, &[], "value"), 9);
}

#[test]
fn instances_of_one_design_have_states_of_their_own() {
    let child = built("child", |m| {
        let step = m.input("step", 1);
        let count = m.counter("count", 16, &step);
        m.output_of("value", count);
    });
    let design = built("parent", |m| {
        let steps = m.input("steps", 2);
        let parts: Vec<_> = (0..2)
            .map(|index| {
                let instance = m.instance(&format!("part_{index}"), &child);
                m.connect(instance, "step", steps.bit(index));
                m.output_from(instance, "value")
            })
            .collect();
        m.output_of("values", concat(parts));
    });
    let mut simulator = Simulator::new(&design, 0);
    simulator.reset();
    cycle(&mut simulator, &[("steps", 0b01)], "values");
    cycle(&mut simulator, &[("steps", 0b11)], "values");
    assert_eq!(cycle(&mut simulator, &[("steps", 0)], "values"), 0x12);
    let scopes: Vec<_> = simulator
        .probes()
        .iter()
        .map(|probe| probe.scope.join("."))
        .collect();
    assert!(scopes.contains(&"part_0".to_string()) && scopes.contains(&"part_1".to_string()));
}
