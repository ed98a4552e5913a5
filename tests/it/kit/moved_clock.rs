//! The machine's clock as one process sees it, moved while that runs: `libfaketime`, which is not our code.

use std::{ffi::OsString, fs, path::PathBuf};

use tempfile::TempDir;

/// Where Debian's package libfaketime puts it, below the folder of the machine's libraries.
const LIBRARY: &str = "faketime/libfaketimeMT.so.1";

/// A clock for processes that are started with its [`MovedClock::environment`].
pub struct MovedClock {
    library: PathBuf,
    folder: TempDir,
}

impl MovedClock {
    /// A clock that is right.
    ///
    /// # Panics
    /// Where the library is not installed.
    pub fn new() -> Self {
        let library = fs::read_dir("/usr/lib").unwrap().flatten().map(|entry| entry.path().join(LIBRARY));
        let library =
            library.into_iter().find(|path| path.exists()).expect("script/bootstrap --tests installs libfaketime");
        let clock = Self { library, folder: TempDir::new().unwrap() };
        clock.set("+0");
        clock
    }

    /// Sets it: so far from the right time, as `-5h`, or to a moment in UTC, as `@2039-01-01 00:00:00`, from
    /// which it goes on once a process begins.
    pub fn set(&self, to: &str) {
        // In one move, so that nobody reads half of it.
        let next = self.folder.path().join("next");
        fs::write(&next, format!("{to}\n")).unwrap();
        fs::rename(&next, self.file()).unwrap();
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("clock")
    }

    /// What makes a process go by it, but for lengths of time.
    pub fn environment(&self) -> Vec<(&'static str, OsString)> {
        vec![
            ("LD_PRELOAD", self.library.clone().into()),
            ("FAKETIME_TIMESTAMP_FILE", self.file().into()),
            ("FAKETIME_NO_CACHE", "1".into()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
            ("NO_FAKE_STAT", "1".into()),
            ("TZ", "UTC".into()),
        ]
    }
}

/// Removes what the library leaves in shared memory when a process that it was loaded into is killed.
pub fn clear_after(id: u32) {
    for name in ["faketime_shm_", "sem.faketime_sem_"] {
        // Most processes had no such library.
        let _ = fs::remove_file(format!("/dev/shm/{name}{id}"));
    }
}
