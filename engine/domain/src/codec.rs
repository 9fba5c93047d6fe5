//! The canonical encoding: explicit, versioned, little-endian.
//!
//! Logs are kept for ever and are read by other languages, so the layout is
//! written down in `docs/journal.md` and never depends on how the compiler
//! lays out memory. Integers are little-endian and fixed in width; a list is a
//! `u16` count and its items; an option is one byte and then perhaps its value;
//! an enum is its tag and then its fields in the order of their declaration.
//! One value has exactly one encoding: decoding refuses every other byte
//! string, so a hash over the bytes is a hash over the value.

mod run;

use thiserror::Error;

pub(crate) use run::{Run, field_width, width, width_of};

/// Why bytes are not the canonical encoding of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// The input ends inside a value.
    #[error("the input ends inside a value")]
    Truncated,
    /// Bytes are left over behind the value.
    #[error("{0} bytes are left over")]
    Trailing(usize),
    /// A tag that names no variant.
    #[error("tag {tag} names no variant of {of}")]
    Tag {
        /// The type that was being read.
        of: &'static str,
        /// The tag found.
        tag: u16,
    },
    /// A value outside the range of its type.
    #[error("a value is outside the range of {0}")]
    Range(&'static str),
}

/// Writes the canonical bytes of a value.
pub trait Encode {
    /// How many bytes each value takes, where they all take as many; otherwise
    /// zero.
    #[must_use]
    #[inline(always)]
    fn width() -> usize
    where
        Self: Sized,
    {
        0
    }

    /// Appends the canonical bytes to `out`.
    fn encode(&self, out: &mut Vec<u8>);

    /// Appends a tag and behind it the canonical bytes.
    #[inline]
    fn encode_behind(&self, tag: u16, out: &mut Vec<u8>) {
        tag.encode(out);
        self.encode(out);
    }

    /// Writes the canonical bytes to the front of `at`, which has room for them.
    ///
    /// # Panics
    /// When there is no room, or when the type has no [`Encode::width`].
    fn put(&self, at: &mut [u8]) {
        let _ = at;
        unreachable!("only what has a width is put");
    }

    /// The canonical bytes as a fresh vector.
    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode(&mut out);
        out
    }
}

/// Reads a value back from its canonical bytes.
pub trait Decode: Sized {
    /// Takes one value from the front of `input`.
    ///
    /// # Errors
    /// When the bytes are not the canonical encoding of a value.
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError>;

    /// Reads exactly one value from `bytes`, with nothing left over.
    ///
    /// # Errors
    /// When the bytes are not the canonical encoding of one value.
    fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut input = Reader::new(bytes);
        let value = Self::decode(&mut input)?;
        input.finish()?;
        Ok(value)
    }
}

/// A struct whose encoding is its fields, one after the other.
pub trait Fields {
    /// Their names, in the order of the encoding.
    const FIELDS: &'static [&'static str];
}

/// A cursor over bytes that may be hostile.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    #[inline]
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// How many bytes are left.
    #[inline]
    #[must_use]
    pub const fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// Takes the next `n` bytes.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] when fewer are left.
    #[inline]
    pub fn take(&mut self, n: usize) -> Result<&'a [u8], DecodeError> {
        let (head, rest) = self.rest.split_at_checked(n).ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(head)
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`DecodeError::Trailing`] when bytes are left.
    #[inline]
    pub const fn finish(&self) -> Result<(), DecodeError> {
        if self.rest.is_empty() { Ok(()) } else { Err(DecodeError::Trailing(self.rest.len())) }
    }
}

macro_rules! integers {
    ($($int:ty),*) => {$(
        impl Encode for $int {
            #[inline(always)]
            fn width() -> usize {
                size_of::<$int>()
            }

            #[inline]
            fn encode(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }

            #[inline]
            fn put(&self, at: &mut [u8]) {
                at[..size_of::<$int>()].copy_from_slice(&self.to_le_bytes());
            }
        }
        impl Decode for $int {
            #[inline]
            fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
                let bytes = input.take(size_of::<$int>())?;
                Ok(<$int>::from_le_bytes(bytes.try_into().expect("take gives the length asked for")))
            }
        }
    )*};
}
integers!(u8, u16, u32, u64, u128, i32, i64);

