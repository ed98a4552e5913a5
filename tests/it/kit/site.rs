//! The demo site inside the test process, with its journal at hand.

use std::{net::SocketAddr, sync::Arc};

use stepgate::cli::demo::{
    journal::{Journal, Recorded},
    site,
};
use tokio::{net::TcpListener, task::JoinHandle};

/// A site of its own for one test.
pub struct TestSite {
    pub address: SocketAddr,
    journal: Arc<Journal>,
    server: JoinHandle<()>,
}

impl TestSite {
    /// Starts listening.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let journal = Arc::new(Journal::default());
        let serving = site::serve(listener, Arc::clone(&journal));
        let server = tokio::spawn(async move { serving.await.unwrap() });
        Self { address, journal, server }
    }

    /// Every request under this method and exact target, oldest first.
    pub fn received(&self, method: &str, target: &str) -> Vec<Recorded> {
        self.journal.received(method, target)
    }

    /// Everything received.
    pub fn everything(&self) -> Vec<Recorded> {
        self.journal.all()
    }
}

impl Drop for TestSite {
    fn drop(&mut self) {
        self.server.abort();
    }
}
