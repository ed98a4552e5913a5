//! The sites of the zoo: real frameworks, each started on a port of its own.

use std::{
    ffi::OsStr,
    fs,
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use crate::kit::{free_address, process::Process};

/// What a site offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offers {
    /// Every handler of `tests/zoo/README.md`.
    Everything,
    /// The first row only: a server without an application.
    Paths,
}

/// One kind of site.
pub struct Framework {
    /// As in `tests/zoo` and the table.
    pub name: &'static str,
    pub offers: Offers,
    /// The file without which it cannot run.
    needs: fn() -> PathBuf,
    /// The processes it consists of, the one that takes connections last.
    commands: fn(&Started) -> Vec<Command>,
}

/// What the command line is made of.
pub struct Started {
    port: u16,
    /// A folder of its own, with its journal.
    folder: PathBuf,
}

/// Every kind, in the order of the table.
pub const ALL: [Framework; 17] = [
    site("express", || package("express"), |to| node(to, "express")),
    site("fastify", || package("fastify"), |to| node(to, "fastify")),
    site("koa", || package("koa"), |to| node(to, "koa")),
    site("django", || "target/django/bin/python".into(), |to| python(to, "target/django/bin/python", "django")),
    site("flask", || python_package("flask"), |to| python(to, PYTHON, "flask")),
    site("gunicorn", || python_package("gunicorn"), gunicorn),
    site("starlette", || python_package("starlette"), |to| python(to, PYTHON, "starlette")),
    site("aiohttp", || python_package("aiohttp"), |to| python(to, PYTHON, "aiohttp")),
    site("php", || "/usr/bin/php".into(), php),
    site("nginx_php", || "/usr/bin/php-cgi".into(), nginx_php),
    site("sinatra", || "/usr/share/doc/ruby-sinatra".into(), |to| vec![with_port("ruby", "sinatra/site.rb", to)]),
    site("rails", || "/usr/share/doc/ruby-actionpack".into(), |to| vec![with_port("ruby", "rails/site.rb", to)]),
    site("tomcat", || if Path::new(JAVAC).exists() { TOMCAT.into() } else { JAVAC.into() }, tomcat),
    site(
        "mojolicious",
        || "/usr/share/perl5/Mojolicious".into(),
        |to| vec![with_port("perl", "mojolicious/site.pl", to)],
    ),
    site("go", || "/usr/bin/go".into(), go),
    Framework { name: "nginx", offers: Offers::Paths, needs: || "/usr/sbin/nginx".into(), commands: nginx },
    Framework { name: "apache", offers: Offers::Paths, needs: || "/usr/sbin/apache2".into(), commands: apache },
];

/// What `script/bootstrap --tests` made of a Python.
const PYTHON: &str = "target/zoo/python/bin/python";
/// It compiles the site as it starts it.
const JAVAC: &str = "/usr/bin/javac";
/// Where Debian puts it.
const TOMCAT: &str = "/usr/share/java/tomcat10-embed-core.jar";

const fn site(name: &'static str, needs: fn() -> PathBuf, commands: fn(&Started) -> Vec<Command>) -> Framework {
    Framework { name, offers: Offers::Everything, needs, commands }
}

/// The kind of this name.
pub fn named(name: &str) -> &'static Framework {
    ALL.iter().find(|framework| framework.name == name).unwrap()
}

/// A running site with its journal.
pub struct Site {
    pub address: SocketAddr,
    journal: PathBuf,
    _processes: Vec<Process>,
    _folder: TempDir,
}

impl Framework {
    /// What is missing, if it cannot run here.
    pub fn missing(&self) -> Option<PathBuf> {
        Some(root().join((self.needs)())).filter(|needed| !needed.exists())
    }

    /// Starts a site; returns once it takes connections.
    pub fn start(&self) -> Site {
        let folder = TempDir::new().unwrap();
        let journal = folder.path().join("journal");
        fs::write(&journal, "").unwrap();
        let address = free_address();
        let started = Started { port: address.port(), folder: folder.path().to_owned() };
        let start = |command: Command| {
            let mut command = bounded(&command);
            command.env("ZOO_JOURNAL", &journal).current_dir(folder.path());
            Process::start(&mut command)
        };
        let mut processes: Vec<Process> = (self.commands)(&started).into_iter().map(start).collect();
        let last = processes.last_mut().unwrap();
        last.wait_for(|_| TcpStream::connect(address).is_ok().then_some(()));
        Site { address, journal, _processes: processes, _folder: folder }
    }
}

impl Site {
    /// How much its guarded handlers have written.
    pub fn handled(&self) -> u64 {
        fs::metadata(&self.journal).unwrap().len()
    }

    /// What they wrote from there on.
    pub fn handled_since(&self, before: u64) -> String {
        let journal = fs::read(&self.journal).unwrap();
        String::from_utf8_lossy(journal.get(usize::try_from(before).unwrap()..).unwrap_or_default()).into_owned()
    }
}

