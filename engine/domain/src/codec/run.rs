//! Fields of fixed width, written together.

use super::Encode;

/// Bytes that one [`Run`] takes.
const RUN: usize = 128;

/// Neighbouring fields of fixed width, which are appended together: the vector
/// is asked for room once for all of them. Which fields share a run is known to
/// the compiler, and so is where in it each of them lies.
pub(crate) struct Run {
    bytes: [u8; RUN],
    len: usize,
}

impl Run {
    #[inline(always)]
    pub(crate) const fn new() -> Self {
        Self { bytes: [0; RUN], len: 0 }
    }

    /// Appends a field, at the latest with [`Run::end`].
    #[inline(always)]
    pub(crate) fn add<T: Encode>(&mut self, field: &T, out: &mut Vec<u8>) {
        if T::width() == 0 || T::width() > RUN {
            self.end(out);
            field.encode(out);
            return;
        }
        if self.len + T::width() > RUN {
            self.end(out);
        }
        field.put(&mut self.bytes[self.len..self.len + T::width()]);
        self.len += T::width();
    }

    #[inline(always)]
    pub(crate) fn end(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.bytes[..self.len]);
        self.len = 0;
    }
}

/// What fields of these widths take together; zero when one has none.
#[inline(always)]
pub(crate) fn width_of(widths: &[usize]) -> usize {
    if widths.contains(&0) { 0 } else { widths.iter().sum() }
}

/// The width of a field's type.
#[inline(always)]
pub(crate) fn width<T: Encode>(_: &&T) -> usize {
    T::width()
}

/// The width of a field whose name alone is at hand.
#[inline(always)]
pub(crate) fn field_width<S, T: Encode>(_: fn(&S) -> &T) -> usize {
    T::width()
}
