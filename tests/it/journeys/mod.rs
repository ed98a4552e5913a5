//! The players' journeys through the gateway, each in a browser of a phone's size, with scripts and
//! without: the same steps, the same words.

mod attack;
mod carried;
mod enable;
mod held_forms;
mod log_in;
mod lost;
mod sensitive;
mod switch;
mod unenrolled;

use std::process::Command;

use tempfile::TempDir;

use crate::kit::{AuthenticatorApp, Browser, Demo, Scripts};

/// The numbers that the demo site has on file.
const AYU: &str = "+6281200001001";
const CITRA: &str = "+6281200001003";

/// The field for a code, on every page that asks for one.
const CODE: &str = "form:has(input[name=code])";
/// The button that sends a code, not the one that sends it again.
const SEND: &str = "form[action$='/send'] button:not(.o)";

/// A demo and a browser before it.
struct Journey {
    demo: Demo,
    browser: Browser,
    scripts: Scripts,
}

impl Journey {
    async fn begin(scripts: Scripts) -> Self {
        let (demo, browser) = tokio::join!(Demo::start(), Browser::start(scripts));
        Self { demo, browser, scripts }
    }

    async fn end(self) {
        self.browser.close().await;
    }

    async fn open(&self, target: &str) {
        self.browser.open(&self.demo.url(target)).await;
    }

    async fn log_in(&self, player: &str) {
        self.browser.log_in(&self.demo.url(""), player).await;
    }

    /// The heading, once it is this one.
    async fn expect(&self, heading: &str) {
        let xpath = format!("//h1[normalize-space()='{heading}']");
        self.browser.find_by(thirtyfour::By::XPath(xpath), heading).await;
    }

    /// Opens the folded part that is called so.
    async fn unfold(&self, name: &str) {
        let xpath = format!("//summary[normalize-space()='{name}']");
        self.browser.find_by(thirtyfour::By::XPath(xpath), name).await.click().await.unwrap();
    }

    /// Presses the button or link that is called so.
    async fn press(&self, name: &str) {
        let xpath = format!("//main//*[self::button or self::a][normalize-space()='{name}']");
        self.browser.follow(self.browser.find_by(thirtyfour::By::XPath(xpath), name).await).await;
    }

    /// The text of the page, without the marks that keep inserted values apart.
    async fn page(&self) -> String {
        self.browser.text("main").await.replace(['\u{2068}', '\u{2069}'], "")
    }

    /// Types a code and sends the form.
    async fn give(&self, code: &str) {
        self.browser.fill(&format!("{CODE} input[name=code]"), code).await;
        self.browser.go(&format!("{CODE} button")).await;
    }

    /// Presses the button that sends a code, and gives the code that arrives.
    async fn give_sms(&self, number: &str) {
        let before = self.demo.code_messages(number).await.len();
        self.browser.go(SEND).await;
        self.browser.find(CODE).await;
        assert_eq!(self.demo.code_messages(number).await.len(), before + 1, "one message for one press");
        self.give(&self.demo.sms_code(number).await).await;
    }

    /// Goes on after a right code: without scripts a press more.
    async fn go_on(&self) {
        match self.scripts {
            Scripts::On => {}
            Scripts::Off => self.browser.go("form:has(input[name=stepgate_resume]) button").await,
        }
    }

    /// An app that scans the code on the page, as a phone's camera sees it.
    async fn scan(&self) -> AuthenticatorApp {
        let folder = TempDir::new().unwrap();
        let picture = folder.path().join("qr.png");
        std::fs::write(&picture, self.browser.picture(".q").await).unwrap();
        let output = Command::new("zbarimg").args(["--quiet", "--raw"]).arg(&picture).output().unwrap();
        let read = String::from_utf8(output.stdout).unwrap();
        let uri = url::Url::parse(read.trim()).unwrap_or_else(|error| panic!("{error}: {read}"));
        assert_eq!((uri.scheme(), uri.host_str()), ("otpauth", Some("totp")), "{uri}");
        let secret = uri.query_pairs().find(|(name, _)| name == "secret").expect("a secret is in it").1.into_owned();
        let key = self.browser.text("code.k").await.replace(' ', "");
        assert_eq!(key, secret, "what is typed is what is scanned");
        AuthenticatorApp::holding(&secret)
    }

    /// The backup codes on the page.
    async fn backup_codes(&self) -> Vec<String> {
        self.browser.find("ul.c li").await;
        let shown = self.browser.text("ul.c").await;
        let codes: Vec<String> = shown.lines().map(str::to_owned).collect();
        assert_eq!(codes.len(), 10, "{shown}");
        codes
    }

    /// What the site says is in the wallet.
    async fn balance(&self) -> String {
        self.open("/wallet").await;
        self.browser.text(".balance").await
    }

    /// Submits the site's withdrawal form.
    async fn withdraw(&self) {
        self.open("/wallet").await;
        self.browser.go("#withdraw button[type=submit]").await;
    }

    /// Submits one of the account page's forms, from the open account page.
    async fn change(&self, field: &str, value: &str) {
        self.browser.fill(&format!("input[name={field}]"), value).await;
        self.browser.go(&format!("form:has(input[name={field}]) button")).await;
    }
}
