//! What makes the configuration be read again: SIGHUP, and a change of a file that it depends on.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

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
        let wanted = files.clone();
        let notice = move |event: notify::Result<notify::Event>| {
            if event
                .is_ok_and(|event| !event.kind.is_access() && event.paths.iter().any(|path| concerns(path, &wanted)))
            {
                // A full channel holds a notice already.
                let _ = sender.try_send(());
            }
        };
        let mut watcher = notify::recommended_watcher(notice).ok();
        let mut folders: Vec<PathBuf> = files.iter().filter_map(|file| file.parent()).map(ToOwned::to_owned).collect();
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

/// Whether a change at `path` may change one of the files. A database or a log in the same folder
/// does not; a name that starts with `..` does: orchestrators swap whole folders behind such a
/// symbolic link, and the files' own names see no event.
fn concerns(path: &Path, files: &[PathBuf]) -> bool {
    let Some(name) = path.file_name() else { return true };
    name.as_encoded_bytes().starts_with(b"..") || files.iter().any(|file| file.file_name() == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Far beyond what a notice takes; a test that reaches it fails.
    const LIMIT: Duration = Duration::from_secs(20);

    #[tokio::test]
    async fn renamed_file_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("stepgate.yaml");
        std::fs::write(&file, "old").unwrap();
        let mut changes = Changes::of(vec![file.clone()]);
        std::fs::write(folder.path().join("next"), "new").unwrap();
        std::fs::rename(folder.path().join("next"), &file).unwrap();
        let cause = tokio::time::timeout(LIMIT, changes.next()).await.unwrap();
        assert!(matches!(cause, ReloadCause::FileChanged));
    }

    #[tokio::test]
    async fn swapped_folder_behind_a_symbolic_link_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for version in ["..one", "..two"] {
            std::fs::create_dir(at(version)).unwrap();
            std::fs::write(at(version).join("stepgate.yaml"), version).unwrap();
        }
        std::os::unix::fs::symlink("..one", at("..data")).unwrap();
        std::os::unix::fs::symlink("..data/stepgate.yaml", at("stepgate.yaml")).unwrap();
        let mut changes = Changes::of(vec![at("stepgate.yaml")]);
        std::os::unix::fs::symlink("..two", at("..next")).unwrap();
        std::fs::rename(at("..next"), at("..data")).unwrap();
        let cause = tokio::time::timeout(LIMIT, changes.next()).await.unwrap();
        assert!(matches!(cause, ReloadCause::FileChanged));
        assert_eq!(std::fs::read_to_string(at("stepgate.yaml")).unwrap(), "..two");
    }

    #[test]
    fn database_beside_the_configuration_concerns_nobody() {
        let files = [PathBuf::from("/etc/stepgate/stepgate.yaml")];
        assert!(!concerns(Path::new("/etc/stepgate/stepgate.db-wal"), &files));
        assert!(concerns(Path::new("/etc/stepgate/stepgate.yaml"), &files));
        assert!(concerns(Path::new("/etc/stepgate/..data"), &files));
    }
}
