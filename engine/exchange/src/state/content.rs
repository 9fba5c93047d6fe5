//! The content of the state as bytes, which `docs/state.md` draws: what the
//! state hash covers and a snapshot keeps. It is what the exchange knows and
//! could not work out from the rest; indexes, sums and places in memory follow
//! from it.

use berth_domain::codec::Encode;

/// Encodes a struct as some of its fields in the order given, and reads it back
/// with the others as they are when nothing has happened yet. A field is one
/// value, or `as list` a list that nothing bounds, or `as set` one that ascends.
///
/// Where a function says how a field is encoded, how it is read back is written
/// by hand.
macro_rules! content {
    ($type:ty { $($field:ident $(as $list:ident)?),* $(,)? } $(rest { $($rest:ident: $empty:expr),* $(,)? })?) => {
        impl berth_domain::codec::Fields for $type {
            const FIELDS: &'static [&'static str] = &[ $( stringify!($field) ),* ];
        }
        impl berth_domain::codec::Encode for $type {
            fn encode(&self, out: &mut Vec<u8>) {
                $( content!(@encode self, out, $field $(, $list)?); )*
            }
        }
        impl crate::state::Recall for $type {
            fn recall(parts: &mut crate::state::Parts<'_, '_>) -> Result<Self, crate::state::Unread> {
                Ok(Self {
                    $( $field: content!(@recall parts, $field $(, $list)?), )*
                    $( $( $rest: $empty ),* )?
                })
            }
        }
        impl berth_domain::codec::Decode for $type {
            fn decode(
                input: &mut berth_domain::codec::Reader<'_>,
            ) -> Result<Self, berth_domain::codec::DecodeError> {
                let mut parts = crate::state::Parts::new(input);
                <Self as crate::state::Recall>::recall(&mut parts).map_err(|unread| unread.why)
            }
        }
    };
    (@encode $value:ident, $out:ident, $field:ident) => {
        berth_domain::codec::Encode::encode(&$value.$field, $out)
    };
    (@encode $value:ident, $out:ident, $field:ident, list) => {
        crate::state::sequence(&$value.$field, $out)
    };
    (@encode $value:ident, $out:ident, $field:ident, set) => {
        crate::state::sequence(&$value.$field, $out)
    };
    (@recall $parts:ident, $field:ident, set) => {
        $parts.set(stringify!($field))?
    };
    (@recall $parts:ident, $field:ident) => {
        $parts.get(stringify!($field))?
    };
    (@recall $parts:ident, $field:ident, list) => {
        $parts.list(stringify!($field))?
    };
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
pub(crate) fn sequence<'a, T: Encode + 'a>(
    items: impl IntoIterator<Item = &'a T, IntoIter: ExactSizeIterator>,
    out: &mut Vec<u8>,
) {
    let items = items.into_iter();
    (items.len() as u64).encode(out);
    items.for_each(|item| item.encode(out));
}
