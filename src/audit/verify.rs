//! Whether the trail is whole: each chain is walked from its first row to its head.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt,
};

use crate::store::{
    Signer, StoreError, Trail,
    audit::{ChainHead, Checkpoint, ERASED, Entry, NOTHING_BEFORE},
};

/// Rows that are read at a time.
const AT_ONCE: u32 = 200;
/// Rows without a chain that are named.
const STRAYS: u32 = 100;

/// A row, as findings name it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// Its chain.
    pub chain: String,
    /// Its number.
    pub seq: i64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {} of chain {}", self.seq, self.chain)
    }
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// A row says something else than when it was written.
    #[error("{0} was changed after it was written")]
    Changed(Place),
    /// A row cannot even be read.
    #[error("{0} cannot be read")]
    Unreadable(Place),
    /// Rows are not there, and no checkpoint says why.
    #[error("{from} is missing{}", if from.seq == *to { String::new() } else { format!(", and all up to row {to}") })]
    Missing {
        /// The first.
        from: Place,
        /// The last one's number.
        to: i64,
    },
    /// A row stands where none can be.
    #[error("{0} stands where retention or the order leaves no row")]
    Misplaced(Place),
    /// A row is of a chain that does not exist.
    #[error("{0} belongs to no chain")]
    Stray(Place),
    /// The pseudonym of a row belongs to nobody, and nobody was erased.
    #[error("{0} is of a player who is not known and was not erased")]
    PlayerGone(Place),
    /// The pseudonym of a row was given to another player.
    #[error("{0} is of a player whose entry in audit_player was changed")]
    PlayerChanged(Place),
    /// A chain is not there.
    #[error("chain number {0} is missing")]
    ChainMissing(i64),
    /// A chain's head does not say what was signed, or not what its rows say.
    #[error("the head of chain {0} was changed")]
    Head(String),
    /// A checkpoint does not say what was signed.
    #[error("the checkpoint at row {} of chain {} was changed", .0.seq, .0.chain)]
    Checkpoint(Place),
}

/// What was found.
#[derive(Debug, Default)]
pub struct Report {
    /// Every chain with the number of its last row and that row's hash: to be kept elsewhere, so that a whole
    /// database that was put back is noticed.
    pub heads: Vec<ChainHead>,
    /// Rows that were read.
    pub rows: u64,
    /// Rows that retention took away.
    pub pruned: u64,
    /// What is wrong; empty where the trail is whole.
    pub findings: Vec<Finding>,
}

/// Walks the whole trail.
///
/// # Errors
/// [`StoreError`] if it cannot be read.
pub async fn verify(trail: &dyn Trail, signer: &Signer) -> Result<Report, StoreError> {
    let mut walk = Walk { trail, signer, report: Report::default(), players: HashMap::new(), erased: HashSet::new() };
    let heads = trail.chains().await?;
    let mut number = 1_i64;
    for head in &heads {
        for missing in number..head.number.min(number.saturating_add(100)) {
            walk.report.findings.push(Finding::ChainMissing(missing));
        }
        number = head.number.saturating_add(1);
        walk.chain(head).await?;
    }
    for (chain, seq) in trail.strays(STRAYS).await? {
        walk.report.findings.push(Finding::Stray(Place { chain, seq }));
    }
    let unknown = walk.players.into_iter().filter(|(player, _)| !walk.erased.contains(player));
    walk.report.findings.extend(unknown.filter_map(|(_, place)| place).map(Finding::PlayerGone));
    Ok(walk.report)
}

struct Walk<'t> {
    trail: &'t dyn Trail,
    signer: &'t Signer,
    report: Report,
    /// Pseudonyms that were met; with a row of each that belongs to nobody.
    players: HashMap<String, Option<Place>>,
    erased: HashSet<String>,
}

/// How far a chain was walked.
struct Position {
    chain: String,
    next: i64,
    /// What the hash of the row before may be: as stored, and as it should be; empty where it is gone.
    previous: Vec<Vec<u8>>,
    checkpoints: BTreeMap<i64, Checkpoint>,
}

impl Position {
    fn place(&self, seq: i64) -> Place {
        Place { chain: self.chain.clone(), seq }
    }

    /// Goes over what retention took away; how many rows that were.
    fn skip(&mut self) -> u64 {
        let mut skipped = 0;
        while let Some(run) = self.checkpoints.remove(&self.next) {
            skipped += (run.last - run.first + 1).unsigned_abs();
            self.next = run.last + 1;
            self.previous = vec![run.hash];
        }
        skipped
    }
}

