//! A netlist of gates in BLIF, and the problem for the prover that is made of it.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;

use miette::{Result, miette};

/// The wire of a pair of modules that is 1 when their outputs differ, and the one of the bench that is 1 while the
/// source has kept to the rules.
pub const DIFFERS: &str = "pair_differs";
pub const LEGAL: &str = "bench_legal";
/// The instances of a pair: the module of the design, and that of the mutant.
pub const GOLD: &str = "gold";
pub const GATE: &str = "gate";
const RESET: &str = "axis_resetn";

/// Gates and flip-flops.
#[derive(Default)]
pub struct Netlist<'a> {
    inputs: BTreeSet<&'a str>,
    gates: Vec<Gate<'a>>,
    /// Next value, value.
    latches: Vec<(&'a str, &'a str)>,
}

/// A sum of products: a line has 0, 1 or `-` for each input.
struct Gate<'a> {
    inputs: Vec<&'a str>,
    output: &'a str,
    products: Vec<&'a str>,
}

/// The value of a signal in reset; none: it depends on something.
type InReset = Option<bool>;

impl<'a> Netlist<'a> {
    /// Reads what Yosys writes: one model, gates as sums of products, and flip-flops without initial values.
    pub fn read(text: &'a str) -> Result<Self> {
        let mut netlist = Self::default();
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let not_known = || miette!("not a line of a netlist: {line}");
            match words[..] {
                [] | [".model", _] | [".outputs", ..] | [".end"] => {}
                [first, ..] if first.starts_with('#') => {}
                [".inputs", ref names @ ..] => netlist.inputs.extend(names),
                [".latch", next, value, "re", _, "2"] => netlist.latches.push((next, value)),
                [".names", ref inputs @ .., output] => netlist.gates.push(Gate {
                    inputs: inputs.to_vec(),
                    output,
                    products: Vec::new(),
                }),
                ["1"] => netlist.product("").ok_or_else(not_known)?,
                [product, "1"] => netlist.product(product).ok_or_else(not_known)?,
                _ => return Err(not_known()),
            }
        }
        Ok(netlist)
    }

    fn product(&mut self, product: &'a str) -> Option<()> {
        let gate = self.gates.last_mut()?;
        let fits = product.len() == gate.inputs.len();
        fits.then(|| gate.products.push(product))
    }

    /// The problem: can it ever be that a pair differs while the source keeps to the rules?
    ///
    /// It starts in the cycle after a reset. A flip-flop that has a value in reset, whatever else is the case, has it; any
    /// other holds anything, but the same in design and mutant when both have a flip-flop of that name.
    pub fn problem(&self) -> Result<String> {
        let starts = self.starts()?;
        let driven: BTreeSet<&str> = self
            .gates
            .iter()
            .map(|gate| gate.output)
            .chain(self.latches.iter().map(|(_, value)| *value))
            .collect();
        let used = self
            .gates
            .iter()
            .flat_map(|gate| gate.inputs.iter().copied())
            .chain(self.latches.iter().map(|(next, _)| *next));
        // What nothing drives may have any value: the words of a memory that was taken out.
        let mut inputs: BTreeSet<String> = used
            .filter(|name| !driven.contains(name))
            .chain(self.inputs.iter().copied())
            .map(str::to_owned)
            .collect();

        let mut body = String::from(".names always\n1\n.latch always started 0\n");
        for (next, value) in &self.latches {
            let _ = match &starts[value] {
                Start::At(false) => writeln!(body, ".latch {next} {value} 0"),
                Start::At(true) => writeln!(
                    body,
                    ".names {next} inverted.{value}\n0 1\n.latch inverted.{value} kept.{value} 0\n\
                     .names kept.{value} {value}\n0 1"
                ),
                Start::Anywhere(name) => {
                    let line = writeln!(
                        body,
                        ".latch {next} kept.{value} 0\n\
                         .names started kept.{value} {name} {value}\n11- 1\n0-1 1"
                    );
                    inputs.insert(name.clone());
                    line
                }
            };
        }
        for gate in &self.gates {
            let _ = writeln!(body, ".names {} {}", gate.inputs.join(" "), gate.output);
            for product in &gate.products {
                let _ = writeln!(body, "{product} 1");
            }
        }
        let named = |name: &str| -> Vec<&str> {
            let is_it = |wire: &&str| own_name(wire) == name;
            driven.iter().copied().filter(is_it).collect()
        };
        let (pairs, legal) = (named(DIFFERS), named(LEGAL));
        if pairs.is_empty() || legal.len() != 1 {
            return Err(miette!(
                "the netlist has {} pairs and {} rules for the source",
                pairs.len(),
                legal.len()
            ));
        }
        let _ = writeln!(body, ".names {} any_differs", pairs.join(" "));
        for pair in 0..pairs.len() {
            let (before, after) = ("-".repeat(pair), "-".repeat(pairs.len() - pair - 1));
            let _ = writeln!(body, "{before}1{after} 1");
        }
        let _ = writeln!(body, ".names any_differs {} property\n11 1\n.end", legal[0]);
        let inputs: Vec<String> = inputs.into_iter().collect();
        Ok(format!(
            ".model problem\n.inputs {}\n.outputs property\n{body}",
            inputs.join(" ")
        ))
    }

    /// What is known of each signal in a cycle with reset, by its name.
    fn in_reset(&self) -> Result<HashMap<&'a str, InReset>> {
        let gates: HashMap<&str, &Gate> =
            self.gates.iter().map(|gate| (gate.output, gate)).collect();
        let mut known: HashMap<&'a str, InReset> = HashMap::new();
        known.extend(self.inputs.iter().map(|input| (*input, None)));
        known.extend(self.latches.iter().map(|(_, value)| (*value, None)));
        known.insert(RESET, Some(false));
        for gate in &self.gates {
            // Depth first, without recursion: chains of gates are long.
            let mut waiting = vec![gate.output];
            while let Some(&name) = waiting.last() {
                if known.contains_key(name) {
                    waiting.pop();
                    continue;
                }
                let Some(gate) = gates.get(name) else {
                    known.insert(name, None);
                    continue;
                };
                let open = gate
                    .inputs
                    .iter()
                    .filter(|input| !known.contains_key(*input));
                let before = waiting.len();
                waiting.extend(open);
                if waiting.len() == before {
                    known.insert(name, gate.value(&known));
                } else if waiting.len() > 4 * self.gates.len() {
                    return Err(miette!("`{name}` depends on itself"));
                }
            }
        }
        Ok(known)
    }

    /// Where each flip-flop starts, by its name.
    fn starts(&self) -> Result<HashMap<&'a str, Start>> {
        let in_reset = self.in_reset()?;
        // What nothing drives is not among the signals: it may be anything.
        let after_reset =
            |(next, value): &(&str, &'a str)| (*value, in_reset.get(next).copied().flatten());
        let known: HashMap<&str, InReset> = self.latches.iter().map(after_reset).collect();
        let start = |(value, after_reset): (&&'a str, &InReset)| {
            let start = match (after_reset, twin(value)) {
                (Some(bit), _) => Start::At(*bit),
                // The one of the design lends its name to that of the mutant.
                (None, Some((Version::Gate, gold))) if known.get(&*gold) == Some(&None) => {
                    Start::Anywhere(format!("start.{gold}"))
                }
                (None, _) => Start::Anywhere(format!("start.{value}")),
            };
            (*value, start)
        };
        Ok(known.iter().map(start).collect())
    }
}

