//! What the paper reports, with the design that it reports it of.

/// Width of the bus in bits.
pub const DATA_BITS: usize = 1024;
/// Bits of a row.
pub const ROW_BITS: usize = 112;

/// A line of Table 2: rows, LUTs and flip-flops, by Vivado, within the NetFPGA-PLUS reference switch at 250 MHz.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table2 {
    /// Rows of the history.
    pub rows: usize,
    /// LUTs.
    pub lut: u64,
    /// Flip-flops.
    pub ff: u64,
}

/// Table 2.
pub const TABLE2: [Table2; 4] = [
    line(16, 1045, 2369),
    line(32, 1852, 3158),
    line(64, 2637, 4707),
    line(128, 3390, 7786),
];

const fn line(rows: usize, lut: u64, ff: u64) -> Table2 {
    Table2 { rows, lut, ff }
}

/// The line for a design of the paper's sizes; others cannot be compared with it.
pub fn table2(data_bits: usize, row_bits: usize, rows: usize) -> Option<Table2> {
    let is_papers = data_bits == DATA_BITS && row_bits == ROW_BITS;
    TABLE2
        .into_iter()
        .find(|line| is_papers && line.rows == rows)
}
