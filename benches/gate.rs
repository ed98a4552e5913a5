//! What a request costs: CPU time of a bare Pingora proxy and of the gateway, over the same number
//! of requests on kept-alive connections, in rounds in which they take turns. The median of the
//! rounds is shown, with its ratio to the bare proxy's. Everything is started here, on loopback,
//! and ends within a minute.

#![expect(clippy::print_stdout, reason = "the figures are what a benchmark is for")]

use std::{
    error::Error,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant, SystemTime},
};

use pingora::{prelude::*, proxy::ProxyHttp, server::configuration::ServerConf};
use serde_json::Value;
use stepgate::cli::demo::{DemoOptions, demo_config};

type Outcome<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Kept-alive connections, one request in flight on each; fewer requests on each than the gateway
/// closes a connection after.
const CONNECTIONS: usize = 8;
const REQUESTS_PER_CONNECTION: usize = 400;
const ROUNDS: usize = 15;
/// No round begins later than this.
const LAST_ROUND: Duration = Duration::from_secs(45);
const START_LIMIT: Duration = Duration::from_secs(10);
/// The site's session, as the demo's configuration names it.
const SESSION: &str = "demo_session=0123456789abcdefghijkl";
/// Every answer of the site; it also says whose session it is.
const ANSWER: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 26\r\n\r\n{\"user\":{\"id\":\"user-ayu\"}}";

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["upstream", address] => upstream(address),
        ["bare", address, site] => bare(address, site),
        _ => measure(),
    }
}

/// One thing that is measured.
struct Case<'p> {
    name: &'static str,
    proxy: &'p Process,
    request: String,
    status: u16,
    /// Microseconds of CPU a request, one for each round.
    rounds: Vec<f64>,
}

fn measure() -> Outcome<()> {
    let (site, gateway, ops, bare) = (free_address()?, free_address()?, free_address()?, free_address()?);
    let own = || std::env::current_exe().map(Command::new);
    let _site = Process::start(own()?.args(["upstream", &site.to_string()]), site)?;
    let bare = Process::start(own()?.args(["bare", &bare.to_string(), &site.to_string()]), bare)?;
    let folder = tempfile::tempdir()?;
    let config = folder.path().join("stepgate.yaml");
    let options = DemoOptions { site, gateway, ops, inbox: free_address()?, desk: free_address()? };
    std::fs::write(&config, without_couriers(&demo_config(&options, folder.path())))?;
    let gate = gateway_of(&config, gateway)?;
    let stamped = format!("{SESSION}; {}", stamp(gateway)?);
    let host = gateway.to_string();
    let mut cases = [
        case("bare", &bare, &host, ("/assets/app.js", SESSION), 200),
        case("unguarded", &gate, &host, ("/assets/app.js", SESSION), 200),
        case("guarded, valid stamp", &gate, &host, ("/account", &stamped), 200),
        case("guarded, anonymous", &gate, &host, ("/account", ""), 401),
    ];
    let begun = Instant::now();
    for round in 0..=ROUNDS {
        for case in &mut cases {
            let before = case.proxy.cpu()?;
            drive(case)?;
            let took = case.proxy.cpu()?.saturating_sub(before);
            // The first round warms up connections and caches.
            if round > 0 {
                case.rounds.push(took.as_secs_f64() * 1e6 / (CONNECTIONS * REQUESTS_PER_CONNECTION) as f64);
            }
        }
        if begun.elapsed() > LAST_ROUND {
            break;
        }
    }
    show(&cases);
    Ok(())
}

/// The demo's configuration as `run` takes it: no message is sent here.
fn without_couriers(yaml: &str) -> String {
    let nowhere = "  sms: [{ http: { url: 'http://127.0.0.1:1', json: ['{to}', '{text}'] } }]\n";
    let yaml = yaml.replace("  sms: [{ outbox: {} }]\n  email: { outbox: {} }\n", nowhere);
    yaml.replace("first_enrolment: phone_on_file", "first_enrolment: insecure_session_only")
}

