//! Prints `docs/registers.md`.

fn main() {
    print!("{}", seqnic_spec::registers::registers_markdown());
}
