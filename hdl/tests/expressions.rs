//! The in-process engine against bit-by-bit arithmetic, on random expressions of random widths.

use proptest::prelude::*;
use seqnic_hdl::rtl::{Bits, Expr, Module, Simulator, concat, constant};

/// An expression as plain data, evaluated bit by bit.
#[derive(Clone, Debug)]
enum Tree {
    Input(usize),
    Constant(Vec<bool>),
    Not(Box<Tree>),
    And(Box<Tree>, Box<Tree>),
    Or(Box<Tree>, Box<Tree>),
    Xor(Box<Tree>, Box<Tree>),
    Add(Box<Tree>, Box<Tree>),
    Sub(Box<Tree>, Box<Tree>),
    Equals(Box<Tree>, Box<Tree>),
    Differs(Box<Tree>, Box<Tree>),
    Less(Box<Tree>, Box<Tree>),
    AtLeast(Box<Tree>, Box<Tree>),
    Any(Box<Tree>),
    All(Box<Tree>),
    Parity(Box<Tree>),
    Mux(Box<Tree>, Box<Tree>, Box<Tree>),
    Slice(Box<Tree>, usize, usize),
    Concat(Vec<Tree>),
    Repeat(Box<Tree>, usize),
    Select(Box<Tree>, Vec<Tree>),
}

/// Widths around the word size, where an engine over words can go wrong.
const WIDTHS: [usize; 9] = [1, 7, 8, 63, 64, 65, 127, 128, 200];

type Inputs = Vec<Vec<bool>>;

fn number(bits: &[bool]) -> Option<usize> {
    if bits.iter().skip(32).any(|&bit| bit) {
        return None;
    }
    Some(
        bits.iter()
            .take(32)
            .rev()
            .fold(0, |sum, &bit| sum * 2 + usize::from(bit)),
    )
}

fn add(a: &[bool], b: &[bool], mut carry: bool) -> Vec<bool> {
    let digit = |(&a, &b): (&bool, &bool)| {
        let sum = u8::from(a) + u8::from(b) + u8::from(carry);
        carry = sum > 1;
        sum % 2 == 1
    };
    a.iter().zip(b).map(digit).collect()
}

impl Tree {
    fn value(&self, inputs: &Inputs) -> Vec<bool> {
        let zip = |a: &Tree, b: &Tree, f: fn(bool, bool) -> bool| {
            a.value(inputs)
                .into_iter()
                .zip(b.value(inputs))
                .map(|(a, b)| f(a, b))
                .collect()
        };
        let less = |a: &Tree, b: &Tree| {
            let (a, b) = (a.value(inputs), b.value(inputs));
            a.iter().rev().lt(b.iter().rev())
        };
        match self {
            Tree::Input(index) => inputs[*index].clone(),
            Tree::Constant(bits) => bits.clone(),
            Tree::Not(a) => a.value(inputs).into_iter().map(|bit| !bit).collect(),
            Tree::And(a, b) => zip(a, b, |a, b| a && b),
            Tree::Or(a, b) => zip(a, b, |a, b| a || b),
            Tree::Xor(a, b) => zip(a, b, |a, b| a != b),
            Tree::Add(a, b) => add(&a.value(inputs), &b.value(inputs), false),
            Tree::Sub(a, b) => {
                let negated: Vec<_> = b.value(inputs).into_iter().map(|bit| !bit).collect();
                add(&a.value(inputs), &negated, true)
            }
            Tree::Equals(a, b) => vec![a.value(inputs) == b.value(inputs)],
            Tree::Differs(a, b) => vec![a.value(inputs) != b.value(inputs)],
            Tree::Less(a, b) => vec![less(a, b)],
            Tree::AtLeast(a, b) => vec![!less(a, b)],
            Tree::Any(a) => vec![a.value(inputs).contains(&true)],
            Tree::All(a) => vec![!a.value(inputs).contains(&false)],
            Tree::Parity(a) => vec![a.value(inputs).iter().filter(|&&bit| bit).count() % 2 == 1],
            Tree::Mux(c, a, b) => if c.value(inputs)[0] { a } else { b }.value(inputs),
            Tree::Slice(a, lo, width) => a.value(inputs)[*lo..lo + width].to_vec(),
            Tree::Concat(parts) => parts.iter().flat_map(|part| part.value(inputs)).collect(),
            Tree::Repeat(a, count) => a.value(inputs).repeat(*count),
            Tree::Select(index, arms) => {
                let last = arms.len() - 1;
                let index = number(&index.value(inputs)).map_or(last, |index| index.min(last));
                arms[index].value(inputs)
            }
        }
    }

