//! Who signs for the contract's operator: a key in a file, in the environment, or
//! a program that has it.

use std::env;

use berth_domain::Genesis;
use berth_settlement::chain::{Address, Key, Signer, SigningCommand};

use crate::config::Config;
use crate::fault::{Fault, While};
use crate::keys;

/// The variable that may hold the operator's secret. It is no setting: those are
/// shown.
const SECRET: &str = "BERTH_OPERATOR_SECRET";

/// Where the operator's signatures come from.
pub(super) enum Operator {
    Key(Key),
    /// A program and its arguments, for whichever account the contract names.
    Command(Vec<String>),
}

impl Operator {
    /// As it is configured. A new log may begin with a new key; one that goes on
    /// needs its own.
    pub(super) fn configured(config: &Config, known: bool) -> Result<Self, Fault> {
        let settle = &config.settle;
        if !settle.operator_command.is_empty() {
            return Ok(Self::Command(settle.operator_command.clone()));
        }
        Ok(Self::Key(match (env::var(SECRET), &settle.operator_key) {
            (Ok(_), Some(_)) => {
                return Err(Fault::CouldNotRun(format!(
                    "settle.operator_key and {SECRET} are both set: leave one out"
                )));
            }
            (Ok(secret), None) => Key::from_secret(secret.trim()).or_fault(SECRET)?,
            (Err(env::VarError::NotUnicode(_)), _) => {
                return Err(Fault::CouldNotRun(format!("{SECRET} is no secret key")));
            }
            (Err(env::VarError::NotPresent), Some(file)) => Key::read(file).or_fault("settle.operator_key")?,
            (Err(env::VarError::NotPresent), None) if known => keys::known(&config.data, "operator")?,
            (Err(env::VarError::NotPresent), None) => keys::kept(&config.data, "operator")?,
        }))
    }

    /// The signer for a contract that `operator` operates.
    pub(super) fn of(self, operator: Address) -> Result<Signer, Fault> {
        match self {
            Self::Key(key) => Ok(key.into()),
            Self::Command(words) => {
                let command = SigningCommand::new(operator, &words);
                command.map(Signer::Command).ok_or_else(|| {
                    Fault::CouldNotRun(format!(
                        "settle.operator_command cannot sign for {operator}, which is no account"
                    ))
                })
            }
        }
    }

    /// The signer for a contract that is still to be deployed.
    pub(super) fn of_new_contract(self) -> Result<Signer, Fault> {
        match self {
            Self::Key(key) => Ok(key.into()),
            Self::Command(_) => Err(Fault::CouldNotRun(
                "--contract is needed with settle.operator_command: the contract says who operates it".into(),
            )),
        }
    }

    /// The signer for a log that goes on.
    pub(super) fn of_log(self, genesis: &Genesis) -> Result<Signer, Fault> {
        let operator = Address::Account(genesis.operator.0);
        let signer = self.of(operator)?;
        if signer.address() == operator {
            return Ok(signer);
        }
        Err(Fault::CouldNotRun(format!(
            "this log is operated by {operator}, and the operator's key here is that of {}: put the log's own key back",
            signer.address()
        )))
    }
}
