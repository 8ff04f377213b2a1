//! The hash of one field's canonical value.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::Invalid;

/// The first 48 bits of a SHA-256, written as eight base64url characters.
///
/// 48 bits keep a whole record within the few hundred characters that the baseline may take; a
/// collision would need two values of one field of one item to share it, one chance in 2.8·10¹⁴.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldHash([u8; 6]);

impl FieldHash {
    /// Hashes bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let digest = Sha256::digest(bytes);
        let mut short = [0; 6];
        short.copy_from_slice(&digest[..6]);
        Self(short)
    }
}

impl fmt::Display for FieldHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl FromStr for FieldHash {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| Invalid::new(format!("`{text}` is not a 48-bit hash")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_eight_characters_and_reads_back() {
        let hash = FieldHash::of(b"High");
        assert_eq!(hash.to_string().len(), 8);
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert!("short".parse::<FieldHash>().is_err());
    }
}