fn show(cases: &[Case<'_>]) {
    let bare = cases.first().map(|case| case.rounds.clone()).unwrap_or_default();
    println!("{} rounds of {} requests a case", bare.len(), CONNECTIONS * REQUESTS_PER_CONNECTION);
    for case in cases {
        let ratio = median(case.rounds.iter().zip(&bare).map(|(own, bare)| own / bare).collect());
        println!("{:22} {:7.1} us CPU a request   {ratio:5.3} x bare", case.name, median(case.rounds.clone()));
    }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

fn case<'p>(name: &'static str, proxy: &'p Process, host: &str, (path, cookie): (&str, &str), status: u16) -> Case<'p> {
    let cookie = if cookie.is_empty() { String::new() } else { format!("Cookie: {cookie}\r\n") };
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\nAccept-Encoding: gzip\r\n\
         Accept-Language: id\r\nUser-Agent: bench\r\n{cookie}\r\n"
    );
    Case { name, proxy, request, status, rounds: Vec::new() }
}

/// Sends a round's requests.
fn drive(case: &Case<'_>) -> Outcome<()> {
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        connections.push(connect(case.proxy.address)?);
    }
    for _ in 0..REQUESTS_PER_CONNECTION {
        for connection in &mut connections {
            connection.get_mut().write_all(case.request.as_bytes())?;
        }
        for connection in &mut connections {
            let answer = Answer::read(connection)?;
            if answer.status != case.status {
                return Err(format!("{}: {} in place of {}", case.name, answer.status, case.status).into());
            }
        }
    }
    Ok(())
}

fn connect(address: SocketAddr) -> Outcome<BufReader<TcpStream>> {
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    Ok(BufReader::new(stream))
}

/// An answer with a Content-Length.
struct Answer {
    status: u16,
    /// `name=value` of each Set-Cookie.
    cookies: Vec<String>,
    body: Vec<u8>,
}

impl Answer {
    fn read(connection: &mut BufReader<TcpStream>) -> Outcome<Self> {
        let (mut status, mut length, mut cookies) = (0, 0, Vec::new());
        let mut line = String::new();
        loop {
            line.clear();
            if connection.read_line(&mut line)? == 0 {
                return Err("the connection was closed".into());
            }
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            if line.starts_with("HTTP/1.1 ") {
                status = line.split(' ').nth(1).unwrap_or_default().parse()?;
            } else if let Some((name, value)) = line.split_once(':') {
                match name.to_ascii_lowercase().as_str() {
                    "content-length" => length = value.trim().parse()?,
                    "set-cookie" => cookies.push(value.split(';').next().unwrap_or_default().trim().to_owned()),
                    _ => {}
                }
            }
        }
        let mut body = vec![0; length];
        connection.read_exact(&mut body)?;
        Ok(Self { status, cookies, body })
    }

    fn text(&self, pointer: &str) -> Outcome<String> {
        let value: Value = serde_json::from_slice(&self.body)?;
        let text = value.pointer(pointer).and_then(Value::as_str);
        text.map(str::to_owned).ok_or_else(|| format!("{} without {pointer}: {value}", self.status).into())
    }
}

