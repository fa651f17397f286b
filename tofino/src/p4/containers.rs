//! What the compiler is told of containers.

use crate::ir::{Pipe, Place, Program, Statement};

/// What the line begins with.
pub const PRAGMA: &str = "@pa_container_size";

/// The bits of the metadata that actions write. bf-p4c puts such a bit into a word that nothing needs any more, and then
/// lets its writer wait until that is so in every table, which takes a stage more; in a container of 8 bits it stands
/// alone. Those that only the deparser looks at are left to it.
pub fn bits_of_their_own<'a>(program: &'a Program, pipe: &'a Pipe) -> Vec<&'a str> {
    let bodies = pipe.actions.iter().flat_map(|action| &action.body);
    let written: Vec<&Place> = bodies
        .flat_map(|statement| match statement {
            Statement::Set(place, _) => std::slice::from_ref(place),
            Statement::Execute { into, .. } => into,
            _ => &[],
        })
        .collect();
    let bits = program.metadata.iter().filter(|field| field.bits == 1);
    let names = bits.map(|field| field.name.as_str());
    let names = names.filter(|name| pipe.checksums.iter().all(|sum| sum.when != **name));
    names
        .filter(|name| {
            let is_it = |place: &&Place| matches!(place, Place::Metadata(of) if of == name);
            written.iter().any(is_it)
        })
        .collect()
}
