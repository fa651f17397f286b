//! The testplan is complete: every guarantee of docs/sequencer.md and docs/int.md has tests, and these tests exist.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use toml::{Table, Value};

/// The tests in this folder are run by both engines.
const ON_BOTH_ENGINES: &str = "testbench/tests/designs/";

/// The text of a file of the workspace, if it is there.
fn read(path: &str) -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::read_to_string(root.join(path)).ok()
}

/// The guarantees of the document: name and sentence.
fn guarantees(document: &str) -> Vec<(String, String)> {
    let (_, section) = document
        .split_once("\n## Guarantees\n")
        .expect("the document has guarantees");
    let row = |line: &str| {
        let (name, sentence) = line.strip_prefix("| `")?.split_once("` | ")?;
        Some((name.into(), sentence.strip_suffix(" |")?.into()))
    };
    section.lines().filter_map(row).collect()
}

/// Whether `source` has a test of this name: a function under `#[test]`, plain or in `proptest!`, that is not
/// ignored.
fn has_test(source: &str, name: &str) -> bool {
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    let start = format!("fn {name}(");
    lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.starts_with(&start))
        .any(|(at, _)| {
            let above: Vec<&str> = lines[..at]
                .iter()
                .rev()
                .copied()
                .take_while(|line| line.starts_with("#[") || line.starts_with("//"))
                .collect();
            above.contains(&"#[test]") && !above.iter().any(|line| line.starts_with("#[ignore"))
        })
}

