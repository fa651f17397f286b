//! The points of a study as charts and as a table.

use std::fmt::Write;

use seqnic_sim::scaling::Table4;
use seqnic_synth::chart::{
    self, BLUE, Chart, GREEN, GREY, Mark, ORANGE, PURPLE, RED, RGBColor, Series,
};

use super::study::{Origin, Point};

const SIZE: (u32, u32) = (560, 400);
/// Lines of one chart, in the order of the study.
const COLORS: [RGBColor; 9] = [
    BLUE,
    ORANGE,
    GREEN,
    PURPLE,
    RED,
    GREY,
    RGBColor(0x0e, 0x74, 0x90),
    RGBColor(0xa1, 0x62, 0x07),
    RGBColor(0xdb, 0x27, 0x77),
];

/// All points, one a line.
pub fn csv(points: &[Point]) -> String {
    let mut text = String::from("figure,program,trace,technique,origin,cores,mpps\n");
    for point in points {
        let Point {
            figure,
            program,
            trace,
            technique,
            origin,
            cores,
            mpps,
        } = point;
        // Writing into a string cannot fail.
        let _ = writeln!(
            text,
            "{figure},{program},{trace},\"{technique}\",{},{cores},{mpps:.4}",
            origin.name()
        );
    }
    text
}

/// A figure of the paper: a chart for each program and traffic.
pub fn svg(points: &[Point], figure: &str) -> Result<String, String> {
    let mut panels: Vec<(&str, &str)> = Vec::new();
    for point in points.iter().filter(|point| point.figure == figure) {
        let panel = (point.program, point.trace);
        if !panels.contains(&panel) {
            panels.push(panel);
        }
    }
    let charts: Vec<Chart> = panels
        .iter()
        .map(|&(program, trace)| {
            let inside = points.iter().filter(|point| {
                point.figure == figure && point.program == program && point.trace == trace
            });
            Chart {
                title: format!("{program}, {trace}"),
                x: match figure {
                    "11" => "cores",
                    _ => "cores (dots: simulated, rings: measured here)",
                }
                .to_owned(),
                y: "million packets/s".to_owned(),
                series: series(&inside.collect::<Vec<_>>()),
            }
        })
        .collect();
    let columns = match charts.len() {
        1 => 1,
        count => count.div_ceil(2).min(4),
    };
    chart::svg(&charts, columns, SIZE)
}

/// A line for each technique and origin, in the order in which they come.
fn series(points: &[&Point]) -> Vec<Series> {
    let mut lines: Vec<(&str, Origin)> = Vec::new();
    for point in points {
        let line = (point.technique.as_str(), point.origin);
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    let mut techniques: Vec<&str> = lines.iter().map(|(technique, _)| *technique).collect();
    techniques.dedup();
    let several = techniques.len() > 1;
    lines
        .iter()
        .enumerate()
        .map(|(number, &(technique, origin))| {
            let mine = points
                .iter()
                .filter(|point| (point.technique.as_str(), point.origin) == (technique, origin));
            let meaning = match origin {
                Origin::Model => "model, Table 4",
                Origin::Simulated => "simulated",
                Origin::Predicted => "model, costs measured here",
                Origin::Measured => "measured here",
            };
            // What is measured of a technique has its color.
            let place = match several {
                true => lines.iter().position(|(other, _)| *other == technique),
                false => Some(number),
            };
            Series {
                name: match (several, place == Some(number)) {
                    (true, true) => technique.to_owned(),
                    (true, false) => String::new(),
                    (false, _) => meaning.to_owned(),
                },
                color: COLORS[place.unwrap_or(number) % COLORS.len()],
                mark: match origin {
                    Origin::Measured => Mark::Rings,
                    // Around the model's line, which it would hide.
                    Origin::Simulated if !several => Mark::Rings,
                    Origin::Simulated => Mark::DottedLine,
                    Origin::Model | Origin::Predicted => Mark::Line,
                },
                points: mine.map(|point| (point.cores as f64, point.mpps)).collect(),
            }
        })
        .collect()
}

/// What a core more brings, from 1 to 2 and on the whole, as lines of a Markdown table.
pub fn slopes(points: &[Point]) -> String {
    let mut text = String::from(
        "| program | model | simulated | measured here | model, costs measured here |\n|---|---:|---:|---:|---:|\n",
    );
    let mut programs: Vec<&str> = Vec::new();
    for point in points.iter().filter(|point| point.figure == "11") {
        if !programs.contains(&point.program) {
            programs.push(point.program);
        }
    }
    for program in programs {
        let rate = |origin: Origin, cores: usize| {
            let mut found = points.iter().filter(|point| {
                point.figure == "11" && point.program == program && point.origin == origin
            });
            found
                .find(|point| point.cores == cores)
                .map(|point| point.mpps)
        };
        let most = Table4::of(program).map_or(2, |line| line.most_cores);
        let slope = |origin, cores: usize| {
            let (first, last) = (rate(origin, 1)?, rate(origin, cores)?);
            Some((last - first) / (cores as f64 - 1.0))
        };
        let both = |origin| match (slope(origin, 2), slope(origin, most)) {
            (Some(first), Some(whole)) => format!("{first:.2}, {whole:.2}"),
            (Some(first), None) => format!("{first:.2}"),
            _ => "-".to_owned(),
        };
        let _ = writeln!(
            text,
            "| {program} | {} | {} | {} | {} |",
            both(Origin::Model),
            both(Origin::Simulated),
            both(Origin::Measured),
            both(Origin::Predicted),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(origin: Origin, cores: usize, mpps: f64) -> Point {
        Point {
            figure: "11",
            program: "token-bucket",
            trace: "vl2",
            technique: "scr".to_owned(),
            origin,
            cores,
            mpps,
        }
    }

    #[test]
    fn a_slope_is_what_a_core_more_brings() {
        let points = [
            point(Origin::Model, 1, 6.0),
            point(Origin::Model, 2, 11.0),
            point(Origin::Model, 7, 24.0),
            point(Origin::Measured, 1, 5.0),
            point(Origin::Measured, 2, 9.5),
        ];
        let table = slopes(&points);
        let line = table.lines().last();
        assert_eq!(line, Some("| token-bucket | 5.00, 3.00 | - | 4.50 | - |"));
    }

    #[test]
    fn every_point_is_a_line_that_says_where_it_comes_from() {
        let text = csv(&[point(Origin::Simulated, 2, 11.25)]);
        let line = text.lines().last();
        assert_eq!(
            line,
            Some("11,token-bucket,vl2,\"scr\",simulated,2,11.2500")
        );
    }

    #[test]
    fn a_figure_has_a_chart_for_each_program_and_traffic() {
        let other = Point {
            trace: "zipf",
            ..point(Origin::Model, 1, 6.0)
        };
        let drawn = svg(&[point(Origin::Model, 1, 6.0), other], "11").expect("it can be drawn");
        assert!(drawn.contains("token-bucket, vl2") && drawn.contains("token-bucket, zipf"));
        assert!(drawn.contains("width=\"560\" height=\"800\"") || drawn.contains("width=\"1120\""));
    }
}
