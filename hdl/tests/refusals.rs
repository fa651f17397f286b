//! What the RTL layer refuses, and the words in which it does.

use seqnic_hdl::rtl::{
    ClockDomain, Expr, MemorySpec, MemoryStyle, Module, Reset, concat, lit, ones, when, zeros,
};

/// The error of a module called `block` that `build` fills.
fn error_of(build: impl FnOnce(&mut Module)) -> String {
    let mut m = Module::new("block", "");
    build(&mut m);
    m.build().expect_err("the module is refused").to_string()
}

const DISTRIBUTED: MemorySpec = MemorySpec {
    style: MemoryStyle::Distributed,
    depth_words: 4,
    width_bits: 8,
    lane_bits: 8,
};

#[test]
fn width_mismatches_name_module_signal_and_widths() {
    assert_eq!(
        error_of(|m| {
            let a = m.input("a", 8);
            let y = m.output("y", 9);
            m.drive(&y, &a);
        }),
        "module `block`, signal `y`: has 9 bits but is driven by 8"
    );
    assert_eq!(
        error_of(|m| {
            let (a, b) = (m.input("a", 8), m.input("b", 9));
            m.output_of("y", a + b);
        }),
        "module `block`, signal `y`: `+` takes operands of one width, but `a` has 8 bits and `b` has 9"
    );
    assert_eq!(
        error_of(|m| {
            let (a, b) = (m.input("a", 8), m.input("b", 9));
            m.wire("same", a.slice(2, 3).equals(&b));
        }),
        "module `block`, signal `same`: a comparison takes operands of one width, but `a`[4:2] has 3 bits and `b` has 9"
    );
    assert_eq!(
        error_of(|m| {
            let c = m.input("c", 2);
            m.output_of("y", when(&c, zeros(4)).otherwise(ones(4)));
        }),
        "module `block`, signal `y`: a mux takes a condition of 1 bit, but `c` has 2"
    );
    assert_eq!(
        error_of(|m| {
            let c = m.input("c", 1);
            m.output_of("y", when(&c, zeros(4)).otherwise(ones(5)));
        }),
        "module `block`, signal `y`: a mux takes operands of one width, but the constant 4'h0 has 4 bits and \
         the constant 5'h1f has 5"
    );
    assert_eq!(
        error_of(|m| {
            let enable = m.input("enable", 2);
            let r = m.register("r", 4, Reset::To(0));
            m.next_when(&r, &enable, r.plus(1));
        }),
        "module `block`, signal `r`: has 1 bits but is driven by 2"
    );
}

#[test]
fn values_and_slices_outside_a_signal_are_refused() {
    assert_eq!(
        error_of(|m| {
            let a = m.input("a", 3);
            m.output_of("y", a.is(8));
        }),
        "module `block`, signal `y`: 8 does not fit the 3 bits of `a`"
    );
    assert_eq!(
        error_of(|m| {
            let a = m.input("a", 8);
            m.output_of("y", a.slice(5, 4));
        }),
        "module `block`, signal `y`: bits 5 to 8 are not in the 8 bits of `a`"
    );
    assert_eq!(
        error_of(|m| {
            let a = m.input("a", 8);
            m.output_of("y", (a.plus(1)).bit(0));
        }),
        "module `block`, signal `y`: a slice of an operation: name the operation with `Module::wire` and slice the wire"
    );
    assert_eq!(
        error_of(|m| {
            let a = m.input("a", 8);
            m.output_of("y", a.zero_extend(4));
        }),
        "module `block`, signal `y`: `a` has 8 bits and cannot be extended to 4"
    );
    assert_eq!(
        error_of(|m| m.output_of("y", concat([]))),
        "module `block`, signal `y`: has no bits; a signal has at least 1"
    );
}

