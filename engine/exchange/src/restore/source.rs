//! The bytes of a content, taken thing by thing: never more in memory than the
//! thing at hand needs.

use std::io::Read;

use berth_domain::Digest;
use berth_domain::codec::{Decode, DecodeError, Reader};

use super::{ContentError, Spot};
use crate::content::Component;
use crate::state::{Parts, Recall, Unread};

/// Bytes that are read at a time.
const CHUNK: usize = 1 << 20;
/// Bytes that are kept at hand, so that hardly a thing is begun twice.
const AT_HAND: usize = 64 << 10;
/// More bytes than any one thing has.
const THING_BYTES_MAX: usize = 256 << 20;

/// A reader of content.
pub(super) struct Source<'a> {
    input: &'a mut dyn Read,
    buffer: Vec<u8>,
    /// How much of the buffer has been taken, and how much of that is hashed:
    /// large pieces are hashed several times as fast.
    at: usize,
    hashed: usize,
    has_ended: bool,
    component: Component,
    hasher: blake3::Hasher,
}

impl<'a> Source<'a> {
    pub(super) fn new(input: &'a mut dyn Read) -> Self {
        let component = Component::ALL[0];
        Self { input, buffer: Vec::new(), at: 0, hashed: 0, has_ended: false, component, hasher: blake3::Hasher::new() }
    }

    /// A component begins.
    pub(super) fn begin(&mut self, component: Component) {
        self.hash_taken();
        self.component = component;
        self.hasher = component.hasher();
    }

    /// The hash of the component so far.
    pub(super) fn digest(&mut self) -> Digest {
        self.hash_taken();
        Digest(self.hasher.finalize().into())
    }

    /// One thing.
    pub(super) fn one<T: Recall>(&mut self, thing: &'static str) -> Result<T, ContentError> {
        self.take(thing, 0, T::recall)
    }

    /// One value that is no thing with fields.
    pub(super) fn value<T: Decode>(&mut self, thing: &'static str) -> Result<T, ContentError> {
        self.take(thing, 0, |parts| parts.get("value"))
    }

    /// How many, then each of them.
    pub(super) fn all<T: Recall>(&mut self, thing: &'static str) -> Result<Vec<T>, ContentError> {
        self.many(thing, T::recall)
    }

    /// How many values, then each of them.
    pub(super) fn values<T: Decode>(&mut self, thing: &'static str) -> Result<Vec<T>, ContentError> {
        self.many(thing, |parts| parts.get("value"))
    }

    /// The content ends here.
    pub(super) fn end(&mut self) -> Result<(), ContentError> {
        if self.at == self.buffer.len() {
            self.fill()?;
        }
        if self.at == self.buffer.len() { Ok(()) } else { Err(ContentError::Trailing) }
    }

    fn many<T>(
        &mut self,
        thing: &'static str,
        mut recall: impl FnMut(&mut Parts<'_, '_>) -> Result<T, Unread>,
    ) -> Result<Vec<T>, ContentError> {
        let count: u64 = self.take(thing, 0, |parts| parts.get("count"))?;
        // Grows with what is really there, whatever the count says.
        let mut things = Vec::new();
        for place in 1..=count {
            things.push(self.take(thing, place, &mut recall)?);
        }
        Ok(things)
    }

    /// Takes what `recall` reads. It reads again when there was too little at
    /// hand.
    fn take<T>(
        &mut self,
        thing: &'static str,
        place: u64,
        mut recall: impl FnMut(&mut Parts<'_, '_>) -> Result<T, Unread>,
    ) -> Result<T, ContentError> {
        if self.buffer.len() - self.at < AT_HAND {
            self.fill()?;
        }
        loop {
            let at_hand = &self.buffer[self.at..];
            let mut rest = Reader::new(at_hand);
            match recall(&mut Parts::new(&mut rest)) {
                Ok(value) => {
                    let taken = at_hand.len() - rest.remaining();
                    self.at += taken;
                    return Ok(value);
                }
                Err(Unread { why: DecodeError::Truncated, .. })
                    if !self.has_ended && at_hand.len() < THING_BYTES_MAX =>
                {
                    self.fill()?;
                }
                Err(Unread { field, why }) => {
                    let spot = Spot { component: self.component, thing, place, field };
                    return Err(ContentError::Unreadable { spot, source: why });
                }
            }
        }
    }

    fn hash_taken(&mut self) {
        self.hasher.update(&self.buffer[self.hashed..self.at]);
        self.hashed = self.at;
    }

    /// Has more at hand: at least twice as much as before, or all there is.
    fn fill(&mut self) -> Result<(), ContentError> {
        if self.has_ended {
            return Ok(());
        }
        self.hash_taken();
        self.buffer.drain(..self.at);
        (self.at, self.hashed) = (0, 0);
        let more = CHUNK.max(self.buffer.len());
        let read = (&mut *self.input).take(more as u64).read_to_end(&mut self.buffer)?;
        self.has_ended = read < more;
        Ok(())
    }
}
