//! Resource classes: what a market trades.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::codec::{Decode, DecodeError, Encode, Reader};
use crate::text::Text;

/// What one market trades: GPUs of one model and memory, or virtual CPUs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceClass {
    /// One unit is one virtual CPU.
    Cpu,
    /// One unit is one GPU.
    Gpu {
        /// Model without vendor words, such as `H100` or `RTX4090`.
        model: Text<24>,
        /// Memory in GiB, from 1.
        vram: u16,
    },
}

/// Why a text names no resource class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ResourceClassError {
    /// No letter or digit is left of the model.
    #[error("names no GPU model")]
    NoModel,
    /// The model is longer than 24 bytes.
    #[error("is longer than 24 bytes without vendor words")]
    ModelTooLong,
    /// The memory is zero or missing.
    #[error("needs the GPU's memory in GiB, 1 to 65,535")]
    Vram,
}

/// Words of NVML's product names that say who sells it or how it is packaged.
const VENDOR_WORDS: [&str; 14] = [
    "NVIDIA", "GEFORCE", "TESLA", "QUADRO", "AMD", "RADEON", "INSTINCT", "PCIE", "SXM", "SXM2", "SXM4", "SXM5",
    "HBM2E", "HBM3",
];

impl ResourceClass {
    /// The class of a GPU by its product name, in NVML's words or short:
    /// `NVIDIA GeForce RTX 4090` with 24 is `RTX4090-24`, `NVIDIA H100 80GB
    /// HBM3` with 80 is `H100-80`.
    ///
    /// # Errors
    /// When nothing is left of the model, it is too long, or `vram` is zero.
    pub fn gpu(product: &str, vram: u16) -> Result<Self, ResourceClassError> {
        if vram == 0 {
            return Err(ResourceClassError::Vram);
        }
        let model: String = product
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_ascii_uppercase)
            .filter(|word| !VENDOR_WORDS.contains(&word.as_str()) && !is_memory_size(word))
            .collect();
        if model.is_empty() {
            return Err(ResourceClassError::NoModel);
        }
        let model = Text::new(model).map_err(|_| ResourceClassError::ModelTooLong)?;
        Ok(Self::Gpu { model, vram })
    }

    /// Whether units of this class are GPUs.
    #[must_use]
    pub const fn is_gpu(&self) -> bool {
        matches!(self, Self::Gpu { .. })
    }
}

fn is_memory_size(word: &str) -> bool {
    word.strip_suffix("GB").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

impl fmt::Display for ResourceClass {
    /// The market's name: `CPU`, `H100-80`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("CPU"),
            Self::Gpu { model, vram } => write!(f, "{model}-{vram}"),
        }
    }
}

impl FromStr for ResourceClass {
    type Err = ResourceClassError;

    /// Reads a market's name.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        if name == "CPU" {
            return Ok(Self::Cpu);
        }
        let (model, vram) = name.rsplit_once('-').ok_or(ResourceClassError::Vram)?;
        Self::gpu(model, vram.parse().map_err(|_| ResourceClassError::Vram)?)
    }
}

impl Encode for ResourceClass {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Cpu => out.push(0),
            Self::Gpu { model, vram } => {
                out.push(1);
                model.encode(out);
                vram.encode(out);
            }
        }
    }
}

impl Decode for ResourceClass {
    fn decode(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match u8::decode(input)? {
            0 => Ok(Self::Cpu),
            1 => {
                let (model, vram) = (Text::<24>::decode(input)?, u16::decode(input)?);
                // A name has one spelling: what `gpu` would change is refused.
                match Self::gpu(model.as_str(), vram) {
                    Ok(class @ Self::Gpu { .. }) if class == (Self::Gpu { model, vram }) => Ok(class),
                    _ => Err(DecodeError::Range("resource class")),
                }
            }
            tag => Err(DecodeError::Tag { of: "ResourceClass", tag: tag.into() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn product_names_lose_the_words_of_the_vendor() {
        for (product, vram, name) in [
            ("NVIDIA GeForce RTX 4090", 24, "RTX4090-24"),
            ("NVIDIA H100 80GB HBM3", 80, "H100-80"),
            ("H100", 80, "H100-80"),
            ("NVIDIA A100-SXM4-40GB", 40, "A100-40"),
            ("rtx 4090", 24, "RTX4090-24"),
        ] {
            assert_eq!(ResourceClass::gpu(product, vram).map(|c| c.to_string()).as_deref(), Ok(name));
            assert_eq!(name.parse::<ResourceClass>().map(|c| c.to_string()).as_deref(), Ok(name));
        }
        assert_eq!(ResourceClass::gpu("NVIDIA", 8), Err(ResourceClassError::NoModel));
        assert_eq!("H100".parse::<ResourceClass>(), Err(ResourceClassError::Vram));
    }
}
