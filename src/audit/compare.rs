//! Whether the database still has what a sink was sent: what nobody who has the database and the keys can
//! take back.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{Settings, line, verify::Place};
use crate::{
    clock::UnixTime,
    store::{
        Signer, StoreError, Trail,
        audit::{Checkpoint, Entry, Read},
    },
};

/// Rows that are read at a time.
const AT_ONCE: u32 = 200;
/// A member that differs rightly: whoever was erased has no id any more, and no signature covers it.
const NOT_COMPARED: &str = "player";

/// What a row of the sink has become in the database.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// It says something else.
    #[error("{0} is not as the sink was sent it")]
    Changed(Place),
    /// It is not there, and no checkpoint says why.
    #[error("{0} is missing")]
    Missing(Place),
    /// Retention is said to have taken it, which would not have done so yet.
    #[error("{0} was let go of before its time")]
    TooSoon(Place),
}

/// What the comparison found.
#[derive(Debug, Default)]
pub struct Report {
    /// Rows of the sink, each time that it has one.
    pub rows: u64,
    /// Of these, those that retention took away in their time.
    pub let_go: u64,
    /// Lines that are no audit rows.
    pub others: u64,
    /// Rows that differ or are missing.
    pub different: u64,
    /// The first of them, in the order of the sink.
    pub first: Option<Difference>,
}

/// Compares line by line.
pub struct Comparison<'t> {
    trail: &'t dyn Trail,
    signer: &'t Signer,
    settings: &'t Settings,
    now: UnixTime,
    checkpoints: HashMap<String, Vec<Checkpoint>>,
    /// The rows that were read last, and of which chain.
    read: (String, Vec<Read>),
    report: Report,
}

/// A row as the sink has it.
struct Sent {
    place: Place,
    hash: String,
    members: Map<String, Value>,
}

impl Sent {
    /// The row in a line: a document, or a message that ends in one. At least its place and its hash.
    fn parse(line: &str) -> Option<Self> {
        let members: Map<String, Value> = serde_json::from_str(line.get(line.find('{')?..)?.trim_end()).ok()?;
        let text = |name: &str| members.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
        let place = Place { chain: text("chain")?, seq: members.get("seq")?.as_i64()? };
        Some(Self { place, hash: text("hash")?, members })
    }

    /// Whether the database's row says the same wherever both say something.
    fn is(&self, entry: &Entry) -> bool {
        let Ok(Value::Object(own)) = serde_json::from_str(&line(entry, "")) else { return false };
        let members = self.members.iter().filter(|(name, _)| *name != NOT_COMPARED);
        members.into_iter().all(|(name, value)| own.get(name).is_none_or(|own| own == value))
    }

    /// Until when it must be kept; a line without kind or time says nothing of that.
    fn kept_until(&self, settings: &Settings) -> Option<UnixTime> {
        let at = UnixTime::parse(self.members.get("at")?.as_str()?)?;
        Some(at.plus(settings.kept(self.members.get("event")?.as_str()?)))
    }
}

impl<'t> Comparison<'t> {
    /// Of what a trail has at a moment.
    #[must_use]
    pub fn new(trail: &'t dyn Trail, signer: &'t Signer, settings: &'t Settings, now: UnixTime) -> Self {
        let (checkpoints, read, report) = (HashMap::new(), (String::new(), Vec::new()), Report::default());
        Self { trail, signer, settings, now, checkpoints, read, report }
    }

    /// Compares a line of the sink.
    ///
    /// # Errors
    /// [`StoreError`] if the trail cannot be read.
    pub async fn line(&mut self, line: &str) -> Result<(), StoreError> {
        let Some(sent) = Sent::parse(line) else {
            self.report.others += u64::from(!line.trim().is_empty());
            return Ok(());
        };
        self.report.rows += 1;
        let found = match self.entry(&sent.place).await? {
            Some(Ok(entry)) if sent.is(&entry) => None,
            Some(_) => Some(Difference::Changed(sent.place)),
            None => self.absent(sent).await?,
        };
        if let Some(difference) = found {
            self.report.different += 1;
            self.report.first.get_or_insert(difference);
        }
        Ok(())
    }

    /// What was found.
    #[must_use]
    pub fn report(self) -> Report {
        self.report
    }

    /// A row that is not there: retention may have taken it, and signed that.
    async fn absent(&mut self, sent: Sent) -> Result<Option<Difference>, StoreError> {
        let (trail, chain) = (self.trail, &sent.place.chain);
        if !self.checkpoints.contains_key(chain) {
            self.checkpoints.insert(chain.clone(), trail.checkpoints(chain).await?);
        }
        let covers = |run: &&Checkpoint| (run.first..=run.last).contains(&sent.place.seq);
        let run = self.checkpoints.get(chain).and_then(|runs| runs.iter().find(covers));
        let Some(run) = run.filter(|run| self.signer.verify(&run.digest(), &run.signed)) else {
            return Ok(Some(Difference::Missing(sent.place)));
        };
        if run.last == sent.place.seq && data_encoding::HEXLOWER.encode(&run.hash) != sent.hash {
            return Ok(Some(Difference::Changed(sent.place)));
        }
        if sent.kept_until(self.settings).is_some_and(|until| until > self.now) {
            return Ok(Some(Difference::TooSoon(sent.place)));
        }
        self.report.let_go += 1;
        Ok(None)
    }

    /// The database's row at a place.
    async fn entry(&mut self, place: &Place) -> Result<Option<Read>, StoreError> {
        if let Some(read) = self.among_read(place) {
            return Ok(Some(read));
        }
        let rows = self.trail.entries(&place.chain, place.seq.saturating_sub(1), AT_ONCE).await?;
        self.read = (place.chain.clone(), rows);
        Ok(self.among_read(place))
    }

    fn among_read(&self, place: &Place) -> Option<Read> {
        let (chain, rows) = &self.read;
        let is_it = |read: &&Read| read.as_ref().map_or_else(|seq| *seq, |entry| entry.seq) == place.seq;
        rows.iter().filter(|_| chain == &place.chain).find(is_it).cloned()
    }
}