impl Encode for bool {
    #[inline(always)]
    fn width() -> usize {
        1
    }

    #[inline]
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    #[inline]
    fn put(&self, at: &mut [u8]) {
        at[0] = u8::from(*self);
    }
}

impl Decode for bool {
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match u8::decode(input)? {
            0 => Ok(false),
            1 => Ok(true),
            tag => Err(DecodeError::Tag { of: "bool", tag: tag.into() }),
        }
    }
}

impl<const N: usize> Encode for [u8; N] {
    #[inline(always)]
    fn width() -> usize {
        N
    }

    #[inline]
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }

    #[inline]
    fn put(&self, at: &mut [u8]) {
        at[..N].copy_from_slice(self);
    }
}

impl<const N: usize> Decode for [u8; N] {
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(input.take(N)?.try_into().expect("take gives the length asked for"))
    }
}

impl<T: Encode> Encode for Option<T> {
    #[inline]
    fn encode(&self, out: &mut Vec<u8>) {
        self.is_some().encode(out);
        if let Some(value) = self {
            value.encode(out);
        }
    }
}

impl<T: Decode> Decode for Option<T> {
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        if bool::decode(input)? { T::decode(input).map(Some) } else { Ok(None) }
    }
}

impl<A: Encode, B: Encode> Encode for (A, B) {
    #[inline]
    fn encode(&self, out: &mut Vec<u8>) {
        self.0.encode(out);
        self.1.encode(out);
    }
}

impl<A: Decode, B: Decode> Decode for (A, B) {
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok((A::decode(input)?, B::decode(input)?))
    }
}

impl<T: Encode> Encode for Vec<T> {
    #[inline]
    fn encode(&self, out: &mut Vec<u8>) {
        let count = u16::try_from(self.len()).expect("lists are bounded far below 65,536 where they are parsed");
        count.encode(out);
        for item in self {
            item.encode(out);
        }
    }
}

impl<T: Decode> Decode for Vec<T> {
    #[inline]
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let count = usize::from(u16::decode(input)?);
        // No item is empty, so a count beyond the bytes left is a lie that
        // must not become an allocation.
        if count > input.remaining() {
            return Err(DecodeError::Truncated);
        }
        (0..count).map(|_| T::decode(input)).collect()
    }
}

/// Encodes a struct as its fields in the order given.
macro_rules! codec_struct {
    ($name:ty { $($field:ident),* $(,)? }) => {
        impl $crate::codec::Fields for $name {
            const FIELDS: &'static [&'static str] = &[ $( stringify!($field) ),* ];
        }
        impl $crate::codec::Encode for $name {
            #[inline(always)]
            fn width() -> usize {
                $crate::codec::width_of(&[ $( $crate::codec::field_width(|it: &Self| &it.$field) ),* ])
            }

            fn encode(&self, out: &mut Vec<u8>) {
                let Self { $($field),* } = self;
                let mut run = $crate::codec::Run::new();
                $( run.add($field, out); )*
                run.end(out);
            }

            fn encode_behind(&self, tag: u16, out: &mut Vec<u8>) {
                let Self { $($field),* } = self;
                let mut run = $crate::codec::Run::new();
                run.add(&tag, out);
                $( run.add($field, out); )*
                run.end(out);
            }

            #[inline]
            fn put(&self, at: &mut [u8]) {
                let Self { $($field),* } = self;
                let _ = &at;
                $( let (here, at) = at.split_at_mut($crate::codec::width(&$field)); $crate::codec::Encode::put($field, here); )*
                let _ = at;
            }
        }
        impl $crate::codec::Decode for $name {
            fn decode(input: &mut $crate::codec::Reader<'_>) -> Result<Self, $crate::codec::DecodeError> {
                let _ = &input;
                Ok(Self { $( $field: $crate::codec::Decode::decode(input)? ),* })
            }
        }
    };
}