/// The command with at most 2 GiB: a chunk of an odd size makes some server read without end. PHP asks for
/// all that a Content-Length announces, 4 GiB of it, but does not use it.
fn bounded(command: &Command) -> Command {
    let gigabytes: u64 = if command.get_program() == "php" { 6 } else { 2 };
    let mut bounded = Command::new("prlimit");
    bounded.arg(format!("--data={}", gigabytes << 30)).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        bounded.envs(value.map(|value| (name, value)));
    }
    bounded
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A file of `tests/zoo`.
fn source(path: &str) -> PathBuf {
    root().join("tests/zoo").join(path)
}

fn package(name: &str) -> PathBuf {
    Path::new("target/zoo/node_modules").join(name)
}

/// A package in the folder of whichever Python made the environment.
fn python_package(name: &str) -> PathBuf {
    let lib = root().join("target/zoo/python/lib");
    let version = fs::read_dir(&lib).ok().and_then(|mut entries| entries.next()?.ok());
    version.map_or(lib, |version| version.path()).join("site-packages").join(name)
}

fn with_port(program: impl AsRef<OsStr>, script: &str, to: &Started) -> Command {
    let mut command = Command::new(program);
    command.arg(source(script)).arg(to.port.to_string());
    command
}

fn node(to: &Started, name: &str) -> Vec<Command> {
    let mut command = with_port("node", &format!("{name}/site.js"), to);
    command.env("NODE_PATH", root().join("target/zoo/node_modules"));
    vec![command]
}

fn python(to: &Started, python: &str, name: &str) -> Vec<Command> {
    vec![with_port(root().join(python), &format!("{name}/app.py"), to)]
}

fn gunicorn(to: &Started) -> Vec<Command> {
    let mut command = Command::new(root().join(PYTHON));
    command.args(["-m", "gunicorn", "--threads=4", "--log-level=critical", "--bind"]);
    command.arg(format!("127.0.0.1:{}", to.port)).arg("--chdir").arg(source("flask")).arg("app:app");
    // It keeps a socket there.
    command.env("HOME", &to.folder);
    vec![command]
}

fn php(to: &Started) -> Vec<Command> {
    let mut command = Command::new("php");
    command.arg("-S").arg(format!("127.0.0.1:{}", to.port)).arg(source("php/index.php"));
    vec![command]
}

fn nginx(to: &Started) -> Vec<Command> {
    vec![nginx_with(to, "nginx/nginx.conf", &[("journal", to.folder.join("journal").display().to_string())])]
}

fn nginx_php(to: &Started) -> Vec<Command> {
    let behind = free_address().port().to_string();
    let mut php = Command::new("php-cgi");
    php.arg("-b").arg(format!("127.0.0.1:{behind}")).env("PHP_FCGI_MAX_REQUESTS", "0");
    let values = [("behind", behind), ("script", source("php/index.php").display().to_string())];
    vec![php, nginx_with(to, "nginx/php.conf", &values)]
}

fn nginx_with(to: &Started, template: &str, values: &[(&str, String)]) -> Command {
    let mut command = Command::new("/usr/sbin/nginx");
    command.arg("-e").arg(to.folder.join("errors")).arg("-c").arg(filled_in(to, template, values));
    command
}

fn apache(to: &Started) -> Vec<Command> {
    let mut command = Command::new("/usr/sbin/apache2");
    let sources = [("source", source("apache").display().to_string())];
    // One process, which ends with its value.
    command.arg("-X").arg("-f").arg(filled_in(to, "apache/httpd.conf", &sources));
    vec![command]
}

/// A configuration with its placeholders filled in.
fn filled_in(to: &Started, template: &str, values: &[(&str, String)]) -> PathBuf {
    let mut text = fs::read_to_string(source(template)).unwrap();
    let (port, folder) = (to.port.to_string(), to.folder.display().to_string());
    let own = [("port", port), ("folder", folder)];
    for (name, value) in values.iter().chain(&own) {
        text = text.replace(&format!("@{name}@"), value);
    }
    let path = to.folder.join("configuration");
    fs::write(&path, text).unwrap();
    path
}

fn tomcat(to: &Started) -> Vec<Command> {
    let mut command = Command::new("java");
    command.arg("-cp").arg(TOMCAT).arg(source("tomcat/Site.java")).arg(to.port.to_string());
    vec![command]
}

/// Compiled once into a folder that stays.
fn go(to: &Started) -> Vec<Command> {
    let (binary, cache) = (root().join("target/zoo/go-site"), root().join("target/zoo/go-cache"));
    let mut build = Command::new("go");
    build.args(["build", "-o"]).arg(&binary).arg(source("go/site.go")).env("GOCACHE", cache).env("GO111MODULE", "off");
    assert!(build.status().unwrap().success(), "the Go site compiles");
    let mut command = Command::new(binary);
    command.arg(to.port.to_string());
    vec![command]
}