impl Gate<'_> {
    fn value(&self, known: &HashMap<&str, InReset>) -> InReset {
        let of_product = |product: &&str| -> InReset {
            let literals = self.inputs.iter().zip(product.bytes());
            literals
                .filter(|(_, wanted)| *wanted != b'-')
                .map(|(input, wanted)| Some(known[input]? == (wanted == b'1')))
                .fold(Some(true), and)
        };
        let not = |value: InReset| value.map(|bit| !bit);
        // A sum is 0 when each product is.
        let products = self.products.iter().map(of_product);
        not(products.map(not).fold(Some(true), and))
    }
}

fn and(a: InReset, b: InReset) -> InReset {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// What a flip-flop holds in the first cycle.
enum Start {
    At(bool),
    /// The value of this input.
    Anywhere(String),
}

enum Version {
    Gold,
    Gate,
}

/// Of a flip-flop in a pair: which module it is in, and the name of the same one in the other. Names that Yosys has made up
/// say nothing.
fn twin(name: &str) -> Option<(Version, String)> {
    let mut parts: Vec<&str> = name.split('.').collect();
    let place = parts.iter().position(|part| [GOLD, GATE].contains(part))?;
    let (version, other) = match parts[place] {
        GOLD => (Version::Gold, GATE),
        _ => (Version::Gate, GOLD),
    };
    parts[place] = other;
    (!name.contains('$')).then(|| (version, parts.join(".")))
}

/// The last part of a name in the hierarchy.
fn own_name(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A flip-flop `a` without reset and a flip-flop `b` with reset to 1, in design and mutant.
    const TEXT: &str = ".model bench\n.inputs axis_aclk axis_resetn data\n.outputs\n\
        .names data n.gold.a\n1 1\n.latch n.gold.a pair.gold.a re axis_aclk 2\n\
        .names data n.gate.a\n1 1\n.latch n.gate.a pair.gate.a re axis_aclk 2\n\
        .names axis_resetn data n.gold.b\n0- 1\n-1 1\n.latch n.gold.b pair.gold.b re axis_aclk 2\n\
        .names pair.gold.a pair.gate.a pair.pair_differs\n10 1\n01 1\n\
        .names bench_legal\n1\n.end\n";

    #[test]
    fn a_flip_flop_starts_with_its_reset_value_or_with_anything_that_its_twin_has_too() -> Result<()>
    {
        let problem = Netlist::read(TEXT)?.problem()?;
        assert!(
            problem.contains(".names started kept.pair.gold.a start.pair.gold.a pair.gold.a\n")
        );
        assert!(
            problem.contains(".names started kept.pair.gate.a start.pair.gold.a pair.gate.a\n")
        );
        assert!(problem.contains(".names kept.pair.gold.b pair.gold.b\n0 1\n"));
        Ok(())
    }

    #[test]
    fn what_nothing_drives_may_be_anything() -> Result<()> {
        let text = TEXT.replace(".names data n.gold.a", ".names word n.gold.a");
        let problem = Netlist::read(&text)?.problem()?;
        let inputs = problem.lines().nth(1).unwrap_or_default();
        assert!(inputs.split(' ').any(|input| input == "word"), "{inputs}");
        Ok(())
    }

    #[test]
    fn a_netlist_without_a_pair_is_no_problem() {
        let text = TEXT.replace("pair_differs", "something");
        let refused = Netlist::read(&text).and_then(|netlist| netlist.problem());
        assert!(refused.is_err());
    }
}
