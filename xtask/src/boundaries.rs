//! Which crate of the workspace may use which.

use miette::{Result, bail, miette};

use crate::metadata::{Package, packages};

/// What each crate may use of ours. The model in `seqnic-sim` must not be able to copy a mistake
/// of the design in `seqnic-hdl`, so neither may see the other.
const MAY_USE: &[(&str, &[&str])] = &[
    ("seqnic-spec", &[]),
    ("seqnic-hdl", &["seqnic-spec"]),
    ("seqnic-sim", &["seqnic-spec"]),
    (
        "seqnic-testbench",
        &["seqnic-spec", "seqnic-hdl", "seqnic-sim"],
    ),
    (
        "seqnic-verilator",
        &[
            "seqnic-spec",
            "seqnic-hdl",
            "seqnic-sim",
            "seqnic-testbench",
        ],
    ),
    ("seqnic-synth", &["seqnic-spec", "seqnic-hdl"]),
    ("seqnic-netfpga", &["seqnic-spec", "seqnic-hdl"]),
    // Its tests run what it writes on frames of the models and of the hardware.
    (
        "seqnic-host",
        &[
            "seqnic-spec",
            "seqnic-hdl",
            "seqnic-sim",
            "seqnic-testbench",
        ],
    ),
    ("seqnic-tofino", &["seqnic-spec"]),
    (
        "seqnic",
        &[
            "seqnic-spec",
            "seqnic-hdl",
            "seqnic-sim",
            "seqnic-testbench",
            "seqnic-verilator",
            "seqnic-synth",
            "seqnic-netfpga",
            "seqnic-host",
            "seqnic-tofino",
        ],
    ),
    // Its checks also run as a test of seqnic-sim.
    ("seqnic-fuzz", &["seqnic-spec", "seqnic-sim"]),
    ("xtask", &[]),
];

/// Fails when a crate uses one that it must not use.
pub fn check() -> Result<()> {
    packages()?.iter().try_for_each(check_package)
}

fn check_package(package: &Package) -> Result<()> {
    let name = &package.name;
    let Some((_, allowed)) = MAY_USE.iter().find(|(known, _)| known == name) else {
        bail!(
            help = "add it to MAY_USE in xtask/src/boundaries.rs",
            "it is not said what crate `{name}` may use",
        );
    };
    let ours = package.dependencies.iter().filter(|used| used.is_ours);
    match ours
        .map(|used| used.name.as_str())
        .find(|used| !allowed.contains(used))
    {
        Some(used) => Err(miette!(
            help = "what both need belongs into seqnic-spec",
            "crate `{name}` must not use `{used}`",
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::Dependency;

    fn check_one(name: &str, used: &str, is_ours: bool) -> Result<(), String> {
        let dependencies = vec![Dependency {
            name: used.into(),
            is_ours,
        }];
        let package = Package {
            name: name.into(),
            dependencies,
        };
        check_package(&package).map_err(|error| error.to_string())
    }

    #[test]
    fn model_and_design_must_not_see_each_other() {
        for (name, used) in [("seqnic-hdl", "seqnic-sim"), ("seqnic-sim", "seqnic-hdl")] {
            assert_eq!(
                check_one(name, used, true),
                Err(format!("crate `{name}` must not use `{used}`"))
            );
            assert_eq!(check_one(name, "seqnic-spec", true), Ok(()));
            assert_eq!(check_one(name, "thiserror", false), Ok(()));
        }
    }

    #[test]
    fn a_new_crate_must_be_listed() {
        let error = "it is not said what crate `seqnic-new` may use";
        assert_eq!(
            check_one("seqnic-new", "seqnic-spec", true),
            Err(error.into())
        );
    }
}
