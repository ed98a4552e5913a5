//! From a request to its verdict.
