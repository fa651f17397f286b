//! The packages of the workspace, as cargo knows them.

use miette::{IntoDiagnostic, Result};
use serde_json::Value;

use crate::command::{cargo, output};

/// A package of the workspace.
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
    /// Whether that package is in the workspace.
    pub is_ours: bool,
}

/// Every package of the workspace.
pub fn packages() -> Result<Vec<Package>> {
    let text = output(&mut cargo(&["metadata", "--no-deps", "--format-version=1"]))?;
    let metadata: Value = serde_json::from_str(&text).into_diagnostic()?;
    Ok(list(&metadata["packages"]).map(package).collect())
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
