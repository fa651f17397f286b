//! LUTs and flip-flops against rows, as SVG.

use std::fmt::Display;

use plotters::prelude::*;

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
const OURS: RGBColor = RGBColor(0x0b, 0x5c, 0xad);
const BASELINE: RGBColor = RGBColor(0xc2, 0x41, 0x0c);
const PAPER: RGBColor = RGBColor(0x52, 0x52, 0x52);

/// A line of a plot.
struct Series {
    name: &'static str,
    color: RGBColor,
    /// Rows, and how many.
    points: Vec<(f64, f64)>,
}

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
        ("seqnic", OURS, ours.collect()),
        ("baseline, same tool", BASELINE, baseline.collect()),
        (
            "Table 2 of the paper, Vivado",
            PAPER,
            papers.collect::<Vec<_>>(),
        ),
    ];
    let series = series.map(|(name, color, mut points)| {
        points.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        Series {
            name,
            color,
            points,
        }
    });
    let mut svg = String::new();
    let title = format!("{} against rows, {data_bits}-bit bus", quantity.title());
    draw(&mut svg, &title, quantity.title(), &series).map_err(|error| error.to_string())?;
    Ok(svg)
}

fn draw(
    svg: &mut String,
    title: &str,
    unit: &str,
    series: &[Series],
) -> Result<(), Box<dyn std::error::Error>> {
    let points = || series.iter().flat_map(|series| &series.points);
    let most_rows = points().map(|(rows, _)| *rows).fold(1.0, f64::max);
    let most = points().map(|(_, count)| *count).fold(1.0, f64::max);
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(title, ("sans-serif", 20))
        .margin(14)
        .x_label_area_size(44)
        .y_label_area_size(68)
        .build_cartesian_2d(0.0..1.04 * most_rows, 0.0..1.08 * most)?;
    let whole = |value: &f64| format!("{value:.0}");
    chart
        .configure_mesh()
        .x_desc("rows")
        .y_desc(unit)
        .x_label_formatter(&whole)
        .y_label_formatter(&whole)
        .label_style(("sans-serif", 14))
        .axis_desc_style(("sans-serif", 15))
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.12))
        .draw()?;
    for Series {
        name,
        color,
        points,
    } in series.iter().filter(|series| !series.points.is_empty())
    {
        let color = *color;
        chart
            .draw_series(LineSeries::new(
                points.iter().copied(),
                color.stroke_width(2),
            ))?
            .label(*name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 22, y)], color.stroke_width(2)));
        let marks = points
            .iter()
            .map(|&point| Circle::new(point, 4, color.filled()));
        chart.draw_series(marks)?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .label_font(("sans-serif", 14))
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.3))
        .draw()?;
    area.present()?;
    Ok(())
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
