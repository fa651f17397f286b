//! AXI4-Stream ports and the signals behind them.
//!
//! Byte 0 of a frame is `tdata[7:0]`. `tkeep` is all ones but on the last beat, where it is contiguous from
//! bit 0 and not zero. `tuser` means something on the first beat of a frame.

use crate::rtl::{Expr, Instance, Module, any_of, concat};

/// Widths of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Bits of `tdata`.
    pub data_bits: usize,
    /// Bits of `tuser`; 0: no such port.
    pub user_bits: usize,
    /// Bits of `tdest`; 0: no such port.
    pub dest_bits: usize,
}

/// What a beat carries, without the handshake.
#[derive(Clone, Debug)]
pub struct Beat {
    /// `tdata`.
    pub data: Expr,
    /// `tkeep`, one bit a byte.
    pub keep: Expr,
    /// `tlast`.
    pub last: Expr,
    /// `tuser`, if the stream has it.
    pub user: Option<Expr>,
    /// `tdest`, if the stream has it.
    pub dest: Option<Expr>,
}

impl Shape {
    /// Bits of a packed beat.
    pub fn packed_bits(self) -> usize {
        self.data_bits + self.data_bits / 8 + 1 + self.user_bits + self.dest_bits
    }

    /// The fields of a packed beat; `packed` is a signal.
    pub fn unpack(self, packed: &Expr) -> Beat {
        let mut lo = 0;
        let mut take = |bits: usize| {
            lo += bits;
            packed.slice(lo - bits, bits)
        };
        Beat {
            data: take(self.data_bits),
            keep: take(self.data_bits / 8),
            last: take(1),
            user: (self.user_bits > 0).then(|| take(self.user_bits)),
            dest: (self.dest_bits > 0).then(|| take(self.dest_bits)),
        }
    }
}

impl Beat {
    /// All fields side by side, as [`Shape::unpack`] takes them apart.
    pub fn pack(&self) -> Expr {
        let side = self.user.iter().chain(&self.dest);
        concat(
            [&self.data, &self.keep, &self.last]
                .into_iter()
                .chain(side)
                .cloned(),
        )
    }
}

/// A stream that comes into a module.
#[derive(Clone, Debug)]
pub struct SlavePort {
    /// The beat on the port.
    pub beat: Beat,
    /// `tvalid`.
    pub valid: Expr,
    /// `tready`, to be driven.
    pub ready: Expr,
}

impl SlavePort {
    /// Declares the ports `<prefix>_tdata` and so on.
    pub fn declare(m: &mut Module, prefix: &str, shape: Shape) -> Self {
        let mut port = |name: &str, bits: usize| m.input(&format!("{prefix}_{name}"), bits);
        let data = port("tdata", shape.data_bits);
        let keep = port("tkeep", shape.data_bits / 8);
        let user = (shape.user_bits > 0).then(|| port("tuser", shape.user_bits));
        let dest = (shape.dest_bits > 0).then(|| port("tdest", shape.dest_bits));
        let (valid, last) = (port("tvalid", 1), port("tlast", 1));
        let ready = m.output(&format!("{prefix}_tready"), 1);
        Self {
            beat: Beat {
                data,
                keep,
                last,
                user,
                dest,
            },
            valid,
            ready,
        }
    }
}

/// Declares a stream that leaves a module, drives it, and gives its `tready`.
pub fn master_port(m: &mut Module, prefix: &str, beat: &Beat, valid: &Expr) -> Expr {
    let ready = m.input(&format!("{prefix}_tready"), 1);
    drive_master_port(m, prefix, beat, valid);
    ready
}

/// Declares and drives a stream that leaves a module, whose `tready` is declared already.
pub fn drive_master_port(m: &mut Module, prefix: &str, beat: &Beat, valid: &Expr) {
    let mut port = |name: &str, value: &Expr| m.output_of(&format!("{prefix}_{name}"), value);
    port("tdata", &beat.data);
    port("tkeep", &beat.keep);
    beat.user.iter().for_each(|user| port("tuser", user));
    beat.dest.iter().for_each(|dest| port("tdest", dest));
    port("tvalid", valid);
    port("tlast", &beat.last);
}

/// Connects a stream to the input ports `<prefix>_*` of an instance, and gives its `tready`.
pub fn connect_slave(
    m: &mut Module,
    instance: Instance,
    prefix: &str,
    beat: &Beat,
    valid: &Expr,
) -> Expr {
    let mut port =
        |name: &str, value: &Expr| m.connect(instance, &format!("{prefix}_{name}"), value);
    port("tdata", &beat.data);
    port("tkeep", &beat.keep);
    beat.user.iter().for_each(|user| port("tuser", user));
    beat.dest.iter().for_each(|dest| port("tdest", dest));
    port("tvalid", valid);
    port("tlast", &beat.last);
    m.output_from(instance, &format!("{prefix}_tready"))
}

/// The beat and the `tvalid` on the output ports `<prefix>_*` of an instance.
pub fn master_of(m: &mut Module, instance: Instance, prefix: &str, shape: Shape) -> (Beat, Expr) {
    let mut port = |name: &str| m.output_from(instance, &format!("{prefix}_{name}"));
    let beat = Beat {
        data: port("tdata"),
        keep: port("tkeep"),
        last: port("tlast"),
        user: (shape.user_bits > 0).then(|| port("tuser")),
        dest: (shape.dest_bits > 0).then(|| port("tdest")),
    };
    (beat, port("tvalid"))
}

/// The number of bytes in a beat, from a `tkeep` that is contiguous from bit 0 and not zero: a binary search for its top.
pub fn kept_bytes(m: &mut Module, keep: &Expr) -> Expr {
    let mut rest = keep.clone();
    let mut digits = Vec::new();
    while rest.width() > 1 {
        let half = rest.width() / 2;
        let upper = rest.bit(half);
        let halves = upper.mux(&rest.slice(half, half), &rest.slice(0, half));
        rest = m.wire(&format!("kept_of_{half}"), halves);
        digits.push(upper);
    }
    let top = concat(digits.into_iter().rev());
    top.zero_extend(top.width() + 1).plus(1)
}

/// The number of the last byte of a beat, from a `tkeep` that is contiguous from bit 0 and not zero. Each bit of it is
/// told by where `tkeep` ends, in the fewest levels.
pub fn top_byte(keep: &Expr) -> Expr {
    let bytes = keep.width();
    concat((0..bytes.ilog2()).map(|digit| {
        let unit = 1 << digit;
        any_of(
            (unit..bytes)
                .step_by(2 * unit)
                .map(|from| match from + unit {
                    to if to < bytes => keep.bit(from) & !keep.bit(to),
                    _ => keep.bit(from),
                }),
        )
    }))
}
