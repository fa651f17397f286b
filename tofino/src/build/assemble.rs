//! The sections around the rows, and the program that all of it makes.

use super::packet_parser;
use super::pipe::{PipeMaker, number};
use super::prefix;
use super::prefix::SectionHeader;
use super::{BRIDGE, Maker, SEQUENCE};
use crate::ir::{
    ACCEPT, Condition, Expr, Field, ParserStep, Pipe, Place, Program, State, Statement, Step,
};

impl Maker<'_> {
    /// Makes the headers of sections valid and fills what does not depend on the history.
    pub(super) fn sections(&mut self, sections: &[SectionHeader]) {
        let mut body = Vec::new();
        for section in sections {
            body.extend(constants_of(section));
            let name = &section.header.name;
            let (from, ready) = match name.as_str() {
                prefix::NUMBER => (Place::md(SEQUENCE), 1),
                _ => (self.time(), 0),
            };
            for (field, bytes) in &section.bytes {
                let parts = slices(&from, bytes);
                let place = Place::hdr(name, field);
                match &parts[..] {
                    [part] if ready == 0 => body.push(Statement::Set(place, part.clone())),
                    [part] => self.always(
                        &format!("{field}_out"),
                        ready,
                        vec![Statement::Set(place, part.clone())],
                    ),
                    _ => {
                        let stage = self.pack_stage(ready);
                        let pack = Statement::Pack(place, parts);
                        self.always(&format!("{field}_out"), stage, vec![pack]);
                    }
                }
            }
        }
        self.begin.extend(body);
    }

    pub(super) fn absorb(&mut self, pipe: usize, more: PipeMaker, steps: Vec<Step>) {
        let into = &mut self.pipes[pipe].pipe;
        into.registers.extend(more.pipe.registers);
        into.register_actions.extend(more.pipe.register_actions);
        into.actions.extend(more.pipe.actions);
        into.tables.extend(more.pipe.tables);
        self.steps[pipe].extend(steps);
    }

    pub(super) fn assemble(
        mut self,
        front: Vec<SectionHeader>,
        histories: [Option<SectionHeader>; 3],
        behind: Vec<SectionHeader>,
    ) -> Program {
        let names = |sections: &[SectionHeader]| -> Vec<String> {
            let names = sections.iter().map(|section| section.header.name.clone());
            names.collect()
        };
        let [far, link, home] = histories;
        let has_far = far.is_some();
        let near: Vec<SectionHeader> = home.into_iter().chain(behind).collect();
        let far: Vec<SectionHeader> = far.into_iter().collect();
        let link: Vec<SectionHeader> = link.into_iter().collect();
        let bridge: Vec<String> = match self.bridge.fields.is_empty() {
            true => Vec::new(),
            false => vec![BRIDGE.to_owned()],
        };
        let packet: Vec<String> = self
            .parser
            .headers
            .iter()
            .map(|header| header.name.clone())
            .collect();
        let whole = [names(&front), names(&link), names(&near), packet].concat();
        let extract_bridge = bridge.iter().cloned().map(ParserStep::Extract);

        let mut bridge_begin: Vec<ParserStep> =
            bridge.iter().cloned().map(ParserStep::SetValid).collect();
        let first = self.parser.states.first().map(|state| state.name.clone());
        let first = first.as_deref().unwrap_or(ACCEPT);
        let idle = |steps| packet_parser::start(steps, &[], ACCEPT);
        let states: [Vec<State>; 2];
        let deparsers: [Vec<String>; 2];
        if self.is_in_egress {
            let start = packet_parser::start(extract_bridge.collect(), &self.metadata, first);
            let parse = [vec![start], self.parser.states].concat();
            states = [vec![idle(bridge_begin)], parse];
            deparsers = [bridge, whole];
        } else {
            let fields = self.bridge.fields.iter();
            bridge_begin.extend(fields.map(|Field { name, bits }| {
                ParserStep::Set(Place::hdr(BRIDGE, name), number(*bits, 0))
            }));
            let start = packet_parser::start(bridge_begin, &self.metadata, first);
            let parse = [vec![start], self.parser.states].concat();
            let again = match has_far {
                true => [names(&front), names(&link)].concat(),
                false => Vec::new(),
            };
            let again = again.into_iter().map(ParserStep::Extract);
            states = [parse, vec![idle(extract_bridge.chain(again).collect())]];
            let egress = match has_far {
                true => [names(&front), names(&far), names(&link)].concat(),
                false => Vec::new(),
            };
            deparsers = [[bridge, whole].concat(), egress];
        }

        let of = |sections: Vec<SectionHeader>| sections.into_iter().map(|section| section.header);
        let bridge = Some(self.bridge).filter(|bridge| !bridge.fields.is_empty());
        let headers = bridge
            .into_iter()
            .chain(of(front))
            .chain(of(far))
            .chain(of(link))
            .chain(of(near))
            .chain(self.parser.headers);
        let [ingress_states, egress_states] = states;
        let [ingress_deparser, egress_deparser] = deparsers;
        let [ingress_steps, egress_steps] = std::mem::take(&mut self.steps);
        let [ingress, egress] = self.pipes;
        let mut program = Program {
            arch: self.arch,
            headers: headers.collect(),
            metadata: self.metadata,
            ingress: Pipe {
                states: ingress_states,
                apply: ingress_steps,
                deparser: ingress_deparser,
                ..ingress.pipe
            },
            egress: Pipe {
                states: egress_states,
                apply: egress_steps,
                deparser: egress_deparser,
                ..egress.pipe
            },
        };
        simplify(&mut program);
        program
    }
}

