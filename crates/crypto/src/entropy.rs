//! Randomness, as an argument.

use std::fmt;

/// A source of bytes that nobody can predict. Tests pass one that they can.
pub trait Entropy: Send + fmt::Debug {
    /// Fills the whole slice, or fails; after a failure the slice's content means nothing.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError>;
}

/// The source of randomness failed. Nothing was encrypted or made; a retry may help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the source of randomness failed")]
pub struct EntropyError;

/// The operating system's source.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        getrandom::fill(bytes).map_err(|_| EntropyError)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Predictable: counts upwards from a seed.
    #[derive(Debug)]
    pub(crate) struct Counting(pub(crate) u64);

    impl Entropy for Counting {
        fn fill(&mut self, bytes: &mut [u8]) -> Result<(), EntropyError> {
            for chunk in bytes.chunks_mut(8) {
                self.0 += 1;
                let mixed = self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                chunk.copy_from_slice(&mixed.to_be_bytes()[..chunk.len()]);
            }
            Ok(())
        }
    }

    /// Always fails.
    #[derive(Debug)]
    pub(crate) struct Dry;

    impl Entropy for Dry {
        fn fill(&mut self, _: &mut [u8]) -> Result<(), EntropyError> {
            Err(EntropyError)
        }
    }

    #[test]
    fn the_operating_systems_bytes_differ_each_time() {
        let (mut first, mut second) = ([0; 32], [0; 32]);
        OsEntropy.fill(&mut first).expect("the system has entropy");
        OsEntropy.fill(&mut second).expect("the system has entropy");
        assert_ne!(first, second);
        assert_ne!(first, [0; 32]);
    }
}
