//! Designs of random registers, memories, selections and arithmetic, of all widths.

use std::sync::Arc;

use rand::{Rng, RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;
use seqnic_hdl::rtl::{
    Bits, Design, Expr, MemorySpec, MemoryStyle, Module, Reset, concat, constant, lit,
};

/// Widths around those at which Verilator and we change how a value is kept.
pub const WIDTHS: [usize; 18] = [
    1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 96, 127, 129, 300,
];

/// A design that holds a register and a port of every width.
pub fn ports() -> Arc<Design> {
    let mut m = Module::new("ports", "Ports of all widths.");
    for width in WIDTHS {
        let input = m.input(&format!("i{width}"), width);
        let kept = m.register(&format!("kept{width}"), width, Reset::To(1));
        m.next(&kept, &input ^ &kept);
        m.output_of(&format!("through{width}"), !&input);
        m.output_of(&format!("kept_now{width}"), &kept);
    }
    m.build().unwrap_or_else(|error| panic!("{error}"))
}

/// A design without state.
pub fn combinational() -> Arc<Design> {
    let mut m = Module::new("combinational", "An adder.");
    let (a, b) = (m.input("a", 100), m.input("b", 100));
    m.output_of("sum", a + b);
    m.build().unwrap_or_else(|error| panic!("{error}"))
}

/// A memory that is written under a mask and read at once and a clock later, in which all is defined that was written.
pub fn memory(style: MemoryStyle, depth_words: usize, lane_bits: usize) -> Arc<Design> {
    let mut m = Module::new("memory", "A memory.");
    let width_bits = 3 * lane_bits;
    let spec = MemorySpec {
        style,
        depth_words,
        width_bits,
        lane_bits,
    };
    let store = m.memory("store", spec);
    let address_bits = (usize::BITS - (depth_words - 1).leading_zeros()).max(1) as usize;
    let (enable, mask) = (m.input("enable", 1), m.input("mask", 3));
    let data = m.input("data", width_bits);
    let (write_to, read_from) = (
        m.input("write_to", address_bits),
        m.input("read_from", address_bits),
    );
    m.write(store, &enable, &write_to, &data, Some(mask));
    let clocked = m.read_clocked(store, "clocked", &enable, &read_from);
    m.output_of("clocked_now", clocked);
    if !style.is_clocked() {
        let at_once = m.read(store, "at_once", &read_from);
        m.output_of("at_once_now", at_once);
    }
    m.build().unwrap_or_else(|error| panic!("{error}"))
}

/// A design of random expressions over inputs and registers. All of its state is defined by reset.
pub fn random(seed: u64) -> Arc<Design> {
    let mut m = Module::new(format!("random_{seed}"), "Random expressions.");
    let mut rng = Pcg64Mcg::seed_from_u64(seed);
    let mut pool: Vec<Expr> = Vec::new();
    for i in 0..4 {
        pool.push(m.input(&format!("i{i}"), width(&mut rng)));
    }
    let registers: Vec<Expr> = (0..6)
        .map(|i| m.register(&format!("r{i}"), width(&mut rng), Reset::To(i)))
        .collect();
    pool.extend(registers.iter().cloned());
    for i in 0..40 {
        let value = expression(&mut rng, &pool);
        pool.push(m.wire(&format!("w{i}"), value));
    }
    for (i, register) in registers.iter().enumerate() {
        let value = fitted(&mut rng, &pool, register.width());
        let enable = pick(&mut rng, &pool).any();
        match i % 2 {
            0 => m.next(register, value),
            _ => m.next_when(register, enable, value),
        }
    }
    for i in 0..8 {
        let value = pick(&mut rng, &pool);
        m.output_of(&format!("o{i}"), value);
    }
    m.build().unwrap_or_else(|error| panic!("{error}"))
}

fn width(rng: &mut Pcg64Mcg) -> usize {
    WIDTHS[rng.random_range(0..WIDTHS.len())]
}

fn pick(rng: &mut Pcg64Mcg, pool: &[Expr]) -> Expr {
    pool[rng.random_range(0..pool.len())].clone()
}

/// Something of this width.
fn fitted(rng: &mut Pcg64Mcg, pool: &[Expr], width: usize) -> Expr {
    let value = pick(rng, pool);
    match value.width() {
        wider if wider > width => value.slice(rng.random_range(0..=wider - width), width),
        same if same == width => value,
        narrow if rng.random() => concat([value, random_constant(rng, width - narrow)]),
        narrow => concat([random_constant(rng, width - narrow), value]),
    }
}

fn random_constant(rng: &mut Pcg64Mcg, width: usize) -> Expr {
    match width {
        ..=64 => lit(width, rng.next_u64() >> (64 - width)),
        _ => constant(Bits::new(width, rng.next_u64())),
    }
}

fn expression(rng: &mut Pcg64Mcg, pool: &[Expr]) -> Expr {
    let a = pick(rng, pool);
    let b = fitted(rng, pool, a.width());
    match rng.random_range(0..16) {
        0 => &a & &b,
        1 => &a | &b,
        2 => &a ^ &b,
        3 => &a + &b,
        4 => &a - &b,
        5 => !&a,
        6 => a.equals(&b),
        7 => a.differs(&b),
        8 => a.less_than(&b),
        9 => a.at_least(&b),
        10 => a.all(),
        11 => a.parity(),
        12 => a.any().mux(&a, &b),
        13 if a.width() < 400 => concat([a, b]),
        14 => a.slice(a.width() / 3, a.width().div_ceil(2)),
        _ => a.less_than(&b).mux(&a, &b),
    }
}
