//! The JSON shapes of the outside, parsed once into the domain.
