//! A pipe while it is made.

use crate::ir::{
    Action, Condition, ConstEntry, Expr, Field, Initial, Matching, Pipe, Place, Register,
    RegisterAction, Statement, Step, Table,
};

/// A register, what each packet does with it, and where its outputs go.
pub struct Access<'a> {
    /// What its tables and actions are called after.
    pub name: &'a str,
    /// How many values it holds.
    pub entries: usize,
    /// The width of a value.
    pub bits: usize,
    /// What it holds at first.
    pub initial: Initial,
    /// Which value is accessed.
    pub index: Vec<Expr>,
    /// The stage.
    pub stage: usize,
    /// Where its outputs go.
    pub into: Vec<Place>,
}

/// Adds to a pipe.
#[derive(Debug, Default)]
pub struct PipeMaker {
    /// What was added so far.
    pub pipe: Pipe,
}

impl PipeMaker {
    /// A table that does one thing with every packet that meets it.
    pub fn always(&mut self, name: &str, stage: usize, body: Vec<Statement>) -> Step {
        let action = format!("do_{name}");
        self.pipe.actions.push(Action {
            name: action.clone(),
            parameters: Vec::new(),
            body,
        });
        self.pipe.tables.push(Table {
            name: name.to_owned(),
            stage,
            keys: Vec::new(),
            matching: Matching::Exact,
            entries: Vec::new(),
            actions: vec![action.clone()],
            default: action,
            size: 1,
        });
        Step::Apply(name.to_owned())
    }

    /// A table whose entries all do the same with different numbers; without an entry the packet is dropped.
    pub fn lookup(
        &mut self,
        name: &str,
        stage: usize,
        key: Place,
        size: usize,
        action: Action,
    ) -> Step {
        let drop = format!("{name}_missed");
        self.pipe.tables.push(Table {
            name: name.to_owned(),
            stage,
            keys: vec![key],
            matching: Matching::Exact,
            entries: Vec::new(),
            actions: vec![action.name.clone(), drop.clone()],
            default: drop.clone(),
            size,
        });
        self.pipe.actions.push(action);
        self.pipe.actions.push(Action {
            name: drop,
            parameters: Vec::new(),
            body: vec![Statement::Drop],
        });
        Step::Apply(name.to_owned())
    }

    /// A table whose entries are part of the program; without one nothing is done.
    pub fn constants(
        &mut self,
        name: &str,
        stage: usize,
        keys: Vec<Place>,
        matching: Matching,
        actions: Vec<Action>,
        entries: Vec<ConstEntry>,
    ) -> Step {
        let nothing = format!("{name}_missed");
        let names = actions.iter().map(|action| action.name.clone());
        self.pipe.tables.push(Table {
            name: name.to_owned(),
            stage,
            keys,
            matching,
            size: entries.len().max(1),
            entries,
            actions: names.chain([nothing.clone()]).collect(),
            default: nothing.clone(),
        });
        self.pipe.actions.extend(actions);
        self.pipe.actions.push(Action {
            name: nothing,
            parameters: Vec::new(),
            body: Vec::new(),
        });
        Step::Apply(name.to_owned())
    }

    /// A register that every packet accesses in the same way.
    pub fn access(&mut self, access: &Access<'_>, body: Vec<Statement>) -> Step {
        self.register(access);
        self.execute(access, access.name, body)
    }

    /// A register that packets access in one of two ways.
    pub fn access_either(
        &mut self,
        access: &Access<'_>,
        condition: Condition,
        [then, otherwise]: [Vec<Statement>; 2],
    ) -> Step {
        self.register(access);
        let blank = format!("{}_blank", access.name);
        Step::If(
            condition,
            vec![self.execute(access, access.name, then)],
            vec![self.execute(access, &blank, otherwise)],
        )
    }

    /// A register that packets access in two ways, each a table of its own.
    pub fn access_both(
        &mut self,
        access: &Access<'_>,
        ways: [(&str, Vec<Statement>); 2],
    ) -> [Step; 2] {
        self.register(access);
        ways.map(|(way, body)| self.execute(access, &format!("{}_{way}", access.name), body))
    }

    fn register(&mut self, access: &Access<'_>) {
        self.pipe.registers.push(Register {
            name: format!("{}_memory", access.name),
            entries: access.entries,
            bits: access.bits,
            initial: access.initial,
        });
    }

    fn execute(&mut self, access: &Access<'_>, name: &str, body: Vec<Statement>) -> Step {
        let action = format!("{name}_step");
        self.pipe.register_actions.push(RegisterAction {
            name: action.clone(),
            register: format!("{}_memory", access.name),
            outputs: access.into.len(),
            body,
        });
        let execute = Statement::Execute {
            action,
            index: access.index.clone(),
            into: access.into.clone(),
        };
        self.always(name, access.stage, vec![execute])
    }
}

/// A parameter of an action.
pub fn parameter(name: &str, bits: usize) -> Field {
    Field {
        name: name.to_owned(),
        bits,
    }
}

/// What a parameter says.
pub fn given(name: &str) -> Expr {
    Expr::Read(Place::Parameter(name.to_owned()))
}

/// A number.
pub fn number(bits: usize, value: u64) -> Expr {
    Expr::Constant { bits, value }
}

/// Gives what was in the register.
pub fn output(memory: Option<crate::ir::Half>, number: usize) -> Statement {
    Statement::Set(Place::Output(number), Expr::Read(Place::Memory(memory)))
}

/// Counts from 0 to `last` and starts again; gives the number before.
pub fn counter(bits: usize, last: u64) -> Vec<Statement> {
    let memory = || Place::Memory(None);
    vec![
        output(None, 0),
        Statement::If(
            Condition::Equal(Expr::Read(memory()), last),
            vec![Statement::Set(memory(), number(bits, 0))],
            vec![Statement::Set(memory(), Expr::Add(memory(), 1))],
        ),
    ]
}
