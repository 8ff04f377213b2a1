//! Tokens: they look like JSON web tokens, and nobody else's key has signed them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// `{"alg":"none","typ":"JWT"}`: whoever reads it knows that it opens nothing elsewhere.
const HEADER: &[u8] = br#"{"alg":"none","typ":"JWT"}"#;

/// A token with these claims; `key` makes its last part one that cannot be guessed.
pub(super) fn write(claims: &Value, key: u64) -> String {
    let header = URL_SAFE_NO_PAD.encode(HEADER);
    let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
    let signature = Sha256::digest(format!("{key} {header}.{claims}").as_bytes());
    format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// The claims of anything that looks like a JSON web token.
pub(super) fn claims(token: &str) -> Option<Value> {
    let parts: Vec<&str> = token.split('.').collect();
    let [_, claims, _] = parts.as_slice() else { return None };
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn claims_read_back_and_another_key_gives_another_token() {
        let wrote = json!({ "tid": "t" });
        assert_eq!(claims(&write(&wrote, 1)), Some(wrote.clone()));
        assert_ne!(write(&wrote, 1), write(&wrote, 2));
        assert_eq!(claims("opaque"), None);
    }
}