#[test]
fn undriven_signals_are_refused() {
    let undriven = |signal: &str| {
        format!(
            "module `block`, signal `{signal}`: is never driven; drive it once with `drive`, `next` or `connect`"
        )
    };
    assert_eq!(
        error_of(|m| {
            m.output("y", 1);
        }),
        undriven("y")
    );
    assert_eq!(
        error_of(|m| {
            m.forward("w", 1);
        }),
        undriven("w")
    );
    assert_eq!(
        error_of(|m| {
            m.register("r", 1, Reset::None);
        }),
        undriven("r")
    );
    assert_eq!(
        error_of(|m| {
            m.memory("store", DISTRIBUTED);
        }),
        undriven("store")
    );
    assert_eq!(
        error_of(|m| {
            let mut child = Module::new("child", "");
            let a = child.input("a", 1);
            child.output_of("y", a);
            let child = child.build().expect("the child is sound");
            m.instance("below", &child);
        }),
        undriven("below.a")
    );
}

#[test]
fn a_second_driver_is_refused() {
    let twice = |signal: &str| {
        format!(
            "module `block`, signal `{signal}`: is driven twice; combine the two values into one expression"
        )
    };
    assert_eq!(
        error_of(|m| {
            let y = m.output("y", 1);
            m.drive(&y, zeros(1));
            m.drive(&y, ones(1));
        }),
        twice("y")
    );
    assert_eq!(
        error_of(|m| {
            let r = m.register("r", 1, Reset::To(0));
            m.next(&r, zeros(1));
            m.next(&r, ones(1));
        }),
        twice("r")
    );
    assert_eq!(
        error_of(|m| {
            let r = m.register("r", 1, Reset::To(0));
            m.next(&r, zeros(1));
            m.drive(&r, ones(1));
        }),
        twice("r")
    );
    assert_eq!(
        error_of(|m| {
            let (address, data) = (m.input("address", 2), m.input("data", 8));
            let memory = m.memory("store", DISTRIBUTED);
            m.write(memory, ones(1), &address, &data, None);
            m.write(memory, ones(1), &address, &data, None);
        }),
        twice("store")
    );
}

#[test]
fn combinational_loops_are_refused_with_their_path() {
    assert_eq!(
        error_of(|m| {
            let enable = m.input("enable", 1);
            let a = m.forward("a", 1);
            let b = m.wire("b", &a | &enable);
            m.drive(&a, &b & &enable);
        }),
        "module `block`, signal `a`: depends on itself: a <- b <- a; put a register into the loop"
    );
}

#[test]
fn a_loop_through_an_instance_is_refused_and_one_through_a_register_is_not() {
    let child = |registered: bool| {
        let mut m = Module::new("child", "");
        let a = m.input("a", 1);
        let y = if registered {
            m.delayed("held", Reset::To(0), !&a)
        } else {
            !&a
        };
        m.output_of("y", y);
        m.build().expect("the child is sound")
    };
    let closed = |registered: bool| {
        let mut m = Module::new("block", "");
        let below = m.instance("below", &child(registered));
        let y = m.output_from(below, "y");
        m.connect(below, "a", &y);
        m.output_of("y", y);
        m.build()
    };
    assert_eq!(
        closed(false).expect_err("the loop is found").to_string(),
        "module `block`, signal `below_y`: depends on itself: below_y <- below_y; put a register into the loop"
    );
    closed(true).expect("a register breaks the loop");
}

