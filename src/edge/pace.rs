//! How long a body may take that streams to the site unread: a deadline, which each piece that comes puts off.
//!
//! The library bounds a single read over HTTP/1.1 and nothing over HTTP/2, so that a byte now and then would keep
//! a request for ever.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use pingora::prelude::*;
use pingora::proxy::Session;
use tokio::{
    task::{AbortHandle, spawn},
    time::{Instant, sleep_until},
};

use crate::edge::{body, context::Context, gateway::Gateway, settings::Timeouts, tunnel};

/// What a byte puts the deadline off by: a second for 1 KiB. The slowest networks of phones carry more.
const A_BYTE: Duration = Duration::from_nanos(1_000_000_000 / 1024);

/// How much later the watch ends what no piece ended: over HTTP/1.1 the library's deadline of a read, which each
/// piece sets, comes first, after which the client can still be told.
const LATER: Duration = Duration::from_secs(1);

/// The pace of one body. Time in which the site takes nothing counts too; but only a site that has room left in
/// no buffer takes nothing, and what filled them has put the deadline off.
#[derive(Debug)]
pub struct Pace {
    since: Instant,
    /// Nanoseconds after `since`.
    deadline: Arc<AtomicU64>,
    /// How far off the deadline can be at most: as long as the site may keep us waiting, and the client after that.
    most: Duration,
    watch: AbortHandle,
}

impl Pace {
    /// Notes a piece of so many bytes; how long the next one may take, if this one came in time.
    fn after(&self, bytes: usize) -> Option<Duration> {
        let (deadline, now) = (Duration::from_nanos(self.deadline.load(Ordering::Relaxed)), self.since.elapsed());
        let next = put_off(deadline, now, bytes, self.most)?;
        self.deadline.store(u64::try_from(next.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        Some(next.saturating_sub(now))
    }
}

impl Drop for Pace {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

/// The deadline after a piece that came at `now`; `None` where that was too late.
fn put_off(deadline: Duration, now: Duration, bytes: usize, most: Duration) -> Option<Duration> {
    if now > deadline {
        return None;
    }
    let longer = A_BYTE.saturating_mul(u32::try_from(bytes).unwrap_or(u32::MAX));
    Some(deadline.saturating_add(longer).min(now.saturating_add(most)))
}

/// Returns once the deadline has passed, wherever it was put off to meanwhile.
async fn until_late(since: Instant, deadline: &AtomicU64) {
    loop {
        let late = since + Duration::from_nanos(deadline.load(Ordering::Relaxed)) + LATER;
        if Instant::now() >= late {
            return;
        }
        sleep_until(late).await;
    }
}

impl Gateway {
    /// Before a request is sent to the site: its body, if it is not here yet, has its time from now on.
    pub(super) fn begin_pace(session: &mut Session, context: &mut Context) {
        context.pace = None;
        if body::is_absent(session) || session.as_downstream_mut().is_body_done() {
            return;
        }
        let Some(end) = tunnel::end_of_exchange() else { return };
        let Timeouts { body, upstream_read, .. } = context.live.timeouts;
        let since = Instant::now();
        let deadline = Arc::new(AtomicU64::new(u64::try_from(body.as_nanos()).unwrap_or(u64::MAX)));
        let route = context.record.route.clone();
        let watched = Arc::clone(&deadline);
        let watch = spawn(async move {
            until_late(since, &watched).await;
            let route = route.as_deref().unwrap_or("none");
            tracing::info!(route, "a request was ended whose body came too slowly");
            end.notify_one();
        });
        let (most, watch) = (body.saturating_add(upstream_read), watch.abort_handle());
        context.pace = Some(Pace { since, deadline, most, watch });
    }

    /// For each piece on its way to the site, and at the end of the body.
    ///
    /// # Errors
    /// 408 when it came too slowly.
    pub(super) fn keep_pace(session: &mut Session, context: &mut Context, bytes: usize, end: bool) -> Result<()> {
        if end || session.was_upgraded() {
            context.pace = None;
        }
        let Some(pace) = &context.pace else { return Ok(()) };
        if let Some(left) = pace.after(bytes) {
            // Over HTTP/1.1 the library then ends a silence in time to answer it.
            session.as_downstream_mut().set_read_timeout(Some(left.min(context.live.timeouts.body)));
            return Ok(());
        }
        context.pace = None;
        Error::e_explain(HTTPStatus(408), "its body came too slowly")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// When a body ends of which a piece of this size comes each second; `None` if it lasts an hour.
    fn ends(piece: usize) -> Option<u32> {
        let mut deadline = 30 * SECOND;
        (1..3_600).find(|second| {
            let next = put_off(deadline, *second * SECOND, piece, 90 * SECOND);
            deadline = next.unwrap_or_default();
            next.is_none()
        })
    }

    #[test]
    fn a_byte_a_second_ends_with_the_deadline_and_a_kibibyte_never() {
        assert_eq!(ends(1), Some(31));
        assert_eq!(ends(500), Some(58));
        assert_eq!(ends(1025), None);
        assert_eq!(ends(64 * 1024), None);
    }

    #[test]
    fn what_came_fast_does_not_pay_for_hours_of_silence() {
        let deadline = put_off(30 * SECOND, SECOND, 100 * 1024 * 1024, 90 * SECOND);
        assert_eq!(deadline, Some(91 * SECOND));
    }

    #[test]
    fn pieces_of_one_byte_count_as_much_as_the_whole() {
        let whole = put_off(30 * SECOND, SECOND, 1024, 90 * SECOND).unwrap();
        let pieces = (0..1024).try_fold(30 * SECOND, |deadline, _| put_off(deadline, SECOND, 1, 90 * SECOND)).unwrap();
        assert!(whole.abs_diff(pieces) < Duration::from_micros(10), "{whole:?} and {pieces:?}");
    }
}
