//! Models are built once, whoever asks for them, and what goes wrong is said.

mod common;

use std::env;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::Barrier;
use std::thread;

use common::{designs, engine, model, toolchain};
use seqnic_testbench::Engine;
use seqnic_verilator::{Initial, Model, Toolchain, VerilatorEngine, VerilatorError};

/// Tools with a cache of their own in which the runtime is there already.
fn fresh(toolchain: Toolchain, folder: &Path) -> Toolchain {
    model(&toolchain, &designs::combinational());
    for name in entries(toolchain.cache_folder()) {
        if name.starts_with("runtime-") {
            let runtime = toolchain.cache_folder().join(&name);
            symlink(runtime, folder.join(&name)).expect("nothing has this name");
        }
    }
    toolchain.with_cache(folder)
}

/// Adds two numbers.
fn adds(model: &Model) -> bool {
    let mut engine = engine(model, Initial::Random(1));
    let [a, b, sum] = ["a", "b", "sum"].map(|name| engine.port(name).expect("it is there"));
    engine.set(a, &[u64::MAX, 3]);
    engine.set(b, &[2, 4]);
    engine.eval();
    engine.get(sum) == [1, 8]
}

/// Names of all that is in a cache.
fn entries(cache: &Path) -> Vec<String> {
    let files = fs::read_dir(cache).expect("the cache is there");
    let mut names: Vec<String> = files
        .map(|file| {
            file.expect("it is listed")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

#[test]
fn threads_that_build_the_same_model_at_once() {
    let Some(toolchain) = toolchain() else { return };
    let folder = tempfile::tempdir().expect("a folder for the test");
    let toolchain = toolchain.with_cache(folder.path());
    let start = Barrier::new(8);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let design = designs::combinational();
                start.wait();
                assert!(adds(&model(&toolchain, &design)));
            });
        }
    });
    let names = entries(folder.path());
    assert_eq!(names.len(), 2, "a runtime and a model: {names:?}");
}

/// What is in a cache besides runtimes.
fn models(cache: &Path) -> Vec<String> {
    let mut names = entries(cache);
    names.retain(|name| !name.starts_with("runtime-"));
    names
}

/// The other half of the next test, which starts it.
#[test]
#[ignore = "started by another test"]
fn build_in_a_process() {
    let Some(toolchain) = toolchain() else { return };
    assert!(adds(&model(&toolchain, &designs::combinational())));
}

#[test]
fn processes_that_build_the_same_model_at_once() {
    let Some(toolchain) = toolchain() else { return };
    let folder = tempfile::tempdir().expect("a folder for the test");
    fresh(toolchain, folder.path());
    let program = env::current_exe().expect("this test is a program");
    let start = || {
        Command::new(&program)
            .args(["--ignored", "--exact", "build_in_a_process"])
            .env("SEQNIC_CACHE", folder.path())
            .spawn()
            .expect("it starts")
    };
    for mut process in [start(), start()] {
        assert!(process.wait().expect("it ends").success());
    }
    let names = models(folder.path());
    assert_eq!(names.len(), 1, "{names:?}");
}

#[test]
fn a_model_is_built_once_and_a_broken_one_anew() {
    let Some(toolchain) = toolchain() else { return };
    let folder = tempfile::tempdir().expect("a folder for the test");
    let toolchain = fresh(toolchain, folder.path());
    let built = |model: &Model| fs::metadata(model.object()).and_then(|data| data.modified());
    let first = model(&toolchain, &designs::combinational());
    let time = built(&first).expect("it is there");
    let second = model(&toolchain, &designs::combinational());
    assert_eq!(first.object(), second.object());
    assert_eq!(built(&second).expect("it is there"), time);

    // Half a file, as after a full disk.
    let whole = fs::read(first.object()).expect("it can be read");
    fs::remove_file(first.object()).expect("it can be removed");
    fs::write(first.object(), &whole[..whole.len() / 2]).expect("it can be written");
    let third = model(&toolchain, &designs::combinational());
    assert_eq!(first.object(), third.object());
    assert!(adds(&third));
    assert_eq!(models(folder.path()).len(), 1);
}

#[test]
fn a_change_of_the_design_is_another_model() {
    let Some(toolchain) = toolchain() else { return };
    let objects = [designs::random(1), designs::random(2), designs::random(1)]
        .map(|design| model(&toolchain, &design).object().to_owned());
    assert_ne!(objects[0], objects[1]);
    assert_eq!(objects[0], objects[2]);
}

#[test]
fn exceptions_become_errors() {
    let Some(toolchain) = toolchain() else { return };
    let folder = tempfile::tempdir().expect("a folder for the test");
    let toolchain = fresh(toolchain, folder.path());
    let model = model(&toolchain, &designs::combinational());
    fs::remove_file(model.object()).expect("it can be removed");
    let load = || VerilatorEngine::new(&model, Initial::Zeros);

    let error = load().expect_err("it is not there").to_string();
    assert!(error.contains("No such file"), "{error}");
    fs::write(model.object(), "no shared object").expect("it can be written");
    let error = load().expect_err("it is corrupt");
    assert!(matches!(error, VerilatorError::Exception { .. }), "{error}");
    assert!(error.to_string().contains("model.so"), "{error}");
    // A shared object, but not of a model.
    let other = folder.path().join("other.cpp");
    fs::write(&other, "int other;\n").expect("it can be written");
    let compiler = env::var("CXX").unwrap_or("c++".into());
    let compiled = Command::new(compiler)
        .args(["-shared", "-fPIC", "-o"])
        .args([model.object(), &other])
        .status();
    assert!(compiled.expect("the compiler starts").success());
    let error = load().expect_err("it has no model").to_string();
    assert!(error.contains("seqnic_make_model"), "{error}");
}

#[test]
fn missing_and_failing_tools_are_named() {
    let Some(toolchain) = toolchain() else { return };
    let error = toolchain.clone().with_compiler("/nowhere/c++");
    let error = error.expect_err("there is none").to_string();
    assert!(
        error.starts_with("/nowhere/c++ does not start: "),
        "{error}"
    );
    assert!(error.contains("apt-get install g++"), "{error}");

    let folder = tempfile::tempdir().expect("a folder for the test");
    let file = folder.path().join("file");
    fs::write(&file, "").expect("it can be written");
    let blocked = toolchain.clone().with_cache(file.join("cache"));
    let error =
        Model::build(&blocked, &designs::combinational()).expect_err("a file is in the way");
    assert!(error.to_string().contains("cache: "), "{error}");
    // `true` has a version and compiles nothing.
    if let Ok(idle) = toolchain
        .with_cache(folder.path().join("idle"))
        .with_compiler("true")
    {
        let error =
            Model::build(&idle, &designs::combinational()).expect_err("nothing was compiled");
        assert!(matches!(error, VerilatorError::File { .. }), "{error}");
        assert!(
            entries(&folder.path().join("idle"))
                .iter()
                .all(|name| name.starts_with("runtime"))
        );
    }
}
