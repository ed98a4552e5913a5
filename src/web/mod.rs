//! What every page and answer of ours shares: problem documents, the page shell, cookies, headers, forms,
//! media types, the same-origin check.

pub mod client;
pub mod cookie;
pub mod form;
pub mod headers;
pub mod media;
pub mod page;
pub mod problem;
pub mod reference;
pub mod same_origin;

pub use client::{Wants, wants_of, wants_page};
pub use cookie::{device_cookie, expire_cookie, set_cookie, stamp_cookie};
pub use headers::{allow_origin, allow_preflight};
pub use page::Shell;
pub use problem::Problem;
pub use reference::reference;

/// An answer of ours: whole, since all of them are small.
pub type Reply = http::Response<bytes::Bytes>;
