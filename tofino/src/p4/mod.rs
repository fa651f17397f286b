//! Programs as P4-16: printed and read back.
//!
//! What is printed is read by a parser for just this part of the language, so that the text, and not only what it was
//! made from, is known to say what it should.

mod containers;
mod lexer;
pub(crate) mod names;
mod print;
mod read;

pub use print::print;
pub use read::{ReadError, read};