    /// The same expression in the RTL layer.
    fn build(&self, m: &mut Module, inputs: &[Expr], names: &mut usize) -> Expr {
        let named = |m: &mut Module, value: Expr, names: &mut usize| {
            *names += 1;
            m.wire(&format!("named_{names}"), value)
        };
        let mut of = |tree: &Tree, m: &mut Module| tree.build(m, inputs, names);
        match self {
            Tree::Input(index) => inputs[*index].clone(),
            Tree::Constant(bits) => constant(Bits::from_fn(bits.len(), |bit| bits[bit])),
            Tree::Not(a) => !of(a, m),
            Tree::And(a, b) => of(a, m) & of(b, m),
            Tree::Or(a, b) => of(a, m) | of(b, m),
            Tree::Xor(a, b) => of(a, m) ^ of(b, m),
            Tree::Add(a, b) => of(a, m) + of(b, m),
            Tree::Sub(a, b) => of(a, m) - of(b, m),
            Tree::Equals(a, b) => of(a, m).equals(&of(b, m)),
            Tree::Differs(a, b) => of(a, m).differs(&of(b, m)),
            Tree::Less(a, b) => of(a, m).less_than(&of(b, m)),
            Tree::AtLeast(a, b) => of(a, m).at_least(&of(b, m)),
            Tree::Any(a) => of(a, m).any(),
            Tree::All(a) => of(a, m).all(),
            Tree::Parity(a) => of(a, m).parity(),
            Tree::Mux(c, a, b) => {
                let (c, a, b) = (of(c, m), of(a, m), of(b, m));
                c.mux(&a, &b)
            }
            Tree::Slice(a, lo, width) => {
                let a = of(a, m);
                named(m, a, names).slice(*lo, *width)
            }
            Tree::Concat(parts) => concat(parts.iter().map(|part| of(part, m)).collect::<Vec<_>>()),
            Tree::Repeat(a, count) => of(a, m).repeat(*count),
            Tree::Select(index, arms) => {
                let index = of(index, m);
                let mut arms: Vec<_> = arms.iter().map(|arm| of(arm, m)).collect();
                let default = arms.pop().expect("a selection has arms");
                *names += 1;
                m.select(&format!("named_{names}"), &index, arms, default)
            }
        }
    }
}

