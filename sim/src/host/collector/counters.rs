//! Counter decode: the counts of all flows of a switch, from all its cells together.
//!
//! Each cell is an equation: the counts of its flows sum up to its PacketCount. What can be read off one after the other
//! is; the rest is a sparse linear system, solved by least squares.

use super::cells::Cell;
use super::peel::MOST_TABLES;
use super::switch::{Flow, Switch};

/// Steps of the solver; some hundred are enough for some thousand flows.
const MOST_STEPS: usize = 2_000;
/// What may be left of the gradient, as a share of what it was. What is left may be a thousand times as much in the
/// counts, and they are whole numbers.
const TOLERANCE: f64 = 1e-10;

/// Packets and bytes.
type Counts = [u64; 2];

impl<const W: usize> Switch<W> {
    /// The cells of a flow, as places in the sub-tables one after the other.
    pub(super) fn places(&self, key: &[u64; W]) -> impl Iterator<Item = usize> + use<W> {
        let places: [u32; MOST_TABLES] = self.table_hash.indices(key);
        let (tables, cells) = (self.geometry.tables, self.geometry.cells.size());
        (0..tables).map(move |table| table * cells + places[table] as usize)
    }

    /// Counts all flows anew. All of them are proven when nothing is left over in any cell, and none otherwise.
    pub(super) fn solve_counts(&mut self) {
        for number in 0..self.flows.len() {
            let Flow {
                key,
                packets,
                bytes,
                ..
            } = self.flows[number];
            for place in self.places(&key) {
                self.cells[place].give_back(packets, bytes);
            }
        }
        let mut system = System::new(self);
        let mut counts = vec![[0; 2]; self.flows.len()];
        system.read_off(&mut self.cells, &mut counts);
        let is_unique = system.solve_rest(&mut self.cells, &mut counts);
        for (flow, [packets, bytes]) in self.flows.iter_mut().zip(counts) {
            (flow.packets, flow.bytes) = (packets as u32, bytes);
        }
        let mut known = self.cells.iter().filter(|cell| cell.is_known());
        let is_right = is_unique && known.all(|cell| (cell.packets, cell.bytes) == (0, 0));
        self.proven = vec![is_right; self.flows.len()];
    }
}

/// Which flows are not counted yet, and where they are.
struct System {
    /// The cells of each flow.
    places: Vec<Vec<usize>>,
    /// For each cell, how many of its flows are not counted, and the XOR of their numbers.
    open: Vec<(u32, usize)>,
    is_counted: Vec<bool>,
}

impl System {
    fn new<const W: usize>(switch: &Switch<W>) -> Self {
        let places: Vec<Vec<usize>> = switch
            .flows
            .iter()
            .map(|flow| {
                let places = switch.places(&flow.key);
                places
                    .filter(|&place| switch.cells[place].is_known())
                    .collect()
            })
            .collect();
        let mut open = vec![(0, 0); switch.cells.len()];
        for (flow, places) in places.iter().enumerate() {
            for &place in places {
                open[place] = (open[place].0 + 1, open[place].1 ^ flow);
            }
        }
        Self {
            is_counted: vec![false; places.len()],
            places,
            open,
        }
    }

    /// The count of a flow is known.
    fn count<const W: usize>(&mut self, flow: usize, count: Counts, cells: &mut [Cell<W>]) {
        self.is_counted[flow] = true;
        for &place in &self.places[flow] {
            let (flows, numbers) = self.open[place];
            self.open[place] = (flows - 1, numbers ^ flow);
            cells[place].take_counts(count[0] as u32, count[1]);
        }
    }

    /// Counts flows that are the only one in a cell which is not counted.
    fn read_off<const W: usize>(&mut self, cells: &mut [Cell<W>], counts: &mut [Counts]) {
        let mut queue: Vec<usize> = (0..cells.len()).collect();
        while let Some(place) = queue.pop() {
            if let (1, flow) = self.open[place] {
                counts[flow] = [u64::from(cells[place].packets), cells[place].bytes];
                self.count(flow, counts[flow], cells);
                queue.extend(&self.places[flow]);
            }
        }
    }

    /// Counts the others; false when more than one solution fits.
    fn solve_rest<const W: usize>(&mut self, cells: &mut [Cell<W>], counts: &mut [Counts]) -> bool {
        let flows: Vec<usize> = (0..counts.len())
            .filter(|&flow| !self.is_counted[flow])
            .collect();
        if flows.is_empty() {
            return true;
        }
        let packets: Vec<f64> = cells.iter().map(|cell| f64::from(cell.packets)).collect();
        let bytes: Vec<f64> = cells.iter().map(|cell| cell.bytes as f64).collect();
        let zeros = vec![0.0; flows.len()];
        let found = [&packets, &bytes].map(|sums| self.solve(&flows, zeros.clone(), sums));
        // From another start the solver comes to the same counts only if there are no others.
        let start = flows.iter().map(|flow| (flow * 7_919 % 1_009) as f64);
        let again = self.solve(&flows, start.collect(), &packets);
        let is_same = |(one, other): (&f64, &f64)| one.round() == other.round();
        let is_unique = found[0].iter().zip(&again).all(is_same);
        if !is_unique || found.iter().flatten().any(|&count| count < -0.5) {
            return false;
        }
        for (at, &flow) in flows.iter().enumerate() {
            counts[flow] = found.each_ref().map(|found| found[at].round() as u64);
        }
        for flow in flows {
            self.count(flow, counts[flow], cells);
        }
        true
    }

    /// The counts with which the sums over the cells come nearest to `sums`: conjugate gradients on the normal
    /// equations (CGLS), which never forms them. One that did not come as near as it should is tried, too: the equations
    /// decide.
    fn solve(&self, flows: &[usize], mut counts: Vec<f64>, sums: &[f64]) -> Vec<f64> {
        let add = |counts: &[f64], factor: f64, into: &mut [f64]| {
            for (&flow, count) in flows.iter().zip(counts) {
                for &place in &self.places[flow] {
                    into[place] += factor * count;
                }
            }
        };
        let gather = |cells: &[f64]| -> Vec<f64> {
            let gathered =
                |&flow: &usize| self.places[flow].iter().map(|&place| cells[place]).sum();
            flows.iter().map(gathered).collect()
        };
        let square = |values: &[f64]| values.iter().map(|value| value * value).sum::<f64>();

        let mut rest = sums.to_vec();
        add(&counts, -1.0, &mut rest);
        let mut gradient = gather(&rest);
        let mut direction = gradient.clone();
        let mut slope = square(&gradient);
        let enough = slope * TOLERANCE * TOLERANCE;
        for _ in 0..MOST_STEPS {
            if slope <= enough {
                break;
            }
            let mut image = vec![0.0; sums.len()];
            add(&direction, 1.0, &mut image);
            let step = slope / square(&image);
            for (count, direction) in counts.iter_mut().zip(&direction) {
                *count += step * direction;
            }
            for (rest, image) in rest.iter_mut().zip(&image) {
                *rest -= step * image;
            }
            gradient = gather(&rest);
            let next = square(&gradient);
            for (direction, gradient) in direction.iter_mut().zip(&gradient) {
                *direction = gradient + next / slope * *direction;
            }
            slope = next;
        }
        counts
    }
}
