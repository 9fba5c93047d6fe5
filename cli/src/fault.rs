//! How a verb ends when it does not end well: in words for a person and an exit
//! code for a script.

use std::fmt::Display;
use std::process::ExitCode;

use thiserror::Error;

/// Why a verb did not end well.
#[derive(Debug, Error)]
pub(crate) enum Fault {
    /// The exchange refused, or an audit found something: exit code 1.
    #[error("{0}")]
    Refused(String),
    /// It could not run: bad usage, nobody there, a broken file. Exit code 2.
    #[error("{0}")]
    CouldNotRun(String),
}

impl Fault {
    /// It could not run, because of `cause`, while it was doing `what`.
    pub(crate) fn while_doing(what: &str, cause: impl Display) -> Self {
        Self::CouldNotRun(format!("{what}: {cause}"))
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Refused(_) => ExitCode::from(1),
            Self::CouldNotRun(_) => ExitCode::from(2),
        }
    }
}

/// Adds to an error what was being done.
pub(crate) trait While<T> {
    fn or_fault(self, what: &str) -> Result<T, Fault>;
}

impl<T, E: Display> While<T> for Result<T, E> {
    fn or_fault(self, what: &str) -> Result<T, Fault> {
        self.map_err(|cause| Fault::while_doing(what, cause))
    }
}
