//! Decoded flows as a table, CSV, JSON lines or Parquet.

use std::io;
use std::sync::Arc;

use clap::ValueEnum;
use parquet::data_type::{ByteArray, ByteArrayType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use seqnic_sim::model::flowradar::FiveTuple;
use serde::Serialize;

use crate::error::Error;
use crate::output::Output;

/// How flows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Columns for people
    Table,
    /// Comma-separated values with a header
    Csv,
    /// One JSON object a line
    Json,
    /// Apache Parquet, for DuckDB, DataFusion or Spark
    Parquet,
}

impl Format {
    /// Refuses a form that rows would not get: beside one JSON object there is no other text.
    pub fn check(self, has_file: bool, output: &Output) -> Result<(), Error> {
        match self {
            Self::Csv if output.is_json() && !has_file => Err(Error::new(
                "--format csv: --json prints one object and no other text; give the rows a file with --out, or remove one \
                 of the two",
            )),
            _ => Ok(()),
        }
    }
}

/// A flow at a switch.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    pub switch: u32,
    pub epoch: u32,
    #[serde(flatten)]
    tuple: Tuple,
    /// Modulo 2^32; nothing when it cannot be relied on.
    packets: Option<u32>,
    /// Modulo 2^40; nothing when bytes are not counted.
    bytes: Option<u64>,
}

#[derive(Clone, Debug, Serialize)]
struct Tuple {
    source: String,
    destination: String,
    source_port: u16,
    destination_port: u16,
    protocol: u8,
}

const COLUMNS: [&str; 9] = [
    "switch",
    "epoch",
    "source",
    "destination",
    "source_port",
    "destination_port",
    "protocol",
    "packets",
    "bytes",
];

/// The columns of a Parquet file.
const SCHEMA: &str = "message flows {
    required int32 switch (INTEGER(32, false));
    required int32 epoch (INTEGER(32, false));
    required binary source (UTF8);
    required binary destination (UTF8);
    required int32 source_port (INTEGER(16, false));
    required int32 destination_port (INTEGER(16, false));
    required int32 protocol (INTEGER(8, false));
    optional int64 packets;
    optional int64 bytes;
}";

/// Rows in a group: the reader's unit of work.
const GROUP_ROWS: usize = 1 << 20;

impl Row {
    pub fn new(
        switch: u32,
        epoch: u32,
        tuple: FiveTuple,
        packets: Option<u32>,
        bytes: Option<u64>,
    ) -> Self {
        let tuple = Tuple {
            source: tuple.source.to_string(),
            destination: tuple.destination.to_string(),
            source_port: tuple.source_port,
            destination_port: tuple.destination_port,
            protocol: tuple.protocol,
        };
        Self {
            switch,
            epoch,
            tuple,
            packets,
            bytes,
        }
    }

    fn cells(&self) -> [String; 9] {
        let Self { tuple, .. } = self;
        let some = |number: Option<u64>| number.map_or(String::new(), |number| number.to_string());
        [
            self.switch.to_string(),
            self.epoch.to_string(),
            tuple.source.clone(),
            tuple.destination.clone(),
            tuple.source_port.to_string(),
            tuple.destination_port.to_string(),
            tuple.protocol.to_string(),
            some(self.packets.map(u64::from)),
            some(self.bytes),
        ]
    }
}

/// Writes the flows.
pub fn write(rows: &[Row], format: Format, mut out: impl io::Write + Send) -> io::Result<()> {
    match format {
        Format::Table => {
            let line = |cells: [&str; 9]| {
                let [
                    switch,
                    epoch,
                    source,
                    destination,
                    from,
                    to,
                    protocol,
                    packets,
                    bytes,
                ] = cells;
                let line = format!(
                    "{switch:>6} {epoch:>6}  {source:<15} {destination:<15} {from:>11} {to:>16} {protocol:>8} \
                     {packets:>10} {bytes:>14}"
                );
                line.trim_end().to_owned()
            };
            writeln!(out, "{}", line(COLUMNS))?;
            for row in rows {
                writeln!(out, "{}", line(row.cells().each_ref().map(String::as_str)))?;
            }
        }
        Format::Csv => {
            writeln!(out, "{}", COLUMNS.join(","))?;
            // Addresses and numbers: nothing needs quotes.
            rows.iter()
                .try_for_each(|row| writeln!(out, "{}", row.cells().join(",")))?;
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

fn write_parquet(rows: &[Row], out: &mut (impl io::Write + Send)) -> Result<(), ParquetError> {
    let schema = Arc::new(parse_message_type(SCHEMA)?);
    let mut file = SerializedFileWriter::new(out, schema, Arc::default())?;
    for rows in rows.chunks(GROUP_ROWS) {
        let mut group = file.next_row_group()?;
        let numbers: [fn(&Row) -> i32; 2] = [|row| row.switch as i32, |row| row.epoch as i32];
        let texts: [fn(&Row) -> &str; 2] = [|row| &row.tuple.source, |row| &row.tuple.destination];
        let ports: [fn(&Row) -> i32; 3] = [
            |row| row.tuple.source_port.into(),
            |row| row.tuple.destination_port.into(),
            |row| row.tuple.protocol.into(),
        ];
        let counts: [fn(&Row) -> Option<i64>; 2] = [
            |row| row.packets.map(i64::from),
            // A count has 40 bits.
            |row| row.bytes.map(|bytes| bytes as i64),
        ];
        for number in numbers {
            write_numbers(&mut group, rows, number)?;
        }
        for text in texts {
            let values: Vec<_> = rows.iter().map(|row| ByteArray::from(text(row))).collect();
            if let Some(mut column) = group.next_column()? {
                column
                    .typed::<ByteArrayType>()
                    .write_batch(&values, None, None)?;
                column.close()?;
            }
        }
        for port in ports {
            write_numbers(&mut group, rows, port)?;
        }
        for count in counts {
            let values: Vec<_> = rows.iter().filter_map(count).collect();
            let defined: Vec<_> = rows
                .iter()
                .map(|row| i16::from(count(row).is_some()))
                .collect();
            if let Some(mut column) = group.next_column()? {
                column
                    .typed::<Int64Type>()
                    .write_batch(&values, Some(&defined), None)?;
                column.close()?;
            }
        }
        group.close()?;
    }
    file.close()?;
    Ok(())
}

fn write_numbers<W: io::Write + Send>(
    group: &mut SerializedRowGroupWriter<W>,
    rows: &[Row],
    number: fn(&Row) -> i32,
) -> Result<(), ParquetError> {
    let values: Vec<_> = rows.iter().map(number).collect();
    if let Some(mut column) = group.next_column()? {
        column
            .typed::<Int32Type>()
            .write_batch(&values, None, None)?;
        column.close()?;
    }
    Ok(())
}
