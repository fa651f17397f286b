//! Designs that pass frames through, right or wrong, to test the testbench itself.

use std::sync::Arc;

use seqnic_hdl::rtl::{Design, Expr, Module, Reset, concat, lit, when, zeros};
use seqnic_testbench::axis::SentFrame;
use seqnic_testbench::{Difference, Expected, Oracle, ReportFault, ReportFrame};

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

/// What is wrong with the reports of a toy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportBug {
    Nothing,
    Corrupts,
    Loses,
    Invents,
    DropsValid,
    ChangesDataWhileStalled,
    LeavesOutLast,
    ComesTooEarly,
}

/// Passes frames through, and reports the number of each in a frame of two beats: 16 bytes of 0xa5, then the number and 4
/// bytes of 0x5a. Input waits while a report does. A bug shows in report 7.
pub fn reporter(bug: ReportBug) -> Arc<Design> {
    let mut m = Module::new("reporter", "Passes frames through and reports them.");
    let s = ports(&mut m);
    let report_ready = m.input("m_axis_report_tready", 1);
    let is = |wanted| lit(1, u64::from(bug == wanted));

    let tick = m.register("tick", 3, Reset::To(0));
    m.next(&tick, tick.plus(1));
    let number = m.register("number", 8, Reset::To(0));
    let valid = m.register("report_valid", 1, Reset::To(0));
    let second = m.register("report_second", 1, Reset::To(0));
    let free = m.wire("report_free", !&valid);
    let pass = m.wire("pass", &s.valid & &s.ready & &free);
    let ends = m.wire("ends", &pass & &s.last);
    m.next_when(&number, &ends, number.plus(1));

    let of_7 = m.wire("of_7", number.is(8));
    let shown = m.wire(
        "report_shown",
        &valid & !(is(ReportBug::DropsValid) & &of_7 & tick.is(7)),
    );
    let last = m.wire(
        "report_last",
        &second & !(is(ReportBug::LeavesOutLast) & &of_7),
    );
    let sent = m.wire("report_sent", &shown & &report_ready);
    let begins = (&ends & !(is(ReportBug::Loses) & number.is(7)))
        | (is(ReportBug::Invents) & number.is(8) & tick.is(3) & &free & !&ends)
        | (is(ReportBug::ComesTooEarly) & number.is(0) & tick.is(0) & &free & !&ends);
    m.next(&valid, &begins | (&valid & !(&sent & &second)));
    m.next_when(&second, &sent, !&second);
    let stalled = m.delayed("report_stalled", Reset::To(0), &shown & !&report_ready);

    let text = m.wire("text", number.minus(1));
    let wrong = (is(ReportBug::Corrupts) & &of_7 & &second)
        | (is(ReportBug::ChangesDataWhileStalled) & &of_7 & &stalled);
    let head = lit(64, 0xa5a5_a5a5_a5a5_a5a5).repeat(2);
    let tail = concat([text, lit(32, 0x5a5a_5a5a), zeros(88)]);
    m.output_of(
        "m_axis_report_tdata",
        second.mux(&tail, &head) ^ concat([lit(4, 8).gated_by(&wrong), zeros(124)]),
    );
    m.output_of(
        "m_axis_report_tkeep",
        last.mux(&lit(16, 0x1f), &lit(16, 0xffff)),
    );
    m.output_of("m_axis_report_tvalid", &shown);
    m.output_of("m_axis_report_tlast", &last);

    m.output_of("s_axis_tready", &s.ready & &free);
    m.output_of("m_axis_tdata", &s.data);
    m.output_of("m_axis_tkeep", &s.keep);
    let first = m.register("first", 1, Reset::To(1));
    m.next_when(&first, &pass, &s.last);
    let user = m.captured("user", &first & &pass, &s.user);
    m.output_of("m_axis_tuser", first.mux(&s.user, &user));
    // A frame that began must go on when the report of the one before it is waited for.
    m.output_of("m_axis_tvalid", &s.valid & &free);
    m.output_of("m_axis_tlast", &s.last);
    m.build().unwrap_or_else(|error| panic!("{error}"))
}

/// Expects every frame as it was sent, and the reports of [`reporter`].
#[derive(Default)]
pub struct Reported {
    due: u64,
    frames: u64,
}

impl Oracle for Reported {
    fn expect(&mut self, frame: &SentFrame, _time: u64, out: &mut Expected) -> bool {
        out.bytes.extend_from_slice(&frame.packet.data);
        self.frames += 1;
        self.due += 1;
        true
    }

    fn report(&mut self, report: &ReportFrame<'_>) -> Result<(), ReportFault> {
        assert!(report.frames_in <= self.frames, "{report:?}");
        let Some(due) = self.due.checked_sub(1) else {
            return Err(ReportFault::NotDue);
        };
        self.due = due;
        let mut expected = vec![0xa5; 16];
        expected.extend([report.number as u8, 0x5a, 0x5a, 0x5a, 0x5a]);
        match report.bytes == expected {
            true => Ok(()),
            false => Err(ReportFault::Bytes(Difference::find(
                &expected,
                report.bytes,
                true,
            ))),
        }
    }

    fn reports_due(&mut self) -> u64 {
        self.due
    }
}
