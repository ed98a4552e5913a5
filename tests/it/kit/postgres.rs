//! A private PostgreSQL server that ends with its value.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::{SocketAddr, TcpListener},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

/// A server of its own data directory on a free port of 127.0.0.1.
pub struct Postgres {
    server: Child,
    port: u16,
    /// Removed last, after the server ended.
    _folder: TempDir,
}

impl Postgres {
    /// Makes a cluster and starts its server; returns once it takes connections.
    pub fn start() -> Self {
        let folder = TempDir::new().expect("a temporary directory");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).expect("the server may write");
        let data = folder.path().join("data");
        let made = command("initdb")
            .args(["--username=gate", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--pgdata"])
            .arg(&data)
            .output()
            .expect("initdb runs");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        // The port is free once the listener is dropped at the end of this statement.
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let mut starting = command("postgres");
        starting
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-p", &port.to_string(), "-k"])
            .arg(folder.path())
            .arg("-D")
            .arg(&data)
            .stderr(Stdio::piped());
        let (started, server) = std::sync::mpsc::channel();
        // The server ends with the thread that starts it, as `setpriv` asks: this one reads its log to the
        // end, without which the server would stand still once the pipe is full.
        std::thread::spawn(move || {
            let mut server = starting.spawn().expect("postgres runs");
            let log = server.stderr.take().expect("its log is piped");
            let mut lines = BufReader::new(log).lines().map_while(Result::ok);
            assert!(lines.any(|line| line.contains("ready to accept connections")), "the server starts");
            started.send(server).expect("somebody waits for it");
            lines.for_each(drop);
        });
        let server = server.recv().expect("the server starts");
        Self { server, port, _folder: folder }
    }

    /// The address of the server's first database.
    pub fn url(&self) -> String {
        self.url_by(self.address())
    }

    /// The same by a relay that listens there.
    pub fn url_by(&self, relay: SocketAddr) -> String {
        format!("postgres://gate@{relay}/postgres")
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Immediate shutdown is what a killed leader leads to; nothing here must survive.
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

/// One of PostgreSQL's own programs, as a user that is not root: it refuses to run as root.
fn command(program: &str) -> Command {
    let path = installed().join(program);
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    if !is_root {
        return Command::new(path);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--pdeathsig=KILL"]).arg(path);
    command
}

/// The programs of the newest installed version.
fn installed() -> PathBuf {
    let versions = fs::read_dir(Path::new("/usr/lib/postgresql")).expect("PostgreSQL is installed");
    let newest = versions.filter_map(Result::ok).map(|version| version.path()).max();
    newest.expect("a version of PostgreSQL is installed").join("bin")
}