/// Makes a header valid and sets its constants.
pub(super) fn constants_of(section: &SectionHeader) -> Vec<Statement> {
    let header = &section.header;
    let constants = section.constants.iter().filter_map(|(name, value)| {
        let field = header.fields.iter().find(|field| field.name == *name)?;
        let place = Place::hdr(&header.name, name);
        Some(Statement::Set(place, number(field.bits, *value)))
    });
    [Statement::SetValid(header.name.clone())]
        .into_iter()
        .chain(constants)
        .collect()
}

/// Bytes of a number, by significance, as slices; those that follow each other are one.
pub(super) fn slices(from: &Place, bytes: &[usize]) -> Vec<Expr> {
    let runs = bytes.chunk_by(|a, b| *a == b + 1);
    let slice = |run: &[usize]| {
        let (high, low) = (run[0] * 8 + 7, run[run.len() - 1] * 8);
        Expr::Slice(from.clone(), high, low)
    };
    runs.map(slice).collect()
}

/// Reads all bits of a place as the place.
pub(super) fn simplify(program: &mut Program) {
    fn each(statement: &mut Statement, change: &impl Fn(&mut Expr)) {
        match statement {
            Statement::Set(_, value) => change(value),
            Statement::Pack(_, parts) => parts.iter_mut().for_each(change),
            Statement::If(condition, then, otherwise) => {
                if let Condition::Equal(left, _) = condition {
                    change(left);
                }
                let inside = then.iter_mut().chain(otherwise);
                inside.for_each(|statement| each(statement, change));
            }
            Statement::SetValid(_)
            | Statement::SetInvalid(_)
            | Statement::Hash(..)
            | Statement::Execute { .. }
            | Statement::Drop
            | Statement::Mirror
            | Statement::Truncate(_) => {}
        }
    }
    let declared = program.clone();
    let change = |value: &mut Expr| {
        if let Expr::Slice(place, high, 0) = value
            && declared.bits_of(place) == Some(*high + 1)
        {
            *value = Expr::Read(place.clone());
        }
    };
    for pipe in [&mut program.ingress, &mut program.egress] {
        let actions = pipe.actions.iter_mut().map(|action| &mut action.body);
        let bodies = actions.chain(
            pipe.register_actions
                .iter_mut()
                .map(|action| &mut action.body),
        );
        bodies
            .flatten()
            .for_each(|statement| each(statement, &change));
    }
}

/// The program with one parser, one deparser, and headers and metadata that live from one to the other.
pub(super) fn flatten(mut program: Program) -> Program {
    let is_bridge = |step: &ParserStep| *step == ParserStep::Extract(BRIDGE.to_owned());
    if program.egress.states.len() > program.ingress.states.len() {
        let idle = std::mem::replace(&mut program.ingress.states, program.egress.states);
        let begin = idle.into_iter().flat_map(|state| state.steps);
        if let Some(start) = program.ingress.states.first_mut() {
            start.steps.retain(|step| !is_bridge(step));
            start.steps.extend(begin);
        }
    }
    program.egress.states = Vec::new();
    let near = std::mem::take(&mut program.ingress.deparser);
    let sums = std::mem::take(&mut program.ingress.checksums);
    program.egress.checksums.extend(sums);
    let far = &mut program.egress.deparser;
    for header in near {
        if header != BRIDGE && !far.contains(&header) {
            far.push(header);
        }
    }
    program
}
