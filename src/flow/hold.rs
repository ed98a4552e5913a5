//! Held requests: kept sealed under their challenge, continued once.
