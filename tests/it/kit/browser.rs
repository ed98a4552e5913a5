//! A headless Chromium of the size of an old phone.

use std::{process::Command, time::Duration};

use serde_json::json;
use stepgate::cli::demo::accounts::PASSWORD;
use tempfile::TempDir;
use thirtyfour::{ChromiumLikeCapabilities, common::cookie::Cookie, prelude::*};

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

/// How long to wait for what a page will show, and how long between two looks.
const DEADLINE: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// The cookies of a browser that is put aside.
pub struct Jar(Vec<Cookie>);

/// A browser with a profile of its own; it ends when dropped, also where a test fails.
pub struct Browser {
    pub driver: WebDriver,
    _chromedriver: Process,
    profile: TempDir,
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
        // A window may not be as narrow as asked for; what pages see is.
        let phone = json!({"width": 360, "height": 640, "deviceScaleFactor": 1, "mobile": true});
        driver.cdp().send_raw("Emulation.setDeviceMetricsOverride", phone).await.unwrap();
        Self { driver, _chromedriver: chromedriver, profile }
    }

    /// Opens an address.
    pub async fn open(&self, url: &str) {
        self.driver.goto(url).await.unwrap();
    }

    /// The element that a CSS selector finds, once it is there.
    pub async fn find(&self, css: &str) -> WebElement {
        self.find_by(By::Css(css), css).await
    }

    /// The element of a locator, once it is there; `what` names it where it is not.
    pub async fn find_by(&self, by: By, what: &str) -> WebElement {
        match self.driver.query(by).wait(DEADLINE, LOOK_AGAIN).first().await {
            Ok(element) => element,
            Err(error) => panic!("{what}: {error}\n{}", self.driver.source().await.unwrap()),
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

    /// The same with an element at hand.
    pub async fn follow(&self, element: WebElement) {
        element.click().await.unwrap();
        element.wait_until().wait(DEADLINE, LOOK_AGAIN).stale().await.unwrap();
    }

    /// Clicks on what leads to another page; returns once the old page is gone.
    pub async fn go(&self, css: &str) {
        self.follow(self.find(css).await).await;
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

    /// The path and query of the open page.
    pub async fn here(&self) -> String {
        let url = self.driver.current_url().await.unwrap();
        url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
    }

    /// Whether an element is on the open page now.
    pub async fn has(&self, css: &str) -> bool {
        !self.driver.find_all(By::Css(css)).await.unwrap().is_empty()
    }

    /// A picture of an element, as PNG.
    pub async fn picture(&self, css: &str) -> Vec<u8> {
        self.find(css).await.screenshot_as_png().await.unwrap()
    }

    /// Goes on as a browser that was never here; what this one knew is put aside.
    pub async fn become_another(&self) -> Jar {
        let jar = Jar(self.driver.get_all_cookies().await.unwrap());
        self.driver.delete_all_cookies().await.unwrap();
        jar
    }

    /// Goes on as the browser that was put aside.
    pub async fn become_again(&self, jar: Jar) {
        self.driver.delete_all_cookies().await.unwrap();
        for cookie in jar.0 {
            self.driver.add_cookie(cookie).await.unwrap();
        }
    }

    /// Ends the session, so that the browser writes nothing more to its profile.
    pub async fn close(self) {
        self.driver.clone().quit().await.unwrap();
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // After a failure the runtime no longer runs: to end the session properly would wait in vain.
        if !std::thread::panicking() {
            return;
        }
        let _ = self.driver.clone().leak();
        // A driver that is killed leaves its browser behind: what names the profile is ours.
        let profile = self.profile.path().as_os_str().as_encoded_bytes();
        for process in std::fs::read_dir("/proc").unwrap().flatten() {
            let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
            if line.windows(profile.len()).any(|part| part == profile) {
                let _ = Command::new("kill").arg("-KILL").arg(process.file_name()).status();
            }
        }
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
