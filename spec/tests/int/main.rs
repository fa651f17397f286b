//! The INT node's configuration, its headers and its sideband, against bytes and texts by hand.

mod config;
mod headers;
mod refusals;
mod sideband;

use seqnic_spec::Config;
use seqnic_spec::int::Int;

const WATCH: &str = "[[int.watch]]";

fn node(text: &str) -> Int {
    let text = format!("bus.tuser_bits = 512\n[int]\n{text}");
    let config = Config::from_toml_str(&text, "test").unwrap_or_else(|error| panic!("{error}"));
    config.int().unwrap().clone()
}

fn refusal(text: &str) -> String {
    let text = format!("bus.tuser_bits = 512\n[int]\n{text}");
    Config::from_toml_str(&text, "f").unwrap_err().to_string()
}