#[test]
fn names_must_be_plain_identifiers_and_unique() {
    assert_eq!(
        error_of(|m| {
            m.input("2fast", 1);
        }),
        "module `block`, signal `2fast`: the name is not a Verilog identifier of letters, digits and `_` that starts \
         with a letter"
    );
    assert_eq!(
        error_of(|m| {
            m.input("reg", 1);
        }),
        "module `block`, signal `reg`: the name is a Verilog keyword"
    );
    let twice = "module `block`, signal `a_b`: the name is used twice in the module";
    assert_eq!(
        error_of(|m| {
            m.input("a_b", 1);
            m.input("a_b", 1);
        }),
        twice
    );
    assert_eq!(
        error_of(|m| {
            let mut child = Module::new("child", "");
            let b = child.input("b", 1);
            child.output_of("y", b);
            let a_b = m.input("a_b", 1);
            let child = child.build().expect("the child is sound");
            let instance = m.instance("a", &child);
            m.connect(instance, "b", !a_b);
        }),
        twice
    );
    assert_eq!(
        error_of(|m| {
            let mut child = Module::new("child", "");
            let b = child.input("window", 1);
            child.output_of("y", b);
            let input = m.input("a", 1);
            let child = child.build().expect("the child is sound");
            let instance = m.instance("window", &child);
            m.connect(instance, "window", input);
        }),
        "module `block`, signal `window`: the instance has the name of a signal inside it, which tools would confuse"
    );
}

#[test]
fn foreign_signals_and_wrong_ports_are_refused() {
    let mut other = Module::new("other", "");
    let stranger = other.input("stranger", 1);
    assert_eq!(
        error_of(|m| m.output_of("y", &stranger)),
        "module `block`, signal `y`: uses `stranger`, a signal of another module; pass it through a port"
    );
    other.output_of("y", stranger);
    let other = other.build().expect("the module is sound");
    let no_port = |port: &str| {
        format!("module `block`, signal `below.{port}`: the instance has no such port")
    };
    assert_eq!(
        error_of(|m| {
            let below = m.instance("below", &other);
            m.connect(below, "y", zeros(1));
        }),
        no_port("y")
    );
    assert_eq!(
        error_of(|m| {
            let below = m.instance("below", &other);
            m.output_from(below, "stranger");
        }),
        no_port("stranger")
    );
}

#[test]
fn memories_without_sense_are_refused() {
    assert_eq!(
        error_of(|m| {
            m.memory(
                "store",
                MemorySpec {
                    lane_bits: 3,
                    ..DISTRIBUTED
                },
            );
        }),
        "module `block`, signal `store`: a memory of 4 words of 8 bits in lanes of 3: all must be at least 1, and the \
         lanes must divide the word"
    );
    assert_eq!(
        error_of(|m| {
            let memory = m.memory(
                "store",
                MemorySpec {
                    style: MemoryStyle::Block,
                    ..DISTRIBUTED
                },
            );
            m.read(memory, "word", &lit(2, 0));
        }),
        "module `block`, signal `word`: block RAM and UltraRAM are read with a clock: use `read_clocked`, or another style"
    );
    assert_eq!(
        error_of(|m| {
            let memory = m.memory(
                "store",
                MemorySpec {
                    lane_bits: 4,
                    ..DISTRIBUTED
                },
            );
            let (address, data) = (m.input("address", 2), m.input("data", 8));
            m.write(memory, ones(1), &address, &data, Some(ones(3)));
        }),
        "module `block`, signal `store`: has 2 bits but is driven by 3"
    );
}

#[test]
fn what_cannot_be_driven_is_refused() {
    assert_eq!(
        error_of(|m| {
            let a = m.input("a", 8);
            m.drive(&a.slice(0, 4), zeros(4));
        }),
        "module `block`, signal `a[3:0]`: cannot be driven: only output ports and forward-declared wires can"
    );
    assert_eq!(
        error_of(|m| {
            let a = m.input("a", 8);
            m.next(&a, zeros(8));
        }),
        "module `block`, signal `a`: is not a register of this module"
    );
}

/// A register of each clock.
fn one_of_each(m: &mut Module) -> (Expr, Expr) {
    let here = m.input("here", 1);
    let here = m.delayed("kept_here", Reset::To(0), here);
    m.place_in(ClockDomain::Registers);
    let there = m.input("there", 1);
    let there = m.delayed("kept_there", Reset::To(0), there);
    m.place_in(ClockDomain::Datapath);
    (here, there)
}