/// A tree of a given width over one input of each of [`WIDTHS`].
fn tree(width: usize, depth: u32) -> BoxedStrategy<Tree> {
    let leaf = match WIDTHS.iter().position(|&known| known == width) {
        Some(input) => prop_oneof![
            3 => Just(Tree::Input(input)),
            1 => prop::collection::vec(any::<bool>(), width).prop_map(Tree::Constant),
        ]
        .boxed(),
        None => prop::collection::vec(any::<bool>(), width)
            .prop_map(Tree::Constant)
            .boxed(),
    };
    if depth == 0 {
        return leaf;
    }
    let below = move |width| tree(width, depth - 1).prop_map(Box::new);
    let pair = move |width| (below(width), below(width));
    let wider = prop::sample::select(&WIDTHS[..]);
    let mut options = vec![
        leaf,
        below(width).prop_map(Tree::Not).boxed(),
        pair(width).prop_map(|(a, b)| Tree::And(a, b)).boxed(),
        pair(width).prop_map(|(a, b)| Tree::Or(a, b)).boxed(),
        pair(width).prop_map(|(a, b)| Tree::Xor(a, b)).boxed(),
        pair(width).prop_map(|(a, b)| Tree::Add(a, b)).boxed(),
        pair(width).prop_map(|(a, b)| Tree::Sub(a, b)).boxed(),
        (below(1), below(width), below(width))
            .prop_map(|(c, a, b)| Tree::Mux(c, a, b))
            .boxed(),
        (
            below(7),
            prop::collection::vec(tree(width, depth - 1), 1..5),
        )
            .prop_map(|(index, arms)| Tree::Select(index, arms))
            .boxed(),
        (0..40_usize, 0..40_usize)
            .prop_flat_map(move |(under, over)| {
                below(under + width + over).prop_map(move |a| Tree::Slice(a, under, width))
            })
            .boxed(),
    ];
    if width > 1 {
        let parts = (1..width)
            .prop_flat_map(move |split| (tree(split, depth - 1), tree(width - split, depth - 1)));
        options.push(
            parts
                .prop_map(|(low, high)| Tree::Concat(vec![low, high]))
                .boxed(),
        );
        options.push(
            below(1)
                .prop_map(move |bit| Tree::Repeat(bit, width))
                .boxed(),
        );
    } else {
        let operands = wider.prop_flat_map(pair).boxed();
        options.extend([
            operands
                .clone()
                .prop_map(|(a, b)| Tree::Equals(a, b))
                .boxed(),
            operands
                .clone()
                .prop_map(|(a, b)| Tree::Differs(a, b))
                .boxed(),
            operands.clone().prop_map(|(a, b)| Tree::Less(a, b)).boxed(),
            operands
                .clone()
                .prop_map(|(a, b)| Tree::AtLeast(a, b))
                .boxed(),
            operands.clone().prop_map(|(a, _)| Tree::Any(a)).boxed(),
            operands.clone().prop_map(|(a, _)| Tree::All(a)).boxed(),
            operands.prop_map(|(a, _)| Tree::Parity(a)).boxed(),
        ]);
    }
    if width.is_multiple_of(2) {
        options.push(
            below(width / 2)
                .prop_map(|half| Tree::Repeat(half, 2))
                .boxed(),
        );
    }
    prop::strategy::Union::new(options).boxed()
}

fn words(bits: &[bool]) -> Vec<u64> {
    Bits::from_fn(bits.len(), |bit| bits[bit]).words().to_vec()
}

/// Two sets of inputs: what one evaluation leaves must not show in the next.
fn inputs() -> impl Strategy<Value = Vec<Inputs>> {
    let one: Vec<_> = WIDTHS
        .iter()
        .map(|&width| prop::collection::vec(any::<bool>(), width))
        .collect();
    prop::collection::vec(one, 2)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn random_expressions_equal_bit_by_bit_arithmetic(
        tree in prop::sample::select(&WIDTHS[..]).prop_flat_map(|width| tree(width, 3)),
        rounds in inputs(),
    ) {
        let mut m = Module::new("expression", "");
        let ports: Vec<_> = WIDTHS.iter().map(|width| m.input(&format!("in_{width}"), *width)).collect();
        let value = tree.build(&mut m, &ports, &mut 0);
        m.output_of("value", value);
        let design = m.build().map_err(|error| TestCaseError::fail(error.to_string()))?;
        let mut simulator = Simulator::new(&design, 0);
        for inputs in rounds {
            for (width, bits) in WIDTHS.iter().zip(&inputs) {
                let port = simulator.port(&format!("in_{width}")).expect("the port was declared");
                simulator.set(port, &words(bits));
            }
            simulator.eval();
            let value = simulator.port("value").expect("the port was declared");
            prop_assert_eq!(simulator.get(value), &words(&tree.value(&inputs))[..]);
        }
    }
}
