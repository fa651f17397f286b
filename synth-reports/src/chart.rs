//! Charts with lines, as SVG.

use plotters::coord::Shift;
use plotters::prelude::*;
pub use plotters::style::RGBColor;

/// What is looked at.
pub const BLUE: RGBColor = RGBColor(0x0b, 0x5c, 0xad);
/// What it is compared with.
pub const ORANGE: RGBColor = RGBColor(0xc2, 0x41, 0x0c);
/// What others say.
pub const GREY: RGBColor = RGBColor(0x52, 0x52, 0x52);
/// More to compare with.
pub const GREEN: RGBColor = RGBColor(0x15, 0x80, 0x3d);
/// The same.
pub const PURPLE: RGBColor = RGBColor(0x7e, 0x22, 0xce);
/// The same.
pub const RED: RGBColor = RGBColor(0xb9, 0x1c, 0x1c);

/// How points are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A line with a dot at each point.
    DottedLine,
    /// A line.
    Line,
    /// Rings, to be seen around dots.
    Rings,
}

/// Some points with a name.
#[derive(Clone, Debug)]
pub struct Series {
    /// What the legend calls them; one without a name is not in it.
    pub name: String,
    /// Their color.
    pub color: RGBColor,
    /// How they are drawn.
    pub mark: Mark,
    /// The points, from left to right.
    pub points: Vec<(f64, f64)>,
}

/// A chart whose axes start at 0.
#[derive(Clone, Debug)]
pub struct Chart {
    /// What is above it.
    pub title: String,
    /// What stands along the axis from left to right.
    pub x: String,
    /// What stands along the axis from bottom to top.
    pub y: String,
    /// What is drawn, the first below the others.
    pub series: Vec<Series>,
}

/// Charts of the same size, in so many columns; an error is one of the drawing library.
pub fn svg(charts: &[Chart], columns: usize, size: (u32, u32)) -> Result<String, String> {
    let rows = charts.len().div_ceil(columns);
    let whole = (size.0 * columns as u32, size.1 * rows as u32);
    let mut svg = String::new();
    let mut draw = || -> Result<(), Box<dyn std::error::Error>> {
        let area = SVGBackend::with_string(&mut svg, whole).into_drawing_area();
        area.fill(&WHITE)?;
        for (chart, part) in charts.iter().zip(area.split_evenly((rows, columns))) {
            chart.draw(&part)?;
        }
        area.present()?;
        Ok(())
    };
    let drawn = draw();
    match drawn {
        Ok(()) => Ok(svg),
        Err(error) => Err(error.to_string()),
    }
}

impl Chart {
    fn draw(
        &self,
        area: &DrawingArea<SVGBackend<'_>, Shift>,
    ) -> Result<(), Box<dyn std::error::Error>> {
        let points = || self.series.iter().flat_map(|series| &series.points);
        let most_x = points().map(|(x, _)| *x).fold(1.0, f64::max);
        let most_y = points().map(|(_, y)| *y).fold(1.0, f64::max);
        // Room for a long legend above what is drawn.
        let named = self.series.iter().filter(|series| !series.name.is_empty());
        let headroom = 1.08 + 0.07 * named.count().saturating_sub(3) as f64;
        let mut chart = ChartBuilder::on(area)
            .caption(&self.title, ("sans-serif", 20))
            .margin(14)
            .x_label_area_size(44)
            .y_label_area_size(68)
            .build_cartesian_2d(0.0..1.04 * most_x, 0.0..headroom * most_y)?;
        let whole = |value: &f64| format!("{value:.0}");
        chart
            .configure_mesh()
            .x_desc(&self.x)
            .y_desc(&self.y)
            .x_label_formatter(&whole)
            .y_label_formatter(&whole)
            .label_style(("sans-serif", 14))
            .axis_desc_style(("sans-serif", 15))
            .light_line_style(TRANSPARENT)
            .bold_line_style(BLACK.mix(0.12))
            .draw()?;
        for series in self
            .series
            .iter()
            .filter(|series| !series.points.is_empty())
        {
            let color = series.color;
            let points = || series.points.iter().copied();
            if series.mark == Mark::Rings {
                let ring = move |point| Circle::new(point, 6, color.stroke_width(2));
                let drawn = chart.draw_series(points().map(ring))?;
                if !series.name.is_empty() {
                    drawn
                        .label(&series.name)
                        .legend(move |(x, y)| Circle::new((x + 11, y), 6, color.stroke_width(2)));
                }
                continue;
            }
            let line = LineSeries::new(points(), color.stroke_width(2));
            let drawn = chart.draw_series(line)?;
            if !series.name.is_empty() {
                drawn.label(&series.name).legend(move |(x, y)| {
                    PathElement::new([(x, y), (x + 22, y)], color.stroke_width(2))
                });
            }
            if series.mark == Mark::DottedLine {
                let dot = |point| Circle::new(point, 4, color.filled());
                chart.draw_series(points().map(dot))?;
            }
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .label_font(("sans-serif", 14))
            .background_style(WHITE.mix(0.85))
            .border_style(BLACK.mix(0.3))
            .draw()?;
        Ok(())
    }
}