/// Enrols an app for the player of the session and answers one challenge; the stamp's cookie.
fn stamp(gateway: SocketAddr) -> Outcome<String> {
    let mut connection = connect(gateway)?;
    let mut send = |request: String| {
        connection.get_mut().write_all(request.as_bytes())?;
        Answer::read(&mut connection)
    };
    let post = |path: &str, cookies: &str, body: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: {gateway}\r\nOrigin: http://{gateway}\r\nCookie: {cookies}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let begun = send(post("/.stepgate/api/enrolments", SESSION, r#"{"method":"app"}"#))?;
    let (id, secret) = (begun.text("/id")?, begun.text("/secret")?);
    let confirm = format!(r#"{{"code":"{}"}}"#, code(&secret, -1)?);
    send(post(&format!("/.stepgate/api/enrolments/{id}/confirm"), SESSION, &confirm))?;
    let asked = send(format!(
        "GET /account HTTP/1.1\r\nHost: {gateway}\r\nAccept: application/json\r\nCookie: {SESSION}\r\n\r\n"
    ))?;
    let cookies = format!("{SESSION}; {}", asked.cookies.join("; "));
    let answer = format!(r#"{{"method":"app","code":"{}"}}"#, code(&secret, 0)?);
    let proven = send(post(&asked.text("/challenge/verify")?, &cookies, &answer))?;
    let found = proven.cookies.iter().find(|cookie| cookie.starts_with("stepgate="));
    found.cloned().ok_or_else(|| format!("{}: no stamp", proven.status).into())
}

/// The code of a step after the present one.
fn code(secret: &str, step: i64) -> Outcome<String> {
    let secret = data_encoding::BASE32_NOPAD.decode(secret.as_bytes())?;
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &secret);
    #[expect(clippy::disallowed_methods, reason = "the gateway in the other process has the system's clock")]
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
    let counter = (now / 30).saturating_add_signed(step);
    // RFC 4226 §5.3: 31 bits from where the last four say.
    let tag = ring::hmac::sign(&key, &counter.to_be_bytes());
    let offset = usize::from(tag.as_ref().last().ok_or("no tag")? & 15);
    let bytes = tag.as_ref().get(offset..offset + 4).ok_or("a short tag")?;
    let number = u32::from_be_bytes(bytes.try_into()?) & 0x7fff_ffff;
    Ok(format!("{:06}", number % 1_000_000))
}

/// The built gateway on this configuration, with new keys.
fn gateway_of(config: &Path, address: SocketAddr) -> Outcome<Process> {
    let command = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stepgate"));
        command.args(words).arg("--config").arg(config);
        command
    };
    let keys = command(&["keys", "generate"]).output()?;
    if !keys.status.success() {
        return Err(format!("keys generate: {keys:?}").into());
    }
    Process::start(&mut command(&["run"]), address)
}

fn free_address() -> Outcome<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// A child process that listens, ended with this value.
struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    /// Starts it and waits until `address` accepts.
    fn start(command: &mut Command, address: SocketAddr) -> Outcome<Self> {
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let (mut started, since) = (Self { child, address }, Instant::now());
        while TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_err() {
            if let Some(status) = started.child.try_wait()? {
                return Err(format!("{command:?} ended: {status}").into());
            }
            if since.elapsed() > START_LIMIT {
                return Err(format!("{command:?} does not listen on {address}").into());
            }
            std::thread::yield_now();
        }
        Ok(started)
    }

    /// User and system time of its threads so far, in nanoseconds: the first field of each
    /// `/proc/PID/task/TID/schedstat`.
    fn cpu(&self) -> Outcome<Duration> {
        let mut sum = 0;
        for task in std::fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let stat = std::fs::read_to_string(task?.path().join("schedstat"))?;
            sum += stat.split(' ').next().ok_or("no run time")?.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(sum))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A site that answers every request alike.
fn upstream(address: &str) -> Outcome<()> {
    let listener = TcpListener::bind(address)?;
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
            stream.write_all(ANSWER.as_bytes())?;
        }
        line.clear();
    }
    Ok(())
}

/// Pingora with nothing but an address to forward to.
struct Bare(SocketAddr);

#[async_trait::async_trait]
impl ProxyHttp for Bare {
    type CTX = ();

    fn new_ctx(&self) -> Self::CTX {}

    async fn upstream_peer(&self, _session: &mut Session, _context: &mut Self::CTX) -> Result<Box<HttpPeer>> {
        Ok(Box::new(HttpPeer::new(self.0, false, String::new())))
    }
}

fn bare(address: &str, site: &str) -> Outcome<()> {
    let settings = ServerConf { threads: 2, upstream_keepalive_pool_size: 256, ..ServerConf::default() };
    let mut server = Server::new_with_opt_and_conf(None, settings);
    server.bootstrap();
    let mut service = pingora::proxy::http_proxy_service(&server.configuration, Bare(site.parse()?));
    service.add_tcp(address);
    server.add_service(service);
    server.run_forever()
}
