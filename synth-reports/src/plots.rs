//! LUTs and flip-flops against rows, as SVG.

use std::fmt::Display;

use crate::chart::{self, BLUE, Chart, GREY, Mark, ORANGE, Series};
use crate::entry::Entry;
use crate::paper;

/// What is plotted against rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// LUTs: physical ones of ours and of the baseline.
    Luts,
    /// Flip-flops.
    FlipFlops,
}

impl Quantity {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Luts, Self::FlipFlops];

    /// What it is called on the plot.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Luts => "LUTs",
            Self::FlipFlops => "flip-flops",
        }
    }

    /// What it is called in the name of a file.
    pub const fn file_stem(self) -> &'static str {
        match self {
            Self::Luts => "luts",
            Self::FlipFlops => "flip-flops",
        }
    }

    fn ours(self, entry: &Entry) -> u64 {
        match self {
            Self::Luts => entry.resources.lut_physical,
            Self::FlipFlops => entry.resources.ff,
        }
    }

    fn baseline(self, entry: &Entry) -> Option<u64> {
        match self {
            Self::Luts => entry.baseline_lut_physical,
            Self::FlipFlops => entry.baseline_ff,
        }
    }

    fn papers(self, line: paper::Table2) -> u64 {
        match self {
            Self::Luts => line.lut,
            Self::FlipFlops => line.ff,
        }
    }
}

const SIZE: (u32, u32) = (720, 420);

/// The plot of the entries of one width of the bus; an error is one of the drawing library.
pub fn plot(entries: &[Entry], data_bits: usize, quantity: Quantity) -> Result<String, String> {
    let of_width = || {
        entries
            .iter()
            .filter(|entry| entry.data_bits == Some(data_bits))
    };
    let point = |rows: Option<usize>, count: Option<u64>| Some((rows? as f64, count? as f64));
    let ours = of_width().filter_map(|entry| point(entry.rows, Some(quantity.ours(entry))));
    let baseline = of_width().filter_map(|entry| point(entry.rows, quantity.baseline(entry)));
    let papers = paper::TABLE2
        .iter()
        .filter(|_| data_bits == paper::DATA_BITS);
    let papers = papers.map(|&line| (line.rows as f64, quantity.papers(line) as f64));
    let series = [
        ("seqnic", BLUE, ours.collect()),
        ("baseline, same tool", ORANGE, baseline.collect()),
        ("Table 2 of the paper, Vivado", GREY, papers.collect()),
    ];
    let series = series.map(|(name, color, mut points): (_, _, Vec<(f64, f64)>)| {
        points.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        Series {
            name: name.to_owned(),
            color,
            mark: Mark::DottedLine,
            points,
        }
    });
    let chart = Chart {
        title: format!("{} against rows, {data_bits}-bit bus", quantity.title()),
        x: "rows".to_owned(),
        y: quantity.title().to_owned(),
        series: series.into(),
    };
    chart::svg(&[chart], 1, SIZE)
}

/// The widths that entries have, each once, the smallest first.
pub fn widths(entries: &[Entry]) -> Vec<usize> {
    let mut widths: Vec<usize> = entries.iter().filter_map(|entry| entry.data_bits).collect();
    widths.sort_unstable();
    widths.dedup();
    widths
}

/// The name of the file of a plot.
pub fn file_name(data_bits: impl Display, quantity: Quantity) -> String {
    format!("{}-{data_bits}.svg", quantity.file_stem())
}
