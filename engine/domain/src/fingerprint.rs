//! A short, fast stand-in for a value's canonical bytes.

/// 64 bits that stand for canonical bytes, the same on every machine.
///
/// It tells whether a repeated client id brings the same content again. It is
/// no defence: who tries finds two contents with one fingerprint, and is then
/// answered the first one's outcome for the second. Nobody else is touched.
///
/// With `fold(a, b)` the low half of the 128-bit product `a × b` exclusive-or
/// its high half, and the bytes cut into little-endian 64-bit words, the last
/// two filled up with zeros so that their number is even:
///
/// ```text
/// h = fold(length ^ K0, K1)
/// h = fold(h ^ u, v ^ K2)          for each pair of words u, v
/// fingerprint = fold(h ^ K3, K1)
/// ```
///
/// `K0` … `K3` are the first 256 bits of the fraction of π.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub u64);

const K: [u64; 4] = [0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344, 0xa409_3822_299f_31d0, 0x082e_fa98_ec4e_6c89];

impl Fingerprint {
    /// The fingerprint of these bytes.
    #[inline]
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(hash_with(&K, bytes.len() as u64, bytes))
    }
}

/// The formula of [`Fingerprint`] with other numbers in place of `K`, and of the
/// length. With secret numbers nobody finds contents that share a hash, as long
/// as no hash is shown.
#[inline]
#[must_use]
pub fn hash_with(key: &[u64; 4], seed: u64, bytes: &[u8]) -> u64 {
    let mut h = fold(seed ^ key[0], key[1]);
    let (pairs, rest) = bytes.as_chunks::<16>();
    for pair in pairs {
        h = step(h, pair, key[2]);
    }
    if !rest.is_empty() {
        let mut last = [0; 16];
        last[..rest.len()].copy_from_slice(rest);
        h = step(h, &last, key[2]);
    }
    fold(h ^ key[3], key[1])
}

#[inline]
fn step(h: u64, pair: &[u8; 16], key: u64) -> u64 {
    let word = u128::from_le_bytes(*pair);
    fold(h ^ word as u64, (word >> 64) as u64 ^ key)
}

#[inline]
const fn fold(a: u64, b: u64) -> u64 {
    let product = a as u128 * b as u128;
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_formula_gives_these_values_for_ever() {
        let counted: Vec<u8> = (0..=255).collect();
        for (bytes, expected) in VECTORS {
            let bytes = bytes.unwrap_or(&counted);
            assert_eq!(Fingerprint::of(bytes).0, *expected, "{bytes:?}");
        }
    }

    const VECTORS: &[(Option<&[u8]>, u64)] = &[
        (Some(b""), 0x1ea1_fa4d_0ce5_b6e3),
        (Some(b"\0"), 0x6070_a907_22b7_5e2b),
        (Some(b"order"), 0xf0f2_e7f8_2ba6_8afc),
        (Some(b"0123456789abcdef"), 0xd075_8310_7a43_1daa),
        (Some(b"0123456789abcdefg"), 0x1be4_15c5_2340_204d),
        (None, 0xb77c_c8f8_ba18_b2cf),
    ];

    proptest! {
        #[test]
        fn a_change_of_one_bit_or_of_the_length_changes_it(
            bytes in proptest::collection::vec(any::<u8>(), 1..80), at in any::<prop::sample::Index>(), bit in 0..8,
        ) {
            let mut other = bytes.clone();
            other[at.index(bytes.len())] ^= 1_u8 << bit;
            prop_assert_ne!(Fingerprint::of(&bytes), Fingerprint::of(&other));
            let mut longer = bytes.clone();
            longer.push(0);
            prop_assert_ne!(Fingerprint::of(&bytes), Fingerprint::of(&longer));
        }
    }
}
