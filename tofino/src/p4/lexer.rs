//! From text to tokens.

use std::fmt;

use super::containers::PRAGMA;

/// A piece of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    /// A name or a keyword.
    Word(String),
    /// A number, with its width if that is written.
    Number(Option<usize>, u64),
    /// Anything else.
    Mark(&'static str),
}

/// A token and the line that it is in, from 1.
pub type Placed = (Token, usize);

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => f.write_str(word),
            Self::Number(Some(bits), value) => write!(f, "{bits}w{value}"),
            Self::Number(None, value) => write!(f, "{value}"),
            Self::Mark(mark) => f.write_str(mark),
        }
    }
}

/// The marks, the longer ones first.
const MARKS: [&str; 27] = [
    "!=", "&&&", "|-|", "&&", "&", "~", "==", "++", "{", "}", "(", ")", "[", "]", "<", ">", "=",
    ";", ":", ",", ".", "+", "-", "@", "#", "^", "|",
];

/// All tokens of a text, or the line with something that is none.
pub fn tokens(text: &str) -> Result<Vec<Placed>, usize> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        // It follows from the program.
        if line.starts_with(PRAGMA) {
            continue;
        }
        let line = line.split("//").next().unwrap_or(line);
        let mut rest = line.trim_start();
        while !rest.is_empty() {
            let (token, length) = next(rest).ok_or(number + 1)?;
            found.push((token, number + 1));
            rest = rest[length..].trim_start();
        }
    }
    Ok(found)
}

fn next(text: &str) -> Option<(Token, usize)> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let length = text.find(|c| !word(c)).unwrap_or(text.len());
    if length > 0 {
        let text = &text[..length];
        let token = match text.starts_with(|c: char| c.is_ascii_digit()) {
            true => number(text)?,
            false => Token::Word(text.to_owned()),
        };
        return Some((token, length));
    }
    let mark = MARKS.into_iter().find(|mark| text.starts_with(mark))?;
    Some((Token::Mark(mark), mark.len()))
}

fn number(text: &str) -> Option<Token> {
    let (bits, digits) = match text.split_once('w') {
        Some((bits, digits)) => (Some(bits.parse().ok()?), digits),
        None => (None, text),
    };
    let value = match digits.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => digits.parse(),
    };
    Some(Token::Number(bits, value.ok()?))
}
