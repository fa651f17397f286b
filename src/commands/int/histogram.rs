//! The latencies of each node as a drawing.

use std::collections::BTreeMap;

use plotters::prelude::*;

use crate::error::Error;

/// Nodes that are drawn; the others are left out.
const MOST_NODES: usize = 8;
const COLORS: [RGBColor; MOST_NODES] = [
    RGBColor(0xc2, 0x41, 0x0c),
    RGBColor(0x0b, 0x5c, 0xad),
    RGBColor(0x52, 0x52, 0x52),
    RGBColor(0x15, 0x80, 0x3d),
    RGBColor(0x7e, 0x22, 0xce),
    RGBColor(0xb4, 0x53, 0x09),
    RGBColor(0x0e, 0x74, 0x90),
    RGBColor(0xbe, 0x18, 0x5d),
];
/// Bars of a histogram.
const BINS: usize = 40;

/// Latencies by node, as SVG. There is at least one.
pub fn svg(latencies: &BTreeMap<u32, Vec<u64>>) -> Result<String, Error> {
    let mut svg = String::new();
    draw(&mut svg, latencies).map_err(|error| Error::new(error.to_string()))?;
    Ok(svg)
}

/// How many latencies are in each of the bins from 0 to `most`.
fn bins(latencies: &[u64], most: u64) -> Vec<u64> {
    let mut bins = vec![0; BINS];
    for &latency in latencies {
        let bin = u128::from(latency) * BINS as u128 / (u128::from(most) + 1);
        bins[bin as usize] += 1;
    }
    bins
}

fn draw(
    svg: &mut String,
    latencies: &BTreeMap<u32, Vec<u64>>,
) -> Result<(), Box<dyn std::error::Error>> {
    let shown: Vec<_> = latencies.iter().take(MOST_NODES).collect();
    let most = shown.iter().flat_map(|(_, found)| found.iter());
    let most = most.max().copied().unwrap_or(0);
    let counted: Vec<_> = shown
        .iter()
        .map(|(node, found)| (*node, bins(found, most)))
        .collect();
    let highest = counted.iter().flat_map(|(_, bins)| bins.iter());
    let highest = highest.max().copied().unwrap_or(0).max(1);
    let area = SVGBackend::with_string(svg, (720, 420)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption("Hop latency", ("sans-serif", 20))
        .margin(14)
        .x_label_area_size(44)
        .y_label_area_size(68)
        .build_cartesian_2d(0.0..most as f64 + 1.0, 0.0..highest as f64 * 1.04)?;
    chart
        .configure_mesh()
        .x_desc("latency, ns")
        .y_desc("packets")
        .label_style(("sans-serif", 14))
        .axis_desc_style(("sans-serif", 15))
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.12))
        .draw()?;
    let width = (most as f64 + 1.0) / BINS as f64;
    for ((node, bins), color) in counted.iter().zip(COLORS) {
        let steps = bins.iter().enumerate().flat_map(|(bin, &count)| {
            let start = bin as f64 * width;
            [(start, count as f64), (start + width, count as f64)]
        });
        chart
            .draw_series(LineSeries::new(steps, color.stroke_width(2)))?
            .label(format!("node {node:#x}"))
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 22, y)], color.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .label_font(("sans-serif", 14))
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.3))
        .draw()?;
    area.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_latency_is_in_one_bin_and_the_largest_in_the_last() {
        let found = bins(&[0, 1, 999, 999], 999);
        assert_eq!((found[0], found[BINS - 1]), (2, 2));
        assert_eq!(bins(&[u64::MAX, 0], u64::MAX).iter().sum::<u64>(), 2);
    }
}
