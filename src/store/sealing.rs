//! What is sealed at rest, so that it can be sealed anew.

use async_trait::async_trait;

use crate::{secret::Sealed, store::StoreError};

/// What a sealed row is; each has its own context.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SealedKind {
    /// A factor's secret or number: id and player.
    Factor,
    /// A contact: player and kind.
    Contact,
    /// A notice that waits: id and player.
    Notice,
}

impl SealedKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Factor, Self::Contact, Self::Notice];

    /// What it is sealed for; the first half of what opens it.
    #[must_use]
    pub const fn purpose(self) -> &'static str {
        match self {
            Self::Factor => "factor",
            Self::Contact => "contact",
            Self::Notice => "notice",
        }
    }
}

/// A sealed row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedRow {
    /// Which kind.
    pub kind: SealedKind,
    /// The context that it is sealed in, in order.
    pub context: [String; 2],
    /// Which of several in this context; empty where there is one.
    pub lookup: Vec<u8>,
    /// As it is.
    pub sealed: Sealed,
}

/// Rows that hold something sealed.
#[async_trait]
pub trait SealedRows: Send + Sync {
    /// Rows of a kind that are not sealed under this key, in a fixed order, after `after`, up to `most`.
    async fn sealed_otherwise(
        &self,
        kind: SealedKind,
        key_id: &str,
        after: Option<&SealedRow>,
        most: u32,
    ) -> Result<Vec<SealedRow>, StoreError>;

    /// Puts another seal in place of this one; `false` if the row changed meanwhile, or is gone.
    async fn replace_seal(&self, old: &SealedRow, new: &Sealed) -> Result<bool, StoreError>;

    /// The ids of the keys that rows are sealed under.
    async fn sealing_keys(&self) -> Result<Vec<String>, StoreError>;
}
