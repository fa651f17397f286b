//! Where a mutation is.

use std::sync::Arc;

use seqnic_hdl::rtl::mutate::{mutations, scopes};
use seqnic_hdl::rtl::{Design, Module, Reset, RtlError};

/// A module of one input and one output that holds others one behind the other.
fn chain(name: &str, inner: &[(&str, &Arc<Design>)]) -> Result<Arc<Design>, RtlError> {
    let mut m = Module::new(name, "");
    let mut value = m.input("a", 1);
    for (instance, design) in inner {
        let instance = m.instance(instance, design);
        m.connect(instance, "a", &value);
        value = m.output_from(instance, "y");
    }
    let value = m.delayed("held", Reset::To(0), !value);
    m.output_of("y", value);
    m.build()
}

fn scopes_of(top: &Arc<Design>, module: &str) -> Vec<String> {
    let mutation = mutations(top)
        .into_iter()
        .find(|mutation| mutation.module == module)
        .expect("every module can be mutated");
    let scopes = scopes(top, &mutation);
    scopes.iter().map(|scope| scope.name().to_owned()).collect()
}

#[test]
fn a_mutant_differs_at_most_within_the_modules_around_every_instance_of_the_mutated_one()
-> Result<(), RtlError> {
    let leaf = chain("leaf", &[])?;
    let once = chain("once", &[("leaf", &leaf)])?;
    let top = chain("top", &[("once", &once)])?;
    assert_eq!(scopes_of(&top, "leaf"), ["leaf", "once", "top"]);
    assert_eq!(scopes_of(&top, "top"), ["top"]);

    // Here a leaf is outside `once`, too.
    let top = chain("top", &[("once", &once), ("other", &leaf)])?;
    assert_eq!(scopes_of(&top, "leaf"), ["leaf", "top"]);
    assert_eq!(scopes_of(&top, "once"), ["once", "top"]);
    Ok(())
}
