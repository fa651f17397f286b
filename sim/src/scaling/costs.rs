//! What a packet costs a core: the model of appendix A of the paper, and its Table 4.

/// What a packet costs a core, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Costs {
    /// t: all that one core alone does for a packet.
    pub single_ns: f64,
    /// d: of that the dispatch, which brings the packet to the program and takes it away again.
    pub dispatch_ns: f64,
    /// c2: bringing the state forward by a row of the history.
    pub row_ns: f64,
}

impl Costs {
    /// c1: what the program does with the packet itself.
    pub fn program_ns(&self) -> f64 {
        self.single_ns - self.dispatch_ns
    }

    /// What a packet costs each of `cores` replicas: t + (k - 1) c2.
    pub fn replica_ns(&self, cores: usize) -> f64 {
        self.single_ns + (cores as f64 - 1.0) * self.row_ns
    }

    /// The packets that `cores` replicas handle in a microsecond: k / (t + (k - 1) c2).
    pub fn predicted_mpps(&self, cores: usize) -> f64 {
        1e3 * cores as f64 / self.replica_ns(cores)
    }
}

/// A line of the paper's Table 4.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Table4 {
    /// The program, by the name of its row.
    pub program: &'static str,
    /// Its costs.
    pub costs: Costs,
    /// c1 as printed; t - d differs from it by rounding.
    pub printed_program_ns: f64,
    /// The most cores that the paper runs it on.
    pub most_cores: usize,
}

const fn line(program: &'static str, [t, c2, d, c1]: [u16; 4], most_cores: usize) -> Table4 {
    Table4 {
        program,
        costs: Costs {
            single_ns: t as f64,
            dispatch_ns: d as f64,
            row_ns: c2 as f64,
        },
        printed_program_ns: c1 as f64,
        most_cores,
    }
}

/// The paper's Table 4, columns t, c2, d and c1, with the cores of its section 4.2.
pub const TABLE4: [Table4; 5] = [
    line("ddos-mitigator", [114, 15, 104, 10], 14),
    line("heavy-hitter", [145, 15, 110, 35], 7),
    line("token-bucket", [156, 21, 104, 53], 7),
    line("port-knocking", [107, 18, 97, 11], 14),
    line("connection-tracker", [152, 35, 80, 73], 7),
];

impl Table4 {
    /// The line of a program.
    pub fn of(program: &str) -> Option<&'static Self> {
        TABLE4.iter().find(|line| line.program == program)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_agrees_with_itself_but_for_rounding() {
        for line in TABLE4 {
            let off = line.costs.program_ns() - line.printed_program_ns;
            assert!(off.abs() <= 1.0, "{}", line.program);
            // The paper gives t as 4.3 to 9.7 times c2.
            let ratio = line.costs.single_ns / line.costs.row_ns;
            assert!((4.3..9.75).contains(&ratio), "{}: {ratio}", line.program);
        }
    }

    #[test]
    fn predictions_by_hand() {
        let costs = Table4::of("connection-tracker").expect("it is there").costs;
        assert_eq!(costs.replica_ns(1), 152.0);
        assert_eq!(costs.replica_ns(7), 362.0);
        assert_eq!(costs.predicted_mpps(7), 7e3 / 362.0);
    }
}
