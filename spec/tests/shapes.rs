//! TOML whose values are of the wrong kind or whose keys are not known.

use seqnic_spec::Config;

#[test]
fn text_of_another_shape_is_refused_with_file_line_and_column() {
    for (text, expected) in [
        (
            "name = \"a\"\n[history]\nrowz = 16\n",
            "bad.toml:3:1: history.rowz = 16: is not a known key; there are rows, row, field, requires, storage",
        ),
        (
            "[spray]\ncores = \"many\"\n",
            "bad.toml:2:9: spray.cores = \"many\": must be a whole number, 0 or more and of at most 64 bits; \
             write it as 16 or 0x10",
        ),
        (
            "[spray]\n  cores = -1\n",
            "bad.toml:2:11: spray.cores = -1: must be a whole number, 0 or more and of at most 64 bits; \
             write it as 16 or 0x10",
        ),
        (
            "history.rows = 1.5",
            "bad.toml:1:16: history.rows = 1.5: must be a whole number, 0 or more and of at most 64 bits; \
             write it as 16 or 0x10",
        ),
        (
            "history.rows = 0x10000000000000000",
            "bad.toml:1:16: history.rows = 0x10000000000000000: must be a whole number, 0 or more and of at most 64 bits; \
             write it as 16 or 0x10",
        ),
        (
            "name = 5",
            "bad.toml:1:8: name = 5: must be a text; put it in quotes",
        ),
        (
            "spray.control = \"yes\"",
            "bad.toml:1:17: spray.control = \"yes\": must be true or false; write one of the two without quotes",
        ),
        (
            "history.requires = \"tcp\"",
            "bad.toml:1:20: history.requires = \"tcp\": must be a list; write it as [\"tcp\"]",
        ),
        (
            "int.source_only = [1, \"two\"]",
            "bad.toml:1:23: int.source_only[1] = \"two\": must be a whole number, 0 or more and of at most 64 bits; \
             write it as 16 or 0x10",
        ),
        (
            "int.instructions = \"node-id\"",
            "bad.toml:1:20: int.instructions = \"node-id\": must be a list of names or a bitmap; \
             write it as [\"node-id\"] or 0x8000",
        ),
        (
            "prefix.section = [{ kind = \"padding\", align_bytes = true }]",
            "bad.toml:1:53: prefix.section[0].align_bytes = true: must be a number of bytes or a name; \
             write it as 64 or \"bus\"",
        ),
        (
            "speed = 5",
            "bad.toml:1:1: speed = 5: is not a known key; there are name, bus, history, prefix, spray, timestamp, pipeline, \
             flowradar, int",
        ),
        (
            "history.field = [{ bytes = 4 }]",
            "bad.toml:1:18: history.field[0] = { bytes = 4 }: needs the key source; add it",
        ),
        (
            "[prefix]\nsection = [{ kind = \"rows\", length = 4 }]",
            "bad.toml:2:29: prefix.section[0].length = 4: is not a known key; there are kind, bytes, order, align_bytes",
        ),
        ("[bus\n", "bad.toml:1:5: unclosed table, expected `]`"),
    ] {
        let error = Config::from_toml_str(text, "bad.toml").unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert!(error.refusal().is_none());
    }
}

#[test]
fn an_array_is_not_taken_for_a_table() {
    for (text, message) in [
        (
            "bus = [128, 32]",
            "bad.toml:1:7: bus = [128, 32]: must be a table; write [bus] and its keys below it, as in examples/",
        ),
        (
            "history.field = [[\"a\", \"ipv4.source\"]]",
            "bad.toml:1:18: history.field[0] = [\"a\", \"ipv4.source\"]: must be a table; \
             write [[history.field]] and its keys below it, as in examples/",
        ),
        (
            "flowradar.export = [\"02:00:00:00:00:01\"]",
            "bad.toml:1:20: flowradar.export = [\"02:00:00:00:00:01\"]: must be a table; \
             write [flowradar.export] and its keys below it, as in examples/",
        ),
        (
            "[int]\nwatch = [[4]]",
            "bad.toml:2:10: int.watch[0] = [4]: must be a table; write [[int.watch]] and its keys below it, as in examples/",
        ),
        (
            "[int.watch]\nip_version = 4",
            "bad.toml:1:1: int.watch = a table: must be a list; write [[int.watch]]",
        ),
        (
            "spray = 5",
            "bad.toml:1:9: spray = 5: must be a table; write [spray] and its keys below it, as in examples/",
        ),
    ] {
        let error = Config::from_toml_str(text, "bad.toml").expect_err(text);
        assert_eq!(error.to_string(), message);
    }
}
