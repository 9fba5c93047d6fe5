//! The content of the state as bytes, which `docs/state.md` draws: what the
//! state hash covers and a snapshot keeps. It is what the exchange knows and
//! could not work out from the rest; indexes, sums and places in memory follow
//! from it.

use berth_domain::codec::Encode;

/// Encodes a struct as some of its fields in the order given, each by itself or
/// as a function says.
macro_rules! content {
    ($type:ty { $($field:ident $(with $encode:expr)?),* $(,)? }) => {
        impl berth_domain::codec::Fields for $type {
            const FIELDS: &'static [&'static str] = &[ $( stringify!($field) ),* ];
        }
        impl berth_domain::codec::Encode for $type {
            fn encode(&self, out: &mut Vec<u8>) {
                $( content!(@field self, out, $field $(, $encode)?); )*
            }
        }
    };
    (@field $value:ident, $out:ident, $field:ident) => {
        berth_domain::codec::Encode::encode(&$value.$field, $out)
    };
    (@field $value:ident, $out:ident, $field:ident, $encode:expr) => {{
        let encode: fn(&Self, &mut Vec<u8>) = $encode;
        encode($value, $out);
    }};
}
pub(super) use content;

/// Encodes a list that nothing bounds: a `u64` count, then its items.
pub(super) fn sequence<'a, T: Encode + 'a>(
    items: impl IntoIterator<Item = &'a T, IntoIter: ExactSizeIterator>,
    out: &mut Vec<u8>,
) {
    let items = items.into_iter();
    (items.len() as u64).encode(out);
    items.for_each(|item| item.encode(out));
}
