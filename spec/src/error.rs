//! Why a configuration is refused.

use std::fmt::Display;
use std::ops::Range;

use thiserror::Error;

/// A configuration that cannot be used, and why.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SpecError {
    /// The text is not TOML, or has a key or a type that no configuration has.
    #[error("{origin}:{line}:{column}: {message}")]
    Syntax {
        /// The file that the text comes from.
        origin: String,
        /// The line of the mistake, counted from 1.
        line: usize,
        /// The column of the mistake in characters, counted from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// A value is outside its limits.
    #[error("{}{refusal}", place(.origin))]
    Refused {
        /// The file that the value comes from, when it is known.
        origin: Option<String>,
        /// The value, the limit and the fix.
        refusal: Refusal,
    },
}

/// One value outside its limits.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{key} = {value}: {limit}; {fix}")]
pub struct Refusal {
    /// The path of the key, as in `history.field[2].bytes`.
    pub key: String,
    /// The value, written as in TOML.
    pub value: String,
    /// The limit that it breaks.
    pub limit: String,
    /// What to write instead.
    pub fix: String,
}

/// A text that does not stand for a value, before it is known which key it is for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{value:?}: {limit}; {fix}")]
pub struct ValueError {
    /// The text.
    pub value: String,
    /// The rule that it breaks.
    pub limit: String,
    /// What to write instead.
    pub fix: String,
}

impl SpecError {
    /// Refuses `value` for `key`.
    pub(crate) fn refused(
        key: impl Into<String>,
        value: impl Display,
        limit: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        let refusal = Refusal {
            key: key.into(),
            value: value.to_string(),
            limit: limit.into(),
            fix: fix.into(),
        };
        Self::Refused {
            origin: None,
            refusal,
        }
    }

    /// Keeps what the reader says, with the place in `text`.
    pub(crate) fn syntax(
        span: Option<Range<usize>>,
        message: &str,
        text: &str,
        origin: &str,
    ) -> Self {
        let start = span.map_or(0, |span| span.start);
        let before = text.get(..start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self::Syntax {
            origin: origin.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: message.replace('\n', "; "),
        }
    }

    /// The same refusal, naming the file that the value comes from.
    #[must_use]
    pub fn in_file(self, file: &str) -> Self {
        match self {
            Self::Refused { refusal, .. } => Self::Refused {
                origin: Some(file.to_owned()),
                refusal,
            },
            syntax @ Self::Syntax { .. } => syntax,
        }
    }

    /// The refused value, unless the text could not be read at all.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused { refusal, .. } => Some(refusal),
            Self::Syntax { .. } => None,
        }
    }
}

impl ValueError {
    /// Refuses `value`.
    pub(crate) fn new(value: &str, limit: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            value: value.to_owned(),
            limit: limit.into(),
            fix: fix.into(),
        }
    }

    /// The refusal of this text as the value of `key`.
    pub(crate) fn at(self, key: impl Into<String>) -> SpecError {
        SpecError::refused(key, format!("{:?}", self.value), self.limit, self.fix)
    }
}

/// What stands before a refusal: the file, when it is known.
fn place(origin: &Option<String>) -> String {
    origin
        .as_ref()
        .map_or_else(String::new, |file| format!("{file}: "))
}
