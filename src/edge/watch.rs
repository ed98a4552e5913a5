//! What makes the configuration be read again: SIGHUP, and a change of a file that it depends on.

use std::{path::PathBuf, time::Duration};

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc,
};

/// How long changes must rest before they are acted on: editors and deployments write in steps.
const SETTLE: Duration = Duration::from_millis(300);

/// Why.
#[derive(Debug)]
pub enum ReloadCause {
    /// SIGHUP.
    Signal,
    /// Some watched file changed.
    FileChanged,
}

/// A stream of causes.
pub struct Changes {
    hangup: Option<Signal>,
    files: mpsc::Receiver<()>,
    _watcher: Option<RecommendedWatcher>,
}

impl Changes {
    /// Watches the folders of these files, so that a file that is replaced (also by a symbolic link,
    /// as orchestrators do it) is seen. What cannot be watched is logged; SIGHUP still works.
    #[must_use]
    pub fn of(files: Vec<PathBuf>) -> Self {
        let (sender, receiver) = mpsc::channel(1);
        let notice = move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|event| !event.kind.is_access()) {
                // A full channel holds a notice already.
                let _ = sender.try_send(());
            }
        };
        let mut watcher = notify::recommended_watcher(notice).ok();
        let mut folders: Vec<PathBuf> =
            files.iter().filter_map(|file| file.parent()).map(|folder| folder.to_owned()).collect();
        folders.sort();
        folders.dedup();
        for folder in folders {
            let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
            let watched = watcher.as_mut().map(|watcher| watcher.watch(&folder, RecursiveMode::NonRecursive));
            if !matches!(watched, Some(Ok(()))) {
                tracing::warn!(folder = %folder.display(), "cannot be watched for changes; SIGHUP reloads");
            }
        }
        Self { hangup: signal(SignalKind::hangup()).ok(), files: receiver, _watcher: watcher }
    }

    /// The next cause, once changes rest.
    pub async fn next(&mut self) -> ReloadCause {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        let cause = tokio::select! {
            _ = hangup => return ReloadCause::Signal,
            Some(()) = self.files.recv() => ReloadCause::FileChanged,
        };
        while let Ok(Some(())) = tokio::time::timeout(SETTLE, self.files.recv()).await {}
        cause
    }
}
