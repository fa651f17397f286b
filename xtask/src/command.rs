//! Commands that tasks run.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use miette::{IntoDiagnostic, Result, WrapErr, bail, miette};

/// The folder of the workspace.
pub fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
}

/// Removes a folder with all that is in it, if it is there.
pub fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error)
            .into_diagnostic()
            .wrap_err_with(|| format!("cannot empty {}", folder.display())),
        _ => Ok(()),
    }
}

/// A command that runs in the folder of the workspace and reads no input.
pub fn command(program: impl AsRef<Path>) -> Command {
    let mut command = Command::new(program.as_ref());
    command.current_dir(root()).stdin(Stdio::null());
    command
}

/// The same cargo that runs this task.
pub fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(arguments);
    cargo
}

/// Fails, and says how to get it, unless cargo has the subcommand `name`.
pub fn need(name: &str) -> Result<()> {
    output(&mut cargo(&[name, "--version"])).map_err(|_| {
        miette!(
            help = format!("install it: cargo install cargo-{name} --locked"),
            "cargo-{name} is not here"
        )
    })?;
    Ok(())
}

/// Runs a command with its output on the terminal; it must succeed.
pub fn run(command: &mut Command) -> Result<()> {
    let text = describe(command);
    let status = command
        .status()
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot start `{text}`"))?;
    match status.success() {
        true => Ok(()),
        false => bail!("`{text}` failed: {status}"),
    }
}

/// What a command prints; it must succeed.
pub fn output(command: &mut Command) -> Result<String> {
    let text = describe(command);
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .into_diagnostic()
        .wrap_err_with(|| format!("cannot start `{text}`"))?;
    if !output.status.success() {
        bail!("`{text}` failed: {}", output.status);
    }
    String::from_utf8(output.stdout).into_diagnostic()
}

/// The command as one would type it.
fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    let words = std::iter::once(name).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
