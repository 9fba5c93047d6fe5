//! Every live contract, compiled.
//!
//! Validators keep this cache, and the metering knows it: calling a contract is
//! charged for instantiating a compiled module, not for compiling it.

use crate::Error;
use crate::settings::PROTOCOL;
use crate::state::{Slot, Writes};
use soroban_env_host::budget::{AsBudget, Budget};
use soroban_env_host::{CompilationContext, ErrorHandler, HostError, ModuleCache, Val};
use std::sync::Arc;
use stellar_xdr::LedgerEntryData;

#[derive(Clone)]
pub(crate) struct Modules(ModuleCache);

impl Modules {
    /// The cache of the code among `slots`.
    pub(crate) fn new<'a>(slots: impl Iterator<Item = &'a Arc<Slot>>) -> Result<Self, Error> {
        let modules = Self(ModuleCache::new(&Unmetered(Budget::default()))?);
        for slot in slots {
            modules.compile(slot)?;
        }
        Ok(modules)
    }

    /// Compiles what a ledger uploaded. As on a validator, it is in the cache
    /// from the next ledger on.
    pub(crate) fn compile_new(&self, writes: &Writes) -> Result<(), Error> {
        writes.values().flatten().try_for_each(|slot| self.compile(slot))
    }

    pub(crate) fn cache(&self) -> ModuleCache {
        self.0.clone()
    }

    fn compile(&self, slot: &Slot) -> Result<(), Error> {
        let LedgerEntryData::ContractCode(code) = &slot.entry.data else { return Ok(()) };
        if !self.0.contains_module(&code.hash)? {
            let context = Unmetered(Budget::default());
            self.0.parse_and_cache_module_simple(&context, PROTOCOL, code.code.as_slice())?;
        }
        Ok(())
    }
}

/// The uploader has paid for compiling; here it is done for the ledger.
#[derive(Clone)]
struct Unmetered(Budget);

impl AsBudget for Unmetered {
    fn as_budget(&self) -> &Budget {
        &self.0
    }
}

impl ErrorHandler for Unmetered {
    fn map_err<T, E>(&self, result: Result<T, E>) -> Result<T, HostError>
    where
        soroban_env_host::Error: From<E>,
        E: std::fmt::Debug,
    {
        result.map_err(|error| HostError::from(soroban_env_host::Error::from(error)))
    }

    fn error(&self, error: soroban_env_host::Error, _message: &str, _arguments: &[Val]) -> HostError {
        HostError::from(error)
    }
}

impl CompilationContext for Unmetered {}
