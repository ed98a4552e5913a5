//! What a request costs: CPU time of a bare Pingora proxy and of the gateway, over the same number
//! of requests on kept-alive connections, in rounds that take turns. Loopback only.
//!
//! `cargo bench --bench gate` measures the bare proxy. With `STEPGATE_BENCH_CONFIG=FILE` it starts
//! the gateway on that file too, whose site must be `127.0.0.1:38080` and whose listener plain HTTP
//! on `127.0.0.1:38082`, with `/free` unguarded and `/account` guarded by `require: session`;
//! `STEPGATE_BENCH_COOKIE` is a Cookie header with a site session and a valid stamp.

#![expect(clippy::print_stdout, reason = "the figures are what a benchmark is for")]

use std::{
    error::Error,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use pingora::{prelude::*, proxy::ProxyHttp, server::configuration::ServerConf};

type Outcome<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const UPSTREAM: &str = "127.0.0.1:38080";
const BARE: &str = "127.0.0.1:38081";
const GATEWAY: &str = "127.0.0.1:38082";
/// Kept-alive connections, served one after the other in batches.
const CONNECTIONS: usize = 8;
const REQUESTS_PER_ROUND: u64 = 8_000;
const ROUNDS: usize = 5;
/// What `/proc/PID/stat` counts in: the kernel's USER_HZ, 100 on every Linux we support.
const MICROS_PER_TICK: u64 = 10_000;
const START_LIMIT: Duration = Duration::from_secs(20);

fn main() -> Outcome<()> {
    match std::env::args().nth(1).as_deref() {
        Some("upstream") => upstream(),
        Some("bare") => bare(),
        Some(_) | None => measure(),
    }
}

/// One thing that is measured.
struct Case {
    name: &'static str,
    address: &'static str,
    /// Index into the proxies.
    proxy: usize,
    request: String,
    status: u16,
}

fn measure() -> Outcome<()> {
    let _upstream = Process::start(Command::new(std::env::current_exe()?).arg("upstream"), UPSTREAM)?;
    let mut proxies = vec![Process::start(Command::new(std::env::current_exe()?).arg("bare"), BARE)?];
    let mut cases = vec![case("bare", BARE, 0, ("/free", ""), 200)];
    if let Ok(config) = std::env::var("STEPGATE_BENCH_CONFIG") {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stepgate"));
        proxies.push(Process::start(command.args(["run", "--config", &config]), GATEWAY)?);
        let cookie = std::env::var("STEPGATE_BENCH_COOKIE")?;
        cases.push(case("unguarded", GATEWAY, 1, ("/free", ""), 200));
        cases.push(case("guarded, valid stamp", GATEWAY, 1, ("/account", &cookie), 200));
        cases.push(case("guarded, anonymous", GATEWAY, 1, ("/account", ""), 401));
    }
    let mut ticks: Vec<u64> = vec![0; cases.len()];
    for round in 0..=ROUNDS {
        for (case, sum) in cases.iter().zip(&mut ticks) {
            let proxy = proxies.get(case.proxy).ok_or("no such proxy")?;
            let before = proxy.cpu_ticks()?;
            drive(case)?;
            // The first round warms up connections and caches.
            if round > 0 {
                *sum += proxy.cpu_ticks()? - before;
            }
        }
    }
    let total = REQUESTS_PER_ROUND * ROUNDS as u64;
    let bare = ticks.first().copied().unwrap_or(1).max(1) as f64;
    println!("{total} requests a case, {CONNECTIONS} connections");
    for (case, ticks) in cases.iter().zip(&ticks) {
        let micros = (ticks * MICROS_PER_TICK) as f64 / total as f64;
        println!("{:24} {micros:8.1} us CPU a request   {:5.2} x bare", case.name, *ticks as f64 / bare);
    }
    Ok(())
}

fn case(name: &'static str, address: &'static str, proxy: usize, (path, cookie): (&str, &str), status: u16) -> Case {
    let cookie = if cookie.is_empty() { String::new() } else { format!("Cookie: {cookie}\r\n") };
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAccept: application/json\r\n{cookie}\r\n");
    Case { name, address, proxy, request, status }
}

/// Sends a round's requests, one in flight on each connection.
fn drive(case: &Case) -> Outcome<()> {
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        let stream = TcpStream::connect(case.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        connections.push(BufReader::new(stream));
    }
    for _ in 0..REQUESTS_PER_ROUND / CONNECTIONS as u64 {
        for connection in &mut connections {
            connection.get_mut().write_all(case.request.as_bytes())?;
        }
        for connection in &mut connections {
            let status = read_answer(connection)?;
            if status != case.status {
                return Err(format!("{}: {status} in place of {}", case.name, case.status).into());
            }
        }
    }
    Ok(())
}

/// Reads one answer with a Content-Length; its status.
fn read_answer(connection: &mut BufReader<TcpStream>) -> Outcome<u16> {
    let (mut status, mut length) = (0, 0);
    loop {
        let mut line = String::new();
        if connection.read_line(&mut line)? == 0 {
            return Err("the connection was closed".into());
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if line.starts_with("HTTP/1.1 ") {
            status = line.split(' ').nth(1).unwrap_or_default().parse()?;
        } else if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse()?;
        }
    }
    let mut body = vec![0; length];
    connection.read_exact(&mut body)?;
    Ok(status)
}

/// A child process, ended with this value.
struct Process(Child);

impl Process {
    /// Starts it and waits until `address` accepts.
    fn start(command: &mut Command, address: &str) -> Outcome<Self> {
        let mut started = Self(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
        let (address, since): (SocketAddr, _) = (address.parse()?, Instant::now());
        while TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_err() {
            if let Some(status) = started.0.try_wait()? {
                return Err(format!("{command:?} ended: {status}").into());
            }
            if since.elapsed() > START_LIMIT {
                return Err(format!("{command:?} does not listen on {address}").into());
            }
            std::thread::yield_now();
        }
        Ok(started)
    }

    /// User and system time so far: fields 14 and 15 of `/proc/PID/stat` (proc(5)).
    fn cpu_ticks(&self) -> Outcome<u64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0.id()))?;
        // The name in field 2 may hold spaces; what follows its bracket starts with field 3.
        let (_, fields) = stat.rsplit_once(')').ok_or("no process name")?;
        let mut times = fields.split_ascii_whitespace().skip(11);
        let (user, system) = (times.next().ok_or("no utime")?, times.next().ok_or("no stime")?);
        Ok(user.parse::<u64>()? + system.parse::<u64>()?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A site that answers every request with the same small page.
fn upstream() -> Outcome<()> {
    let listener = TcpListener::bind(UPSTREAM)?;
    for stream in listener.incoming() {
        let stream = stream?;
        stream.set_nodelay(true)?;
        std::thread::spawn(move || answer_all(stream));
    }
    Ok(())
}

fn answer_all(mut stream: TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    while reader.read_line(&mut line)? > 0 {
        if line == "\r\n" {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok")?;
        }
        line.clear();
    }
    Ok(())
}

/// Pingora with nothing but an address to forward to.
struct Bare;

#[async_trait::async_trait]
impl ProxyHttp for Bare {
    type CTX = ();

    fn new_ctx(&self) -> Self::CTX {}

    async fn upstream_peer(&self, _session: &mut Session, _context: &mut Self::CTX) -> Result<Box<HttpPeer>> {
        Ok(Box::new(HttpPeer::new(UPSTREAM, false, String::new())))
    }
}

fn bare() -> Outcome<()> {
    let settings = ServerConf { threads: 2, upstream_keepalive_pool_size: 128, ..ServerConf::default() };
    let mut server = Server::new_with_opt_and_conf(None, settings);
    server.bootstrap();
    let mut service = pingora::proxy::http_proxy_service(&server.configuration, Bare);
    service.add_tcp(BARE);
    server.add_service(service);
    server.run_forever()
}
