//! Room for the requests that are served at the same time, and the wait for it: a browser asks for everything that
//! a page needs at once, and several stand behind one address.

use std::{
    pin::pin,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use tokio::{sync::Notify, time::timeout};

/// For each request that is served, how many may wait.
const WAITING: usize = 4;

/// How many requests are served, and how many wait for that.
#[derive(Debug, Default)]
pub struct Room {
    served: AtomicUsize,
    waiting: AtomicUsize,
    freed: Notify,
}

impl Room {
    /// Takes room for one more, if there is some. It is the caller's to give back.
    #[must_use]
    pub fn take(&self, cap: usize) -> bool {
        count_up(&self.served, cap)
    }

    /// The same, with a wait of so long at most while there is none; too many do not wait.
    #[must_use]
    pub async fn take_within(&self, most: Duration, cap: usize) -> bool {
        self.take(cap) || Box::pin(self.wait(most, cap)).await
    }

    /// Gives the room of one back.
    pub fn give_back(&self) {
        self.served.fetch_sub(1, Ordering::Release);
        self.freed.notify_one();
    }

    async fn wait(&self, most: Duration, cap: usize) -> bool {
        if !count_up(&self.waiting, cap.saturating_mul(WAITING)) {
            return false;
        }
        let _waiting = Waiting(self);
        let taken = async {
            loop {
                let mut freed = pin!(self.freed.notified());
                // From here on no room that is given back is missed.
                freed.as_mut().enable();
                if self.take(cap) {
                    return;
                }
                freed.await;
            }
        };
        timeout(most, taken).await.is_ok()
    }
}

/// One that waits, for as long as this lives.
struct Waiting<'a>(&'a Room);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counts one more, unless there are as many as may be.
fn count_up(count: &AtomicUsize, cap: usize) -> bool {
    let more = |now: usize| (now < cap).then(|| now + 1);
    count.fetch_update(Ordering::Acquire, Ordering::Relaxed, more).is_ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::task::{JoinSet, yield_now};

    use super::*;

    #[tokio::test]
    async fn whoever_waits_gets_the_room_that_is_given_back() {
        let room = Arc::new(Room::default());
        assert!(room.take(1) && !room.take(1));
        let mut waiting = JoinSet::new();
        for _ in 0..WAITING {
            let room = Arc::clone(&room);
            waiting.spawn(async move {
                let taken = room.take_within(Duration::MAX, 1).await;
                room.give_back();
                taken
            });
        }
        while room.waiting.load(Ordering::Relaxed) < WAITING {
            yield_now().await;
        }
        assert!(!room.take_within(Duration::MAX, 1).await, "one more does not wait");
        room.give_back();
        assert_eq!(waiting.join_all().await, [true; WAITING]);
        assert_eq!([&room.served, &room.waiting].map(|count| count.load(Ordering::Relaxed)), [0, 0]);
    }

    #[tokio::test]
    async fn one_that_gives_up_waiting_leaves_nothing_behind() {
        let room = Room::default();
        assert!(room.take(1));
        let mut waiting = Box::pin(room.take_within(Duration::MAX, 1));
        tokio::select! {
            biased;
            _ = &mut waiting => panic!("there was none"),
            () = yield_now() => {}
        }
        room.give_back();
        drop(waiting);
        assert!(room.take_within(Duration::MAX, 1).await, "the room that it was told of is there for the next");
        assert_eq!(room.waiting.load(Ordering::Relaxed), 0);
    }
}
