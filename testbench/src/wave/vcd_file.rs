//! What was recorded, as a VCD file.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use vcd::{IdCode, TimescaleUnit, Value, Writer};

use super::recorder::Recorder;
use crate::engine::{Observe, Signal};

/// The period of the clock: 250 MHz.
const PERIOD_NS: u64 = 4;

/// Writes a file beside `path` and gives it its name when it is whole.
pub(super) fn write<E: Observe>(recorder: &Recorder<E>, top: &str, path: &Path) -> io::Result<()> {
    let mut beside = OsString::from(path);
    beside.push(".part");
    let written = File::create(&beside).and_then(|file| {
        let mut file = BufWriter::new(file);
        write_vcd(recorder, top, &mut file)?;
        file.flush()
    });
    written
        .and_then(|()| fs::rename(&beside, path))
        .inspect_err(|_| {
            // Nothing was there before, so that nothing is lost if this fails too.
            let _ = fs::remove_file(&beside);
        })
}

/// Cycle `n` begins at `n` periods with a rising edge.
pub(super) fn write_vcd<E: Observe>(
    recorder: &Recorder<E>,
    top: &str,
    out: impl Write,
) -> io::Result<()> {
    let mut vcd = Writer::new(out);
    vcd.comment("seqnic")?;
    vcd.timescale(1, TimescaleUnit::NS)?;
    vcd.add_module(top)?;
    let clock = vcd.add_wire(1, seqnic_hdl::rtl::CLOCK)?;
    let ids = declare(&mut vcd, recorder.signals())?;
    vcd.upscope()?;
    vcd.enddefinitions()?;

    let mut before: &[u64] = &[];
    for (cycle, words) in recorder.cycles() {
        vcd.timestamp(cycle * PERIOD_NS)?;
        vcd.change_scalar(clock, true)?;
        let mut start = 0;
        for (signal, &id) in recorder.signals().iter().zip(&ids) {
            let place = start..start + signal.width.div_ceil(64);
            start = place.end;
            let value = &words[place.clone()];
            if before.get(place) != Some(value) {
                change(&mut vcd, id, signal.width, value)?;
            }
        }
        before = words;
        vcd.timestamp(cycle * PERIOD_NS + PERIOD_NS / 2)?;
        vcd.change_scalar(clock, false)?;
    }
    Ok(())
}

/// Declares the signals in the scopes of their instances.
fn declare(vcd: &mut Writer<impl Write>, signals: &[Signal]) -> io::Result<Vec<IdCode>> {
    let mut scope: &[Arc<str>] = &[];
    let mut ids = Vec::with_capacity(signals.len());
    for signal in signals {
        let shared = scope
            .iter()
            .zip(&signal.scope)
            .take_while(|(a, b)| a == b)
            .count();
        for _ in shared..scope.len() {
            vcd.upscope()?;
        }
        for instance in &signal.scope[shared..] {
            vcd.add_module(instance)?;
        }
        scope = &signal.scope;
        // Signals have at most some thousand bits.
        ids.push(vcd.add_wire(signal.width as u32, &signal.name)?);
    }
    for _ in scope {
        vcd.upscope()?;
    }
    Ok(ids)
}

fn change(vcd: &mut Writer<impl Write>, id: IdCode, width: usize, words: &[u64]) -> io::Result<()> {
    let bit = |position: usize| Value::from(words[position / 64] >> (position % 64) & 1 == 1);
    match width {
        1 => vcd.change_scalar(id, bit(0)),
        _ => vcd.change_vector(id, (0..width).rev().map(bit)),
    }
}
