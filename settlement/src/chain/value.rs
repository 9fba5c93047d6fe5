//! Values as contracts take and give them.

use berth_wire::domain::Stroops;
use stellar_xdr::{HostFunction, Int128Parts, InvokeContractArgs, ScBytes, ScMap, ScMapEntry, ScSymbol, ScVal, ScVec};
use thiserror::Error;

use super::Address;

/// A value that is not what the contract's interface promises.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the contract gave {found} where {expected} belongs")]
pub struct ValueError {
    expected: &'static str,
    found: String,
}

impl ValueError {
    /// `found` where `expected` belongs.
    #[must_use]
    pub fn new(expected: &'static str, found: &ScVal) -> Self {
        Self { expected, found: format!("{found:?}").chars().take(120).collect() }
    }
}

/// The call of a contract's function. The function's name has at most 32
/// characters.
#[must_use]
pub fn call(contract: Address, function: &'static str, args: Vec<ScVal>) -> HostFunction {
    HostFunction::InvokeContract(InvokeContractArgs {
        contract_address: contract.to_xdr(),
        function_name: ScSymbol(function.try_into().expect("a function's name fits in a symbol")),
        args: args.try_into().expect("a call has few arguments"),
    })
}

/// An address.
#[must_use]
pub fn address(address: Address) -> ScVal {
    ScVal::Address(address.to_xdr())
}

/// An amount, as the 128 bits that tokens count in.
#[must_use]
pub fn amount(stroops: Stroops) -> ScVal {
    // Never negative, so the upper half is always zero.
    ScVal::I128(Int128Parts { hi: 0, lo: stroops.get().unsigned_abs() })
}

/// A signature.
#[must_use]
pub fn signature(bytes: [u8; 64]) -> ScVal {
    ScVal::Bytes(ScBytes(bytes.to_vec().try_into().expect("64 bytes are within the limit")))
}

