//! The one error type of this program: what failed, with what, and what to do about it.

use std::fmt;
use std::io;
use std::path::Path;

/// Why a command could not be carried out, in words for the person who started it.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    what: String,
    details: Vec<String>,
    remedies: Vec<String>,
}

impl Failure {
    /// Says what failed, as a sentence without a full stop.
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), details: Vec::new(), remedies: Vec::new() }
    }

    /// Adds what it failed with: an error message, the end of a log.
    pub(crate) fn with(mut self, detail: impl fmt::Display) -> Self {
        self.details.extend(detail.to_string().trim_end().lines().map(str::to_owned));
        self
    }

    /// Adds what the person can do: a command, or a sentence.
    pub(crate) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedies.push(remedy.into());
        self
    }

    /// An operation on a file that failed.
    pub(crate) fn io(doing: &str, path: &Path, error: &io::Error) -> Self {
        Self::new(format!("could not {doing} {}", path.display())).with(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.what)?;
        for line in &self.details {
            write!(f, "\n    {line}")?;
        }
        for line in &self.remedies {
            write!(f, "\n  to do: {line}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_failed_with_what_and_what_to_do() {
        let failure =
            Failure::new("apt-get failed").with("exit 100\nno such package").remedy("apt-get update");
        assert_eq!(
            failure.to_string(),
            "apt-get failed\n    exit 100\n    no such package\n  to do: apt-get update"
        );
    }
}
