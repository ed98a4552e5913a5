//! What a client was answered, as the tests of failures judge it.

use http::HeaderMap;
use serde_json::Value;

/// A journey ended early, by this answer to this request.
#[derive(Debug)]
#[expect(dead_code, reason = "shown when a test fails")]
pub struct Stopped(pub String);

/// What a client was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// The request.
    pub asked: String,
}

impl Answer {
    /// The answer, if it has this status.
    pub fn expect(self, status: u16) -> Result<Self, Stopped> {
        if self.status == status {
            return Ok(self);
        }
        Err(Stopped(format!("{} was answered {}, not {status}: {}", self.asked, self.status, self.text)))
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{} was answered {}", self.asked, self.text))
    }

    /// Where the browser goes on.
    pub fn location(&self) -> String {
        self.headers["location"].to_str().unwrap().to_owned()
    }

    /// The value of a hidden field.
    pub fn hidden(&self, name: &str) -> String {
        let (_, after) = self.text.split_once(&format!("name=\"{name}\" value=\"")).expect("a hidden field");
        after.split('"').next().unwrap().to_owned()
    }
}