/// A structure, of its fields in any order. Their names have at most 32 characters.
#[must_use]
pub fn structure(mut fields: Vec<(&'static str, ScVal)>) -> ScVal {
    // The network knows one order only.
    fields.sort_by_key(|(name, _)| *name);
    let entry = |(name, val): (&'static str, ScVal)| ScMapEntry {
        key: ScVal::Symbol(ScSymbol(name.try_into().expect("a field's name fits in a symbol"))),
        val,
    };
    let entries: Vec<_> = fields.into_iter().map(entry).collect();
    ScVal::Map(Some(ScMap(entries.try_into().expect("a structure has few fields"))))
}

/// Bytes of fixed length.
#[must_use]
pub fn bytes(bytes: [u8; 32]) -> ScVal {
    ScVal::Bytes(ScBytes(bytes.to_vec().try_into().expect("32 bytes are within the limit")))
}

/// A vector. At most a few thousand elements fit into a transaction.
#[must_use]
pub fn vector(values: Vec<ScVal>) -> ScVal {
    ScVal::Vec(Some(ScVec(values.try_into().expect("a vector's length fits in 32 bits"))))
}

/// Reads an address.
///
/// # Errors
/// When it is something else.
pub fn to_address(value: &ScVal) -> Result<Address, ValueError> {
    match value {
        ScVal::Address(address) => Address::from_xdr(address),
        _ => None,
    }
    .ok_or_else(|| ValueError::new("an address", value))
}

/// Reads an amount of 0 to 2⁶³ − 1 stroops: the supply of any Stellar asset is
/// within that.
///
/// # Errors
/// When it is something else, negative or larger.
pub fn to_amount(value: &ScVal) -> Result<Stroops, ValueError> {
    match value {
        ScVal::I128(Int128Parts { hi: 0, lo }) => i64::try_from(*lo).ok().and_then(Stroops::new),
        _ => None,
    }
    .ok_or_else(|| ValueError::new("an amount", value))
}

/// Reads a limit that somebody signed: an amount, of which all that is more than
/// there can be is the most that there can be.
///
/// # Errors
/// When it is something else, or negative.
pub fn to_limit(value: &ScVal) -> Result<Stroops, ValueError> {
    match value {
        ScVal::I128(Int128Parts { hi, lo }) if *hi > 0 || (*hi == 0 && i64::try_from(*lo).is_err()) => Ok(Stroops::MAX),
        value => to_amount(value),
    }
}

/// Reads a 64-bit number.
///
/// # Errors
/// When it is something else.
pub fn to_u64(value: &ScVal) -> Result<u64, ValueError> {
    match value {
        ScVal::U64(number) => Ok(*number),
        other => Err(ValueError::new("a 64-bit number", other)),
    }
}

/// Reads a 32-bit number.
///
/// # Errors
/// When it is something else.
pub fn to_u32(value: &ScVal) -> Result<u32, ValueError> {
    match value {
        ScVal::U32(number) => Ok(*number),
        other => Err(ValueError::new("a 32-bit number", other)),
    }
}

/// Reads yes or no.
///
/// # Errors
/// When it is something else.
pub fn to_bool(value: &ScVal) -> Result<bool, ValueError> {
    match value {
        ScVal::Bool(yes) => Ok(*yes),
        other => Err(ValueError::new("yes or no", other)),
    }
}

/// Reads 32 bytes.
///
/// # Errors
/// When it is something else.
pub fn to_bytes(value: &ScVal) -> Result<[u8; 32], ValueError> {
    match value {
        ScVal::Bytes(ScBytes(bytes)) => bytes.as_slice().try_into().ok(),
        _ => None,
    }
    .ok_or_else(|| ValueError::new("32 bytes", value))
}

/// Reads a symbol.
///
/// # Errors
/// When it is something else.
pub fn to_symbol(value: &ScVal) -> Result<String, ValueError> {
    match value {
        ScVal::Symbol(symbol) => Ok(symbol.to_utf8_string_lossy()),
        other => Err(ValueError::new("a symbol", other)),
    }
}

/// Reads the elements of a vector.
///
/// # Errors
/// When it is something else.
pub fn to_vector(value: &ScVal) -> Result<&[ScVal], ValueError> {
    match value {
        ScVal::Vec(Some(ScVec(values))) => Ok(values.as_slice()),
        other => Err(ValueError::new("a vector", other)),
    }
}

/// What may be absent.
#[must_use]
pub fn present(value: &ScVal) -> Option<&ScVal> {
    match value {
        ScVal::Void => None,
        value => Some(value),
    }
}

/// The field `name` of a structure.
///
/// # Errors
/// When the value is no structure, or has no such field.
pub fn field<'a>(value: &'a ScVal, name: &'static str) -> Result<&'a ScVal, ValueError> {
    let ScVal::Map(Some(ScMap(entries))) = value else {
        return Err(ValueError::new("a structure", value));
    };
    let named = |key: &ScVal| matches!(key, ScVal::Symbol(symbol) if symbol.as_slice() == name.as_bytes());
    entries.iter().find(|entry| named(&entry.key)).map(|entry| &entry.val).ok_or_else(|| ValueError::new(name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_survive_the_chains_form() {
        for stroops in [0, 1, i64::MAX] {
            let stroops = Stroops::new(stroops).unwrap();
            assert_eq!(to_amount(&amount(stroops)), Ok(stroops));
        }
        assert_eq!(to_bytes(&bytes([3; 32])), Ok([3; 32]));
        let who = Address::Contract([4; 32]);
        assert_eq!(to_address(&address(who)), Ok(who));
    }

    #[test]
    fn an_amount_below_zero_or_beyond_64_bits_is_none() {
        for (hi, lo) in [(-1, u64::MAX), (1, 0), (0, 1 << 63)] {
            assert!(to_amount(&ScVal::I128(Int128Parts { hi, lo })).is_err(), "{hi} {lo}");
        }
    }
}
