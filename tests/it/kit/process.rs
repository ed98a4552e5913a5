//! A child process whose output is read line by line and that ends with its value.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::{Duration, Instant},
};

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

    /// Asks it to end.
    pub fn terminate(&self) {
        let done = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(done.success());
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

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself; either way nothing is left behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
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
