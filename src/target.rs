//! Readings of a request target: every way in which some framework might understand it
//! (security.md 3.2). Pure.

/// Why a target is refused for everyone: no framework and no honest client means it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTarget {
    /// Longer than 8 KiB.
    #[error("the request target is longer than 8192 bytes")]
    TooLong,
}

/// A form that a guarded route refuses, though it may be harmless elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ambiguity {
    /// `%2f` or `%5c` in the path.
    EncodedSlash,
}

/// A request target in origin form with all its readings.
#[derive(Clone, Debug)]
pub struct Target {
    raw: String,
}

impl Target {
    /// Parses the bytes of a request line's target (HTTP/2: `:path`).
    ///
    /// # Errors
    /// [`BadTarget`] for what is never legitimate.
    pub fn parse(raw: &[u8]) -> Result<Self, BadTarget> {
        let _ = raw;
        unimplemented!()
    }

    /// Path and query as received: what is forwarded.
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// The path as received.
    #[must_use]
    pub fn path(&self) -> &str {
        unimplemented!()
    }

    /// The query as received, without the question mark.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        unimplemented!()
    }

    /// Every distinct reading of the path, the path itself first; at most 16.
    pub fn readings(&self) -> impl Iterator<Item = &str> {
        std::iter::empty()
    }

    /// The first form in the path that a guarded route refuses.
    #[must_use]
    pub fn ambiguity(&self) -> Option<Ambiguity> {
        unimplemented!()
    }
}
