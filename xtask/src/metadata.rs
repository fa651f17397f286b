//! The packages of the workspace and of fuzz/, as cargo knows them.

use miette::{IntoDiagnostic, Result};
use serde_json::Value;

use crate::command::{cargo, output};

/// A package of ours.
pub struct Package {
    /// Its name.
    pub name: String,
    /// What it depends on to be built, tested or used.
    pub dependencies: Vec<Dependency>,
}

/// What a package depends on.
pub struct Dependency {
    /// The name of the package that it depends on.
    pub name: String,
    /// Whether that package is ours.
    pub is_ours: bool,
}

/// The manifests of the workspaces.
const MANIFESTS: [&str; 2] = ["Cargo.toml", "fuzz/Cargo.toml"];

/// Every package of ours.
pub fn packages() -> Result<Vec<Package>> {
    let mut packages = Vec::new();
    for manifest in MANIFESTS {
        let arguments = ["metadata", "--no-deps", "--format-version=1"];
        let mut metadata = cargo(&arguments);
        let text = output(metadata.args(["--manifest-path", manifest]))?;
        let metadata: Value = serde_json::from_str(&text).into_diagnostic()?;
        packages.extend(list(&metadata["packages"]).map(package));
    }
    Ok(packages)
}

fn package(value: &Value) -> Package {
    let dependency = |value: &Value| Dependency {
        name: text(&value["name"]),
        is_ours: value["path"].is_string(),
    };
    Package {
        name: text(&value["name"]),
        dependencies: list(&value["dependencies"]).map(dependency).collect(),
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