/// Declares an enum without fields, encoded as one byte, with its outside name.
macro_rules! codec_names {
    ($(#[$meta:meta])* pub enum $name:ident { $( $(#[$doc:meta])* $variant:ident = $tag:literal $text:literal ),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $( $(#[$doc])* $variant = $tag ),* }

        impl $name {
            /// Every variant, in the order of the tags.
            pub const ALL: &'static [Self] = &[ $( Self::$variant ),* ];

            /// The name that the outside uses.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $text ),* }
            }

            /// The variant of an outside name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $( $text => Some(Self::$variant), )* _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::codec::Encode for $name {
            #[inline(always)]
            fn width() -> usize {
                1
            }

            #[inline]
            fn encode(&self, out: &mut Vec<u8>) {
                out.push(*self as u8);
            }

            #[inline]
            fn put(&self, at: &mut [u8]) {
                at[0] = *self as u8;
            }
        }

        impl $crate::codec::Decode for $name {
            #[inline]
            fn decode(input: &mut $crate::codec::Reader<'_>) -> Result<Self, $crate::codec::DecodeError> {
                match <u8 as $crate::codec::Decode>::decode(input)? {
                    $( $tag => Ok(Self::$variant), )*
                    tag => Err($crate::codec::DecodeError::Tag { of: stringify!($name), tag: tag.into() }),
                }
            }
        }
    };
}

/// Declares an enum whose variants each hold one struct: a `u16` tag, then it.
macro_rules! codec_tagged {
    ($(#[$meta:meta])* pub enum $name:ident { $( $(#[$doc:meta])* $variant:ident($ty:ty) = $tag:literal $text:literal ),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $name { $( $(#[$doc])* $variant($ty) ),* }

        impl $name {
            /// Tag, outside name and fields of every variant, in the order of the
            /// tags: what `docs/journal.md` lists.
            pub const TAGS: &'static [(u16, &'static str, &'static [&'static str])] =
                &[ $( ($tag, $text, <$ty as $crate::codec::Fields>::FIELDS) ),* ];

            /// The name that the outside uses.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self { $( Self::$variant(_) => $text ),* }
            }
        }

        $( impl From<$ty> for $name {
            fn from(value: $ty) -> Self { Self::$variant(value) }
        } )*

        impl $crate::codec::Encode for $name {
            fn encode(&self, out: &mut Vec<u8>) {
                match self { $( Self::$variant(value) => {
                    $crate::codec::Encode::encode_behind(value, $tag, out);
                } )* }
            }
        }

        impl $crate::codec::Decode for $name {
            fn decode(input: &mut $crate::codec::Reader<'_>) -> Result<Self, $crate::codec::DecodeError> {
                match <u16 as $crate::codec::Decode>::decode(input)? {
                    $( $tag => $crate::codec::Decode::decode(input).map(Self::$variant), )*
                    tag => Err($crate::codec::DecodeError::Tag { of: stringify!($name), tag }),
                }
            }
        }
    };
}

/// Encodes a newtype as what is in it.
macro_rules! codec_as {
    ($name:ty, $inner:ty, |$value:ident| $get:expr) => {
        impl $crate::codec::Encode for $name {
            #[inline(always)]
            fn width() -> usize {
                <$inner as $crate::codec::Encode>::width()
            }

            #[inline]
            fn encode(&self, out: &mut Vec<u8>) {
                let $value = self;
                <$inner as $crate::codec::Encode>::encode(&$get, out);
            }

            #[inline]
            fn put(&self, at: &mut [u8]) {
                let $value = self;
                <$inner as $crate::codec::Encode>::put(&$get, at);
            }
        }
    };
}

pub(crate) use {codec_as, codec_names, codec_struct, codec_tagged};