/// All that is wrong with a testplan, line by line; `read` gives the text of a file.
fn mistakes(plan: &str, document: &str, read: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let plan: Table = plan.parse().unwrap_or_else(|error| panic!("{error}"));
    let text = |entry: &Value, key: &str| {
        entry
            .get(key)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let list = |value: Option<&Value>| value.and_then(Value::as_array).cloned().unwrap_or_default();
    let mut promised: BTreeMap<String, String> = guarantees(document).into_iter().collect();
    let mut planned = Vec::new();
    let mut found = Vec::new();
    for entry in list(plan.get("guarantee")) {
        let name = text(&entry, "name");
        if planned.contains(&name) {
            found.push(format!("{name}: has two entries"));
            continue;
        }
        match promised.remove(&name) {
            None => found.push(format!("{name}: is no guarantee of the document")),
            Some(sentence) if sentence != text(&entry, "says") => {
                found.push(format!("{name}: the document says: {sentence}"));
            }
            Some(_) => {}
        }
        let tests = list(entry.get("tests"));
        if tests.is_empty() {
            found.push(format!("{name}: has no test"));
        }
        for test in tests.iter().map(|test| test.as_str().unwrap_or_default()) {
            let (path, function) = test.split_once("::").unwrap_or((test, ""));
            match read(path) {
                None => found.push(format!("{name}: there is no file {path}")),
                Some(source) if !has_test(&source, function) => {
                    found.push(format!("{name}: {path} has no test {function}"));
                }
                Some(_) => {}
            }
        }
        let on_verilator = tests
            .iter()
            .filter_map(Value::as_str)
            .any(|test| test.starts_with(ON_BOTH_ENGINES));
        match (on_verilator, text(&entry, "without_verilator").is_empty()) {
            (false, true) => found.push(format!(
                "{name}: has no test in {ON_BOTH_ENGINES}, and `without_verilator` does not say why"
            )),
            (true, false) => found.push(format!(
                "{name}: has a test on Verilator, and `without_verilator`"
            )),
            _ => {}
        }
        planned.push(name);
    }
    found.extend(
        promised
            .keys()
            .map(|name| format!("{name}: has no entry in the testplan")),
    );
    found
}

#[test]
fn every_guarantee_has_tests_that_exist() {
    let plan = read("testbench/testplan.toml").expect("the testplan is there");
    let mut document = read("docs/sequencer.md").expect("the document is there");
    assert!(guarantees(&document).len() > 30, "the tables are not found");
    let int = read("docs/int.md").expect("the document is there");
    let (_, int) = int
        .split_once("\n## Guarantees\n")
        .expect("it has guarantees");
    document.push_str(int);
    let found = mistakes(&plan, &document, read);
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn tests_of_designs_are_run_by_both_engines() {
    let read = |path: &str| read(path).unwrap_or_else(|| panic!("there is no file {path}"));
    let list = read("testbench/tests/designs/mod.rs");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/designs");
    let files = fs::read_dir(folder).expect("the folder is there");
    for file in files.map(|file| file.expect("it is listed").path()) {
        let name = file.file_stem().expect("it has a name").to_string_lossy();
        assert!(
            name == "mod" || list.contains(&format!("\nmod {name};\n")),
            "{name} is not listed"
        );
    }
    let builtin = read("testbench/tests/builtin.rs");
    assert!(builtin.contains("\nmod designs;\n"));
    let verilator = read("testbench/verilator/tests/verilator.rs");
    assert!(verilator.contains("\n#[path = \"../../tests/designs/mod.rs\"]\nmod designs;\n"));
}

const DOCUMENT: &str = "# Title\n\n| `no-guarantee` | A table before. |\n\n## Guarantees\n\n\
    | name | guarantee |\n|---|---|\n| `one` | It is 1. |\n| `two` | It is 2. |\n";

const SOURCE: &str = "
#[test]
fn plain() {}

proptest! {
    /// A comment.
    #[test]
    fn drawn(x in 0..9) {}
}

#[test]
#[ignore = \"slow\"]
fn ignored() {}

fn helper() {}
";

/// The mistakes of a plan with these entries: name, sentence and tests, and in each of them `more`.
fn mistakes_with(entries: &[(&str, &str, &[&str])], more: &str) -> Vec<String> {
    let entry = |(name, says, tests): &(&str, &str, &[&str])| {
        format!("[[guarantee]]\nname = {name:?}\nsays = {says:?}\ntests = {tests:?}\n{more}\n")
    };
    let plan: String = entries.iter().map(entry).collect();
    let files = ["a.rs", "testbench/tests/designs/a.rs"];
    mistakes(&plan, DOCUMENT, |path| {
        files.contains(&path).then(|| SOURCE.to_owned())
    })
}

/// The mistakes of a plan with these entries: name, sentence and tests, of which none is about hardware.
fn mistakes_of(entries: &[(&str, &str, &[&str])]) -> Vec<String> {
    mistakes_with(entries, "without_verilator = \"Nothing runs.\"")
}

#[test]
fn a_complete_plan_has_no_mistakes() {
    let entries: [(&str, &str, &[&str]); 2] = [
        ("one", "It is 1.", &["a.rs::plain"]),
        ("two", "It is 2.", &["a.rs::drawn", "a.rs::plain"]),
    ];
    assert_eq!(mistakes_of(&entries), [""; 0]);
}

#[test]
fn a_guarantee_without_an_entry_or_without_a_test_is_found() {
    assert_eq!(
        mistakes_of(&[("two", "It is 2.", &[])]),
        ["two: has no test", "one: has no entry in the testplan"]
    );
}

#[test]
fn a_guarantee_that_is_not_in_the_document_or_is_there_in_other_words_is_found() {
    let entries: [(&str, &str, &[&str]); 3] = [
        ("one", "It is one.", &["a.rs::plain"]),
        ("two", "It is 2.", &["a.rs::plain"]),
        ("no-guarantee", "A table before.", &["a.rs::plain"]),
    ];
    assert_eq!(
        mistakes_of(&entries),
        [
            "one: the document says: It is 1.",
            "no-guarantee: is no guarantee of the document"
        ]
    );
}

#[test]
fn two_entries_of_one_name_are_found() {
    let one: (&str, &str, &[&str]) = ("one", "It is 1.", &["a.rs::plain"]);
    let two: (&str, &str, &[&str]) = ("two", "It is 2.", &["a.rs::plain"]);
    assert_eq!(mistakes_of(&[one, two, one]), ["one: has two entries"]);
}

#[test]
fn tests_that_do_not_exist_are_found() {
    let two: (&str, &str, &[&str]) = ("two", "It is 2.", &["a.rs::plain"]);
    for (test, mistake) in [
        ("b.rs::plain", "one: there is no file b.rs"),
        ("a.rs::missing", "one: a.rs has no test missing"),
        ("a.rs::plai", "one: a.rs has no test plai"),
        ("a.rs::helper", "one: a.rs has no test helper"),
        ("a.rs::ignored", "one: a.rs has no test ignored"),
        ("a.rs", "one: a.rs has no test "),
    ] {
        assert_eq!(mistakes_of(&[("one", "It is 1.", &[test]), two]), [mistake]);
    }
}

#[test]
fn a_guarantee_without_a_test_on_verilator_says_why() {
    let both = "testbench/tests/designs/a.rs::plain";
    let one: (&str, &str, &[&str]) = ("one", "It is 1.", &["a.rs::plain", both]);
    let two: (&str, &str, &[&str]) = ("two", "It is 2.", &["a.rs::plain"]);
    let missing =
        "has no test in testbench/tests/designs/, and `without_verilator` does not say why";
    for no_reason in ["", "without_verilator = \"\""] {
        assert_eq!(
            mistakes_with(&[one, two], no_reason),
            [format!("two: {missing}")]
        );
    }
    assert_eq!(
        mistakes_of(&[one, two]),
        ["one: has a test on Verilator, and `without_verilator`"]
    );
}
