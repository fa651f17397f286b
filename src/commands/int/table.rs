//! What hops say as a table, CSV, JSON lines or Parquet.

use std::io;
use std::sync::{Arc, LazyLock};

use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use seqnic_sim::host::int::Observation;
use seqnic_spec::int::Instruction;
use serde::{Serialize, Serializer};

use crate::commands::flowradar::table::Format;

/// A column, and whether it holds text.
struct Column {
    name: &'static str,
    is_text: bool,
}

/// Before the metadata, each of which has a column for each of its parts.
const FIRST: [(&str, bool); 15] = [
    ("frame", false),
    ("time_ns", false),
    ("medium", true),
    ("reporter", false),
    ("hw_id", false),
    ("sequence", false),
    ("source", true),
    ("destination", true),
    ("source_port", false),
    ("destination_port", false),
    ("protocol", false),
    ("hop", false),
    ("hops", false),
    ("flags", true),
    ("remaining_hops", false),
];

/// The metadata that have columns.
fn metadata() -> impl Iterator<Item = Instruction> {
    let all = Instruction::ALL.iter().copied();
    all.filter(|&instruction| instruction != Instruction::ChecksumComplement)
}

static COLUMNS: LazyLock<Vec<Column>> = LazyLock::new(|| {
    let first = FIRST.map(|(name, is_text)| Column { name, is_text });
    let parts = metadata().flat_map(|instruction| instruction.parts());
    let parts = parts.map(|part| Column {
        name: part.name,
        is_text: false,
    });
    first.into_iter().chain(parts).collect()
});

/// Rows in a group: the reader's unit of work.
const GROUP_ROWS: usize = 1 << 20;

/// A value of a row.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
enum Cell {
    Nothing,
    Number(u64),
    Text(String),
}

impl From<Option<u64>> for Cell {
    fn from(number: Option<u64>) -> Self {
        number.map_or(Self::Nothing, Self::Number)
    }
}

impl Cell {
    fn text(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

/// What one hop says of one packet.
#[derive(Clone, Debug)]
pub struct Row(Vec<Cell>);

impl Row {
    /// Of the frame of this number, from 1 on, in its capture.
    pub fn new(frame: u64, time_ns: u64, said: &Observation) -> Self {
        let text = |text: Option<String>| text.map_or(Cell::Nothing, Cell::Text);
        let (reporter, flow) = (said.reporter, said.flow.as_ref());
        let counted = |count: usize| Cell::from((count > 0).then_some(count as u64));
        let header = said.header;
        let flags = [
            ("D", header.discard),
            ("E", header.hops_exceeded),
            ("M", header.mtu_exceeded),
        ];
        let flags: String = flags
            .iter()
            .filter(|(_, set)| *set)
            .map(|(name, _)| *name)
            .collect();
        let mut cells = vec![
            Cell::Number(frame),
            Cell::Number(time_ns),
            Cell::Text(said.medium.name().to_owned()),
            Cell::from(reporter.map(|reporter| reporter.node_id.into())),
            Cell::from(reporter.map(|reporter| reporter.hw_id.into())),
            Cell::from(reporter.map(|reporter| reporter.sequence.into())),
            text(flow.map(|flow| flow.source.to_string())),
            text(flow.map(|flow| flow.destination.to_string())),
            Cell::from(flow.map(|flow| flow.source_port.into())),
            Cell::from(flow.map(|flow| flow.destination_port.into())),
            Cell::from(flow.map(|flow| flow.protocol.into())),
            counted(said.hop),
            counted(said.hops),
            text(Some(flags).filter(|flags| !flags.is_empty())),
            Cell::from(header.remaining_hops.map(u64::from)),
        ];
        for instruction in metadata() {
            let value = said.get(instruction);
            let mut left = instruction.bits();
            for part in instruction.parts() {
                left -= part.bits;
                // The highest part of a value may be all of it.
                let mask = u64::MAX >> (64 - part.bits);
                cells.push(Cell::from(value.map(|value| value >> left & mask)));
            }
        }
        Self(cells)
    }
}

/// An object with a key for each column.
impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let names = COLUMNS.iter().map(|column| column.name);
        serializer.collect_map(names.zip(&self.0))
    }
}

