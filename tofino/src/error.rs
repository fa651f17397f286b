//! Why there is no program.

use thiserror::Error;

/// A rule that a program would break.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{pattern}: rule {rule}: {figure}; {limit}; {fix}", pattern = self.pattern.as_deref().unwrap_or("tofino"))]
pub struct Refusal {
    /// The pattern that was tried.
    pub pattern: Option<String>,
    /// The name of the rule.
    pub rule: &'static str,
    /// What the program takes.
    pub figure: String,
    /// What there is.
    pub limit: String,
    /// What to change.
    pub fix: String,
}

impl Refusal {
    /// A refusal that no pattern is to blame for.
    pub fn new(
        rule: &'static str,
        figure: impl Into<String>,
        limit: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            pattern: None,
            rule,
            figure: figure.into(),
            limit: limit.into(),
            fix: fix.into(),
        }
    }
}
