//! The modules that hold all of a mutation.

use std::sync::Arc;

use super::Mutation;
use crate::rtl::design::Design;

/// The modules that a mutant differs in at most: the one with the mutation, those around every instance of it, and last
/// the design itself. A mutant one of whose modules does the same as that of the design does the same as the design.
pub fn scopes(top: &Arc<Design>, mutation: &Mutation) -> Vec<Arc<Design>> {
    let holds_all = |scope: &Arc<Design>| {
        reaches(scope, &mutation.module, "") && !reaches(top, &mutation.module, &scope.name)
    };
    let mut modules = top.modules();
    modules.retain(holds_all);
    modules
}

/// Whether a module is or holds another one, apart from what is in `without`.
fn reaches(design: &Design, module: &str, without: &str) -> bool {
    let below = || {
        let mut children = design.instances.iter();
        children.any(|child| reaches(&child.design, module, without))
    };
    design.name != without && (design.name == module || below())
}