const TAKE_ACROSS: &str = "take it across with `synchronised` or `bundled`";

#[test]
fn state_that_reads_another_clock_is_refused() {
    assert_eq!(
        error_of(|m| {
            let (_, there) = one_of_each(m);
            let inverse = m.wire("inverse", !there);
            m.delayed("late", Reset::To(0), inverse);
        }),
        format!(
            "module `block`, signal `late`: belongs to clock axis_aclk but reads `kept_there` of clock s_axi_aclk; {TAKE_ACROSS}"
        )
    );
    assert_eq!(
        error_of(|m| {
            let (here, there) = one_of_each(m);
            m.place_in(ClockDomain::Registers);
            m.captured("late", here, there);
        }),
        format!(
            "module `block`, signal `late`: belongs to clock s_axi_aclk but reads `kept_here` of clock axis_aclk; {TAKE_ACROSS}"
        )
    );
    assert_eq!(
        error_of(|m| {
            let (here, there) = one_of_each(m);
            m.bundled("late", &there, &here);
        }),
        format!(
            "module `block`, signal `late`: belongs to clock axis_aclk but reads `kept_there` of clock s_axi_aclk; {TAKE_ACROSS}"
        )
    );
    assert_eq!(
        error_of(|m| {
            let (here, there) = one_of_each(m);
            let memory = m.memory("store", DISTRIBUTED);
            m.write(memory, here, &there, &zeros(8), None);
        }),
        "module `block`, signal `store`: reads `kept_here` of clock axis_aclk and `kept_there` of clock s_axi_aclk; \
         take one across with `synchronised` or `bundled`"
    );
}

#[test]
fn wires_and_ports_that_mix_clocks_are_refused() {
    assert_eq!(
        error_of(|m| {
            let (here, there) = one_of_each(m);
            m.output_of("both", here & there);
        }),
        "module `block`, signal `both`: reads `kept_here` of clock axis_aclk and `kept_there` of clock s_axi_aclk; \
         take one across with `synchronised` or `bundled`"
    );
    assert_eq!(
        error_of(|m| {
            let (_, there) = one_of_each(m);
            let mut inner = Module::new("inner", "");
            let a = inner.input("a", 1);
            inner.output_of("y", !a);
            let inner = m.instance("within_it", &inner.build().expect("it is sound"));
            m.connect(inner, "a", there);
        }),
        format!(
            "module `block`, signal `within_it.a`: belongs to clock axis_aclk but reads `kept_there` of clock s_axi_aclk; {TAKE_ACROSS}"
        )
    );
}

#[test]
fn a_synchroniser_takes_one_register_of_one_bit() {
    let refused = |value: fn(&mut Module, Expr) -> Expr| {
        error_of(|m| {
            let (_, there) = one_of_each(m);
            let value = value(m, there);
            m.synchronised("late", Reset::To(0), &value);
        })
    };
    let text = "module `block`, signal `late_meta`: is a synchroniser, which takes a register of 1 bit, but gets";
    assert_eq!(
        refused(|m, there| m.wire("inverse", !there)),
        format!("{text} `inverse`")
    );
    assert_eq!(
        refused(|m, _| m.captured("word", ones(1), ones(2))),
        format!("{text} `word`")
    );
    assert_eq!(refused(|m, _| m.input("port", 1)), format!("{text} `port`"));
}

#[test]
fn what_crosses_as_it_should_is_built() {
    let mut m = Module::new("block", "");
    let (here, there) = one_of_each(&mut m);
    let flag = m.synchronised("flag", Reset::To(0), &there);
    let word = m.bundled("word", &flag, &concat([there.clone(), !&there]));
    m.output_of("y", word.any() & here);
    m.output_of("z", there);
    let design = m.build().expect("nothing crosses unmarked");
    let domains: Vec<_> = design.domains().collect();
    assert_eq!(domains, ClockDomain::ALL);
}
