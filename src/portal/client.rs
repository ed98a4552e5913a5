//! `client.js`: a script that the site's own pages may include (docs/client.md).

use std::sync::LazyLock;

use bytes::Bytes;
use data_encoding::BASE64URL_NOPAD;
use http::{HeaderName, HeaderValue, StatusCode, header};
use sha2::{Digest, Sha256};

use super::{Answered, Call, plain};

/// What is served: `client.js` beside it, made small by `script/client`.
const SCRIPT: &str = include_str!("client.min.js");

/// 128 bits of its hash.
static ETAG: LazyLock<String> = LazyLock::new(|| {
    let hash = Sha256::digest(SCRIPT.as_bytes());
    format!("\"{}\"", BASE64URL_NOPAD.encode(hash.get(..16).unwrap_or_default()))
});

/// `GET /client.js`: 304 to a browser that has it.
pub(super) async fn script(call: Call) -> Answered {
    let known = call.parts.headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    let is_known = known.flat_map(|line| line.split(',')).any(|tag| tag.trim().trim_start_matches("W/") == *ETAG);
    let mut reply = plain(if is_known { StatusCode::NOT_MODIFIED } else { StatusCode::OK });
    if !is_known {
        *reply.body_mut() = Bytes::from_static(SCRIPT.as_bytes());
    }
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8"));
    // Short, so that a mended script is everywhere soon.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=600"));
    // The same for everybody, also for pages of `site.origins`.
    let name = HeaderName::from_static("cross-origin-resource-policy");
    headers.insert(name, HeaderValue::from_static("cross-origin"));
    if let Ok(tag) = HeaderValue::from_str(&ETAG) {
        headers.insert(header::ETAG, tag);
    }
    Answered(reply)
}

#[cfg(test)]
mod tests {
    use std::{path::Path, process::Command};

    use super::*;

    #[test]
    fn the_script_is_small_and_loads_nothing() {
        assert!(SCRIPT.len() <= 4096, "{} bytes", SCRIPT.len());
        for word in ["eval(", "innerHTML", "import(", ".style", "http:"] {
            assert!(!SCRIPT.contains(word), "{word}");
        }
    }

    /// Where `script/bootstrap --tests` could get what makes it small.
    #[test]
    fn what_is_served_is_made_of_what_is_read() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        if !root.join("target/esbuild/node_modules").exists() {
            return;
        }
        let folder = tempfile::TempDir::new().unwrap();
        let made = folder.path().join("client.js");
        let run = Command::new(root.join("script/client")).arg(&made).output().unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        assert_eq!(std::fs::read_to_string(made).unwrap(), SCRIPT, "run script/client");
    }
}