impl Walk<'_> {
    async fn chain(&mut self, seen: &ChainHead) -> Result<(), StoreError> {
        let mut at = Position {
            chain: seen.chain.clone(),
            next: 1,
            previous: vec![NOTHING_BEFORE.to_vec()],
            checkpoints: self.checkpoints(&seen.chain).await?,
        };
        let mut after = i64::MIN;
        loop {
            let rows = self.trail.entries(&seen.chain, after, AT_ONCE).await?;
            for row in &rows {
                let seq = row.as_ref().map_or_else(|seq| *seq, |entry| entry.seq);
                after = seq;
                self.row(&mut at, seq, row.as_ref().ok()).await?;
            }
            self.report.pruned += at.skip();
            if !rows.is_empty() {
                continue;
            }
            // Read anew: the chain may have grown meanwhile.
            let head = self.trail.chains().await?.into_iter().find(|head| head.chain == seen.chain);
            let Some(head) = head else { return Ok(()) };
            if head.seq > seen.seq && head.seq >= at.next && self.has_more(&head, after).await? {
                continue;
            }
            self.head(&at, head);
            return Ok(());
        }
    }

    async fn has_more(&self, head: &ChainHead, after: i64) -> Result<bool, StoreError> {
        Ok(!self.trail.entries(&head.chain, after, 1).await?.is_empty())
    }

    async fn checkpoints(&mut self, chain: &str) -> Result<BTreeMap<i64, Checkpoint>, StoreError> {
        let mut good = BTreeMap::new();
        for run in self.trail.checkpoints(chain).await? {
            if run.first <= run.last && self.signer.verify(&run.digest(), &run.signed) {
                good.insert(run.first, run);
            } else {
                self.report.findings.push(Finding::Checkpoint(Place { chain: run.chain, seq: run.first }));
            }
        }
        Ok(good)
    }

    async fn row(&mut self, at: &mut Position, seq: i64, entry: Option<&Entry>) -> Result<(), StoreError> {
        self.report.rows += 1;
        self.report.pruned += at.skip();
        if seq < at.next {
            self.report.findings.push(Finding::Misplaced(at.place(seq)));
            return Ok(());
        }
        if seq > at.next {
            self.report.findings.push(Finding::Missing { from: at.place(at.next), to: seq - 1 });
            at.previous.clear();
        }
        at.next = seq.saturating_add(1);
        let Some(entry) = entry else {
            self.report.findings.push(Finding::Unreadable(at.place(seq)));
            at.previous.clear();
            return Ok(());
        };
        if self.is_whole(at, entry) {
            self.player(at.place(seq), entry).await?;
        } else {
            self.report.findings.push(Finding::Changed(at.place(seq)));
        }
        let should_be = at.previous.iter().map(|previous| entry.digest(previous).to_vec());
        at.previous = std::iter::once(entry.hash.clone()).chain(should_be).collect();
        Ok(())
    }

    /// Behind a row that is gone only the signature can be checked.
    fn is_whole(&self, at: &Position, entry: &Entry) -> bool {
        if at.previous.is_empty() {
            let hash = <&[u8; 32]>::try_from(entry.hash.as_slice());
            return hash.is_ok_and(|hash| self.signer.verify(hash, &entry.signed));
        }
        at.previous.iter().any(|previous| entry.is_whole(previous, self.signer))
    }

    async fn player(&mut self, place: Place, entry: &Entry) -> Result<(), StoreError> {
        if entry.event == ERASED {
            self.erased.insert(entry.player.clone());
        }
        if entry.player.is_empty() || self.players.contains_key(&entry.player) {
            return Ok(());
        }
        let player = self.trail.player_of(&entry.player).await?;
        let nobody = player.is_none().then(|| place.clone());
        if player.is_some_and(|player| !player.is_whole()) {
            self.report.findings.push(Finding::PlayerChanged(place));
        }
        self.players.insert(entry.player.clone(), nobody);
        Ok(())
    }

    fn head(&mut self, at: &Position, head: ChainHead) {
        let last = at.next - 1;
        if !self.signer.verify(&head.digest(), &head.signed) {
            self.report.findings.push(Finding::Head(at.chain.clone()));
        } else if head.seq > last {
            self.report.findings.push(Finding::Missing { from: at.place(at.next), to: head.seq });
        } else if head.seq < last || (!at.previous.is_empty() && !at.previous.contains(&head.hash)) {
            self.report.findings.push(Finding::Head(at.chain.clone()));
        }
        self.report.heads.push(head);
    }
}
