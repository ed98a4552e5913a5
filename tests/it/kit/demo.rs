//! `stepgate demo` as it is: its site, its players, its inbox, its unchanged configuration.

use std::{net::SocketAddr, process::Command, time::Duration};

use serde::Deserialize;
use stepgate::cli::demo::DemoOptions;
use tempfile::TempDir;

use super::{AuthenticatorApp, free_address, install_crypto, process::Process};

/// How long to wait for a message, and how long between two looks.
const DEADLINE: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// A running demo; it ends with its value.
pub struct Demo {
    /// What players open.
    pub gateway: SocketAddr,
    inbox: SocketAddr,
    /// The app of `budi`.
    pub app: AuthenticatorApp,
    http: reqwest::Client,
    _process: Process,
    _folder: TempDir,
}

/// What a player received.
#[derive(Clone, Debug, Deserialize)]
pub struct Message {
    /// `sms` or `email`.
    pub channel: String,
    pub to: String,
    pub text: String,
}

impl Message {
    /// The code of a text message: on its last line, as `@host #123456`.
    pub fn code(&self) -> Option<&str> {
        let (_, code) = self.text.lines().last()?.split_once(" #")?;
        Some(code)
    }

    /// The link that locks the account.
    pub fn link(&self) -> &str {
        let at = self.text.find("http").unwrap_or_else(|| panic!("no link: {}", self.text));
        self.text[at..].split_whitespace().next().unwrap()
    }
}

impl Demo {
    /// Starts it and waits for its banner and its gateway.
    pub async fn start() -> Self {
        install_crypto();
        let options = DemoOptions {
            site: free_address(),
            gateway: free_address(),
            ops: free_address(),
            inbox: free_address(),
            desk: free_address(),
        };
        let (gateway, inbox) = (options.gateway, options.inbox);
        let folder = TempDir::new().unwrap();
        // The demo keeps its files there: they go with the test, however it ends.
        let place = folder.path().to_owned();
        let start = move || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_stepgate"));
            command.arg("demo").env("TMPDIR", place);
            for (name, address) in [
                ("site", options.site),
                ("gateway", gateway),
                ("ops", options.ops),
                ("inbox", inbox),
                ("desk", options.desk),
            ] {
                command.arg(format!("--{name}={address}"));
            }
            let mut process = Process::start(&mut command);
            let secret = process.wait_for(|line| line?.trim().strip_prefix("oathtool --totp -b ").map(str::to_owned));
            process.wait_for(|_| std::net::TcpStream::connect(gateway).is_ok().then_some(()));
            (process, secret)
        };
        let (process, secret) = tokio::task::spawn_blocking(start).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let app = AuthenticatorApp::holding(&secret);
        Self { gateway, inbox, app, http, _process: process, _folder: folder }
    }

    /// An address behind the gateway.
    pub fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.gateway)
    }

    /// Every message, newest first.
    pub async fn messages(&self) -> Vec<Message> {
        let answer = self.http.get(format!("http://{}/messages.json", self.inbox)).send().await.unwrap();
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    }

    /// The text messages with a code to a number, newest first.
    pub async fn code_messages(&self, number: &str) -> Vec<Message> {
        let mut messages = self.messages().await;
        messages.retain(|message| message.to == number && message.code().is_some());
        messages
    }

    /// The newest code that was sent to a number.
    pub async fn sms_code(&self, number: &str) -> String {
        let messages = self.code_messages(number).await;
        let newest = messages.first().unwrap_or_else(|| panic!("no code was sent to {number}"));
        newest.code().unwrap().to_owned()
    }

    /// The newest message of this channel to this receiver whose text has these words, once it is there.
    pub async fn told(&self, channel: &str, to: &str, words: &str) -> Message {
        let fits = |message: &Message| message.channel == channel && message.to == to && message.text.contains(words);
        let look = async {
            let mut ticks = tokio::time::interval(LOOK_AGAIN);
            loop {
                ticks.tick().await;
                if let Some(found) = self.messages().await.into_iter().find(fits) {
                    return found;
                }
            }
        };
        match tokio::time::timeout(DEADLINE, look).await {
            Ok(message) => message,
            Err(_) => panic!("{to} was not told by {channel}: {words}; {:#?}", self.messages().await),
        }
    }
}
