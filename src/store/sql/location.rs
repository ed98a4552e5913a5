//! Where the database is, out of its URL.

use std::{
    fs::OpenOptions,
    io::{Error, ErrorKind},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// A database, by its URL.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Location {
    /// `sqlite::memory:`.
    SqliteMemory,
    /// `sqlite:` and a path, percent-decoded.
    SqliteFile(PathBuf),
    /// `postgres:` or `postgresql:`.
    Postgres,
}

impl Location {
    /// The database that a URL names; the message of an error never repeats the URL, which may
    /// carry a password.
    pub(super) fn parse(url: &str) -> Result<Self, &'static str> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres);
        }
        let Some(rest) = url.strip_prefix("sqlite:") else {
            return Err("a database URL begins with sqlite: or postgres://");
        };
        if rest == ":memory:" {
            return Ok(Self::SqliteMemory);
        }
        let path = rest.strip_prefix("//").unwrap_or(rest);
        if path.is_empty() || path.contains(['?', '#']) {
            return Err("a SQLite URL is sqlite: and a path, without parameters");
        }
        let path = percent_encoding::percent_decode_str(path).decode_utf8().map_err(|_| "the path is not UTF-8")?;
        Ok(Self::SqliteFile(PathBuf::from(path.as_ref())))
    }

    /// The label in errors and metrics.
    pub(super) const fn backend(&self) -> &'static str {
        match self {
            Self::SqliteMemory | Self::SqliteFile(_) => "sqlite",
            Self::Postgres => "postgres",
        }
    }

    /// How a writing transaction begins: SQLite must take its write lock at once, since a read lock
    /// cannot always be raised later without a deadlock.
    pub(super) const fn begin(&self) -> &'static str {
        match self {
            Self::SqliteMemory | Self::SqliteFile(_) => "BEGIN IMMEDIATE",
            Self::Postgres => "BEGIN",
        }
    }

    /// Creates a SQLite file that is not there yet, readable by its owner only; SQLite gives the
    /// files beside it the same mode.
    pub(super) fn prepare(&self) -> Result<(), Error> {
        let Self::SqliteFile(path) = self else { return Ok(()) };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if !folder.is_dir() {
            let message = format!("the directory {} of the database does not exist", folder.display());
            return Err(Error::new(ErrorKind::NotFound, message));
        }
        // Never opens a file that exists: closing it again would drop the locks that this process
        // holds on it through SQLite (POSIX advisory locks).
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_a_database_or_nothing() {
        assert_eq!(Location::parse("sqlite::memory:"), Ok(Location::SqliteMemory));
        assert_eq!(Location::parse("sqlite:/a%20b.db"), Ok(Location::SqliteFile("/a b.db".into())));
        assert_eq!(Location::parse("sqlite:///a.db"), Ok(Location::SqliteFile("/a.db".into())));
        assert_eq!(Location::parse("postgres://u:p@h/d"), Ok(Location::Postgres));
        for bad in ["", "mysql://h/d", "/a.db", "sqlite:", "sqlite:a.db?mode=ro"] {
            assert!(Location::parse(bad).is_err(), "{bad}");
        }
    }
}
