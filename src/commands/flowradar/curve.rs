//! The share of flows that is decoded, against cells per flow.

use plotters::prelude::*;
use rayon::prelude::*;
use seqnic_sim::host::collector::decoded_share;
use seqnic_spec::{Config, RawConfig, RawFlowRadar};
use serde::Serialize;

use crate::error::Error;

/// Sub-tables that are compared.
pub const TABLES: [u64; 3] = [2, 3, 4];
/// Cells of all sub-tables together, near enough.
const CELLS: u64 = 12_000;
/// Encoders, with hash functions of their own, whose average is shown.
const TRIALS: u64 = 20;
/// Cells per flow: from, to, step.
const RANGE: (f64, f64, f64) = (1.0, 2.6, 0.02);

/// The curve of a number of sub-tables.
#[derive(Debug, Serialize)]
pub struct Curve {
    pub tables: u64,
    /// Cells per flow, and the share that is decoded.
    pub points: Vec<(f64, f64)>,
}

/// Simulates the curves on all processors.
pub fn curves(hash: &str, done: impl Fn() + Sync) -> Result<Vec<Curve>, Error> {
    let steps = ((RANGE.1 - RANGE.0) / RANGE.2).round() as u64;
    let curve = |&tables: &u64| {
        let point = |step: u64| {
            let cells_per_flow = RANGE.0 + RANGE.2 * step as f64;
            let shares = (0..TRIALS).map(|seed| share(tables, cells_per_flow, seed, hash));
            let sum: f64 = shares.sum::<Result<f64, Error>>()?;
            done();
            Ok((cells_per_flow, sum / TRIALS as f64))
        };
        let points = (0..=steps)
            .into_par_iter()
            .map(point)
            .collect::<Result<_, Error>>()?;
        Ok(Curve { tables, points })
    };
    TABLES.par_iter().map(curve).collect()
}

/// The steps that [`curves`] reports.
pub fn steps() -> u64 {
    TABLES.len() as u64 * (((RANGE.1 - RANGE.0) / RANGE.2).round() as u64 + 1)
}

fn share(tables: u64, cells_per_flow: f64, seed: u64, hash: &str) -> Result<f64, Error> {
    let raw = RawFlowRadar {
        flows: Some(CELLS),
        cells_percent: Some(100),
        tables: Some(tables),
        hash: Some(hash.to_owned()),
        seed: Some(seed),
        ..RawFlowRadar::default()
    };
    let config = Config::try_from(RawConfig {
        flowradar: Some(raw),
        ..RawConfig::default()
    })?;
    let geometry = *config.flowradar().expect("the table stands").geometry();
    let flows = (geometry.total_cells() as f64 / cells_per_flow) as u64;
    Ok(decoded_share(&geometry, flows, seed))
}

/// The curves as SVG; an error is one of the drawing library.
pub fn svg(curves: &[Curve]) -> Result<String, Error> {
    let mut svg = String::new();
    draw(&mut svg, curves).map_err(|error| Error::new(error.to_string()))?;
    Ok(svg)
}

const COLORS: [RGBColor; 3] = [
    RGBColor(0xc2, 0x41, 0x0c),
    RGBColor(0x0b, 0x5c, 0xad),
    RGBColor(0x52, 0x52, 0x52),
];

fn draw(svg: &mut String, curves: &[Curve]) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::with_string(svg, (720, 420)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption("Single decode", ("sans-serif", 20))
        .margin(14)
        .x_label_area_size(44)
        .y_label_area_size(68)
        .build_cartesian_2d(RANGE.0..RANGE.1, 0.0..1.04)?;
    chart
        .configure_mesh()
        .x_desc("cells per flow")
        .y_desc("share of flows decoded")
        .x_label_formatter(&|value| format!("{value:.1}"))
        .y_label_formatter(&|value| format!("{value:.1}"))
        .label_style(("sans-serif", 14))
        .axis_desc_style(("sans-serif", 15))
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.12))
        .draw()?;
    for (curve, color) in curves.iter().zip(COLORS) {
        chart
            .draw_series(LineSeries::new(
                curve.points.iter().copied(),
                color.stroke_width(2),
            ))?
            .label(format!("{} sub-tables", curve.tables))
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 22, y)], color.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .label_font(("sans-serif", 14))
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.3))
        .draw()?;
    area.present()?;
    Ok(())
}
