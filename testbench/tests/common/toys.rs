//! Designs that pass frames through, right or wrong, to test the testbench itself.

use std::sync::Arc;

use seqnic_hdl::rtl::{Design, Expr, Module, Reset, lit, when, zeros};
use seqnic_testbench::axis::SentFrame;
use seqnic_testbench::{Expected, Oracle};

/// The width of the toys' bus.
pub const DATA_BITS: usize = 64;

/// The width of the toys' `tuser`.
pub const TUSER_BITS: usize = 20;

/// The configuration whose ports the toys have.
pub const TOML: &str = r#"
    bus = { data_bits = 64, tuser_bits = 20 }
    history.row = "none"
    prefix.section = []
    spray = { steering = "tuser", tuser_offset_bits = 0 }
"#;

/// Expects every frame as it was sent.
pub struct PassThrough;

impl Oracle for PassThrough {
    fn expect(&mut self, frame: &SentFrame, _time: u64, out: &mut Expected) -> bool {
        out.bytes.extend_from_slice(&frame.packet.data);
        true
    }
}

/// What is wrong with a register slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    Nothing,
    DropsValid,
    ChangesDataWhileStalled,
    ChangesKeepWhileStalled,
    ChangesLastWhileStalled,
    ChangesUserWhileStalled,
    ChangesUserInTheFrame,
    WrongUser,
    HoleInKeep,
    KeepNotFullBeforeLast,
    EmptyLastBeat,
    MissingLast,
    EarlyLast,
    CorruptsByte,
    LosesBeat,
    LosesFrame,
    InventsFrame,
    StopsAccepting,
    StopsEmitting,
}

/// The ports of a toy.
struct Ports {
    data: Expr,
    keep: Expr,
    user: Expr,
    valid: Expr,
    last: Expr,
    ready: Expr,
}

fn ports(m: &mut Module) -> Ports {
    Ports {
        data: m.input("s_axis_tdata", DATA_BITS),
        keep: m.input("s_axis_tkeep", DATA_BITS / 8),
        user: m.input("s_axis_tuser", TUSER_BITS),
        valid: m.input("s_axis_tvalid", 1),
        last: m.input("s_axis_tlast", 1),
        ready: m.input("m_axis_tready", 1),
    }
}

/// A register slice that passes frames through, with a bug. The bug shows in beat 13 or in frame 7, counted from 0,
/// where it does not show at once.
pub fn register_slice(bug: Bug) -> Arc<Design> {
    let mut m = Module::new("register_slice", "One register between two streams.");
    let s = ports(&mut m);
    let is = |wanted| lit(1, u64::from(bug == wanted));

    // Free running, and counts of beats in and out.
    let tick = m.register("tick", 3, Reset::To(0));
    m.next(&tick, tick.plus(1));
    let beats = m.register("beats", 5, Reset::To(0));
    let frames = m.register("frames", 5, Reset::To(0));
    let first = m.register("first", 1, Reset::To(1));

    let valid = m.register("valid", 1, Reset::To(0));
    let shown = m.wire(
        "shown",
        &valid & !(is(Bug::DropsValid) & tick.is(7)) & !(is(Bug::StopsEmitting) & frames.is(7)),
    );
    let advance = m.wire("advance", !&valid | (&shown & &s.ready));
    let ready = m.wire(
        "ready",
        &advance & !(is(Bug::StopsAccepting) & beats.is(13)),
    );
    let take = m.wire("take", &ready & &s.valid);
    let give = m.wire("give", &shown & &s.ready);
    let lost = (is(Bug::LosesBeat) & beats.is(13)) | (is(Bug::LosesFrame) & frames.is(7));
    m.next_when(&valid, &advance, &take & !lost);
    m.next_when(&beats, &take, beats.plus(1));
    m.next_when(&frames, &take & &s.last, frames.plus(1));
    m.next_when(&first, &take, &s.last);

    let data = m.captured("data", &take, &s.data);
    let keep = m.captured("keep", &take, &s.keep);
    let last = m.captured("last", &take, &s.last);
    let user = m.captured(
        "user",
        &take & (&first | is(Bug::ChangesUserInTheFrame)),
        &s.user,
    );
    let stalled = m.delayed("stalled", Reset::To(0), &shown & !&s.ready);
    // The beat that shows is the one before `beats`.
    let beat_13 = m.wire("beat_13", beats.is(14));

    let wrong_data =
        (is(Bug::ChangesDataWhileStalled) & &stalled) | (is(Bug::CorruptsByte) & &beat_13);
    let wrong_keep = when(
        is(Bug::ChangesKeepWhileStalled) & &stalled,
        &keep ^ lit(8, 0x80),
    )
    .or_when(is(Bug::HoleInKeep) & &last, &keep ^ lit(8, 1))
    .or_when(
        is(Bug::KeepNotFullBeforeLast) & !&last & &beat_13,
        &keep ^ lit(8, 0x80),
    )
    .or_when(is(Bug::EmptyLastBeat) & &last, zeros(8))
    .otherwise(&keep);
    let wrong_last = (is(Bug::ChangesLastWhileStalled) & &stalled)
        | (is(Bug::MissingLast) & &last & frames.is(8))
        | (is(Bug::EarlyLast) & !&last & &beat_13);
    let wrong_user = (is(Bug::ChangesUserWhileStalled) & &stalled) | is(Bug::WrongUser);
    let invented = is(Bug::InventsFrame) & frames.is(8) & !&valid;

    m.output_of("s_axis_tready", &ready);
    m.output_of(
        "m_axis_tdata",
        &data ^ (lit(DATA_BITS, 1 << 42).gated_by(&wrong_data)),
    );
    m.output_of("m_axis_tkeep", wrong_keep);
    m.output_of(
        "m_axis_tuser",
        &user ^ lit(TUSER_BITS, 1).gated_by(&wrong_user),
    );
    m.output_of("m_axis_tvalid", &shown | invented);
    m.output_of("m_axis_tlast", &last ^ wrong_last);
    m.output_of("transferred", &give);
    m.build().unwrap_or_else(|error| panic!("{error}"))
}

/// Swaps every two neighbouring frames of one beat: keeps the first, passes the second, gives the first.
pub fn frame_swapper() -> Arc<Design> {
    let mut m = Module::new("frame_swapper", "Swaps frames of one beat.");
    let s = ports(&mut m);
    let phase = m.register("phase", 2, Reset::To(0));
    let (keeps, passes, gives) = (phase.is(0), phase.is(1), phase.is(2));
    let kept = [("tdata", &s.data), ("tkeep", &s.keep), ("tuser", &s.user)];
    for (name, input) in kept {
        let register = m.captured(&format!("kept_{name}"), &keeps & &s.valid, input);
        m.output_of(&format!("m_axis_{name}"), gives.mux(&register, input));
    }
    let valid = m.wire("valid", (&passes & &s.valid) | &gives);
    let step = (&keeps & &s.valid) | (&valid & &s.ready);
    m.next_when(&phase, step, gives.mux(&zeros(2), &phase.plus(1)));
    m.output_of("s_axis_tready", &keeps | (&passes & &s.ready));
    m.output_of("m_axis_tvalid", &valid);
    m.output_of("m_axis_tlast", lit(1, 1));
    m.build().unwrap_or_else(|error| panic!("{error}"))
}
