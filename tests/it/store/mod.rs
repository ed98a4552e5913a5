//! The conformance suite: the same cases over every implementation of a port.

mod accounts;
mod audit;
mod desk;
mod durable;
mod restore;
mod shared;
mod waves;

use std::{future::Future, sync::Arc};

use stepgate::{
    clock::UnixTime,
    policy::FactorKind,
    request::{Binding, Subject},
    secret::Sealed,
    store::FactorRecord,
};

const NOW: UnixTime = UnixTime::from_secs(1_700_000_000);

/// A runtime with threads, so that tasks truly race.
fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build();
    runtime.expect("a runtime").block_on(test)
}

/// The results of `tasks` runs of the same work at once.
async fn at_once<S, T, F>(tasks: usize, shared: &Arc<S>, work: impl Fn(Arc<S>) -> F) -> Vec<T>
where
    S: ?Sized,
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let running: Vec<_> = (0..tasks).map(|_| tokio::spawn(work(Arc::clone(shared)))).collect();
    let mut results = Vec::with_capacity(tasks);
    for task in running {
        results.push(task.await.expect("no task panics"));
    }
    results
}

fn subject(id: &str) -> Subject {
    Subject::parse(id).expect("a subject")
}

fn binding(fill: u8) -> Binding {
    Binding([fill; 32])
}

fn factor(id: &str, owner: &Subject) -> FactorRecord {
    FactorRecord {
        id: id.to_owned(),
        subject: owner.clone(),
        kind: FactorKind::App,
        sealed: Sealed { key_id: "k1".to_owned(), bytes: vec![0, 255, 7] },
        created_at: NOW,
        matures_at: NOW,
        last_step: 10,
    }
}