/// Writes the rows.
pub fn write(rows: &[Row], format: Format, mut out: impl io::Write + Send) -> io::Result<()> {
    match format {
        Format::Table => write_table(rows, &mut out)?,
        Format::Csv => {
            let names: Vec<_> = COLUMNS.iter().map(|column| column.name).collect();
            writeln!(out, "{}", names.join(","))?;
            for Row(cells) in rows {
                // Addresses, names and numbers: nothing needs quotes.
                let cells: Vec<_> = cells.iter().map(Cell::text).collect();
                writeln!(out, "{}", cells.join(","))?;
            }
        }
        Format::Json => {
            for row in rows {
                serde_json::to_writer(&mut out, row)?;
                writeln!(out)?;
            }
        }
        Format::Parquet => write_parquet(rows, &mut out).map_err(io::Error::other)?,
    }
    out.flush()
}

/// Columns that are empty in all rows are left out.
fn write_table(rows: &[Row], out: &mut impl io::Write) -> io::Result<()> {
    let mut lines = vec![String::new(); rows.len() + 1];
    for (at, column) in COLUMNS.iter().enumerate() {
        let cells: Vec<_> = rows.iter().map(|Row(cells)| cells[at].text()).collect();
        if cells.iter().all(String::is_empty) {
            continue;
        }
        let width = cells.iter().map(String::len).max().unwrap_or(0);
        let width = width.max(column.name.len());
        let texts = [column.name.to_owned()].into_iter().chain(cells);
        for (line, text) in lines.iter_mut().zip(texts) {
            match column.is_text {
                true => *line += &format!("{text:<width$}  "),
                false => *line += &format!("{text:>width$}  "),
            }
        }
    }
    lines
        .iter()
        .try_for_each(|line| writeln!(out, "{}", line.trim_end()))
}

fn write_parquet(rows: &[Row], out: &mut (impl io::Write + Send)) -> Result<(), ParquetError> {
    let columns = COLUMNS.iter().map(|column| match column.is_text {
        true => format!("optional binary {} (UTF8);", column.name),
        false => format!("optional int64 {} (INTEGER(64, false));", column.name),
    });
    let schema = format!("message hops {{ {} }}", columns.collect::<String>());
    let schema = Arc::new(parse_message_type(&schema)?);
    let mut file = SerializedFileWriter::new(out, schema, Arc::default())?;
    for rows in rows.chunks(GROUP_ROWS) {
        let mut group = file.next_row_group()?;
        for (at, column) in COLUMNS.iter().enumerate() {
            let cells = || rows.iter().map(|Row(cells)| &cells[at]);
            let defined: Vec<i16> = cells()
                .map(|cell| i16::from(*cell != Cell::Nothing))
                .collect();
            let Some(mut writer) = group.next_column()? else {
                continue;
            };
            if column.is_text {
                let text = |cell: &Cell| match cell {
                    Cell::Text(text) => Some(ByteArray::from(text.as_str())),
                    _ => None,
                };
                let values: Vec<_> = cells().filter_map(text).collect();
                writer
                    .typed::<ByteArrayType>()
                    .write_batch(&values, Some(&defined), None)?;
            } else {
                // Parquet's unsigned numbers are stored as signed ones of the same bits.
                let number = |cell: &Cell| match cell {
                    Cell::Number(number) => Some(*number as i64),
                    _ => None,
                };
                let values: Vec<_> = cells().filter_map(number).collect();
                writer
                    .typed::<Int64Type>()
                    .write_batch(&values, Some(&defined), None)?;
            }
            writer.close()?;
        }
        group.close()?;
    }
    file.close()?;
    Ok(())
}
