//! Configurations: the bytes are TOML.

use seqnic_spec::Config;

/// A configuration is refused in words that name its file, or keeps its limits and reads back from
/// its echo.
pub fn check(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let config = match Config::from_toml_str(text, "FILE") {
        Ok(config) => config,
        Err(error) => {
            let said = error.to_string();
            assert!(said.starts_with("FILE:"), "{said}");
            return;
        }
    };
    assert!(config.prefix_bytes() <= 32_768);
    assert!(config.row().bytes() <= 64 && config.rows() <= 256);
    assert!((1..=256).contains(&config.cores()));
    assert!(config.rows() == 0 || config.rows() + 1 >= config.cores());

    let echo = config.to_toml();
    match Config::from_toml_str(&echo, "ECHO") {
        Ok(again) => {
            assert_eq!(again, config, "{echo}");
            assert_eq!(again.to_toml(), echo);
        }
        Err(error) => panic!("{error}\n{echo}"),
    }
}
