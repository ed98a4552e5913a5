//! A child process whose output is read line by line and that ends with its value.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::{Duration, Instant},
};

use super::{eventually, moved_clock};

/// How long a process may take to become ready.
const DEADLINE: Duration = Duration::from_secs(30);

/// How long to wait for a line before looking again.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A running child; killed, by its own id, when dropped.
pub struct Process {
    child: Child,
    lines: Receiver<String>,
    /// What it wrote so far, for the message of a failure.
    seen: Vec<String>,
}

impl Process {
    /// Starts a command and reads its output and its errors.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        pass_lines(child.stdout.take().unwrap(), sender.clone());
        pass_lines(child.stderr.take().unwrap(), sender);
        Self { child, lines, seen: Vec::new() }
    }

    /// Its id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal by name, such as `HUP`.
    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.id().to_string()).status().unwrap();
        assert!(status.success(), "kill -{name}");
    }

    /// How it ended, if it has.
    pub fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Everything that it wrote so far.
    pub fn written(&mut self) -> String {
        self.seen.extend(self.lines.try_iter());
        self.seen.join("\n")
    }

    /// Waits for a line with this text among those that were not looked at yet.
    pub async fn says(&mut self, text: &str) -> String {
        eventually(&format!("a line with {text:?}"), async || {
            while let Ok(line) = self.lines.try_recv() {
                self.seen.push(line.clone());
                if line.contains(text) {
                    return Some(line);
                }
            }
            None
        })
        .await
    }

    /// The first result that is there: of each line as it comes, and of a look when none does.
    ///
    /// # Panics
    /// When the process ends first or the deadline passes.
    pub fn wait_for<T>(&mut self, mut found: impl FnMut(Option<&str>) -> Option<T>) -> T {
        let started = Instant::now();
        while started.elapsed() < DEADLINE {
            match self.lines.recv_timeout(LOOK_AGAIN) {
                Ok(line) => {
                    let result = found(Some(&line));
                    self.seen.push(line);
                    if let Some(result) = result {
                        return result;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    if let Some(result) = found(None) {
                        return result;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => panic!("it ended; it wrote:\n{}", self.seen.join("\n")),
            }
        }
        panic!("not ready in {DEADLINE:?}; it wrote:\n{}", self.seen.join("\n"));
    }
}

impl Process {
    /// The first result over the lines that were written and those that come.
    ///
    /// # Panics
    /// As [`Process::wait_for`].
    pub fn find<T>(&mut self, found: impl Fn(&str) -> Option<T>) -> T {
        if let Some(result) = self.seen.iter().find_map(|line| found(line)) {
            return result;
        }
        self.wait_for(|line| line.and_then(&found))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; either way nothing is left behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
        moved_clock::clear_after(self.id());
    }
}

fn pass_lines(stream: impl Read + Send + 'static, to: Sender<String>) {
    thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if to.send(line).is_err() {
                return;
            }
        }
    });
}
