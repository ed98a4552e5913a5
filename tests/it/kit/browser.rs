//! A headless Chromium of the size of an old phone.

use std::process::Command;

use stepgate::cli::demo::accounts::PASSWORD;
use tempfile::TempDir;
use thirtyfour::{ChromiumLikeCapabilities, prelude::*};

use super::{install_crypto, process::Process};

/// Whether pages may run scripts.
#[derive(Clone, Copy, Debug)]
pub enum Scripts {
    /// As nearly everywhere.
    On,
    /// As set by some players.
    Off,
}

/// What every browser is started with: no first-run pages, no traffic of its own.
const FLAGS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=360,640",
];

/// A browser with a profile of its own; it ends when dropped, since its driver does.
pub struct Browser {
    pub driver: WebDriver,
    _chromedriver: Process,
    _profile: TempDir,
}

impl Browser {
    /// Starts a driver and one browser.
    pub async fn start(scripts: Scripts) -> Self {
        install_crypto();
        let (chromedriver, port) = tokio::task::spawn_blocking(start_chromedriver).await.unwrap();
        let profile = TempDir::new().unwrap();
        let mut capabilities = DesiredCapabilities::chrome();
        for flag in FLAGS {
            capabilities.add_arg(flag).unwrap();
        }
        capabilities.add_arg(&format!("--user-data-dir={}", profile.path().display())).unwrap();
        match scripts {
            Scripts::On => {}
            Scripts::Off => capabilities.add_arg("--blink-settings=scriptEnabled=false").unwrap(),
        }
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), capabilities).await.unwrap();
        Self { driver, _chromedriver: chromedriver, _profile: profile }
    }

    /// Opens an address.
    pub async fn open(&self, url: &str) {
        self.driver.goto(url).await.unwrap();
    }

    /// The element that a CSS selector finds, once it is there.
    pub async fn find(&self, css: &str) -> WebElement {
        let found = self.driver.query(By::Css(css)).first().await;
        match found {
            Ok(element) => element,
            Err(error) => panic!("{css}: {error}\n{}", self.driver.source().await.unwrap()),
        }
    }

    /// Puts a text in place of what a field holds.
    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Clicks.
    pub async fn press(&self, css: &str) {
        self.find(css).await.click().await.unwrap();
    }

    /// The text that a player sees in an element.
    pub async fn text(&self, css: &str) -> String {
        self.find(css).await.text().await.unwrap()
    }

    /// The value of a form's field.
    pub async fn value(&self, css: &str) -> String {
        self.find(css).await.value().await.unwrap().unwrap()
    }

    /// Logs in by the site's own form, at the address given.
    pub async fn log_in(&self, base: &str, username: &str) {
        self.open(&format!("{base}/login")).await;
        self.fill("input[name=username]", username).await;
        self.fill("input[name=password]", PASSWORD).await;
        self.press("form[action='/login'] button[type=submit]").await;
        self.find("#withdraw").await;
    }

    /// Ends the session, so that the browser writes nothing more to its profile.
    pub async fn close(self) {
        self.driver.clone().quit().await.unwrap();
    }
}

/// A driver on a port of its own choice, which it names on its first lines.
fn start_chromedriver() -> (Process, u16) {
    let mut process = Process::start(Command::new("chromedriver").arg("--port=0"));
    let port = process.wait_for(|line| {
        let (_, rest) = line?.split_once("started successfully on port ")?;
        rest.trim_end_matches('.').parse().ok()
    });
    (process, port)
}
