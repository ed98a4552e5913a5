//! A browser that looks at pages: do they fit, can everybody use them, what do they cost; it keeps
//! pictures of them.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};
use stepgate::words::Language;
use thirtyfour::common::cookie::Cookie;

use crate::kit::{Browser, Scripts};

/// A phone and a laptop.
const PHONE: (u32, u32) = (360, 640);
const LAPTOP: (u32, u32) = (1280, 800);

/// Bytes at most, headers and everything that it loads included: of a page, of the settings with
/// everything on them, and of a page with a QR code.
pub(crate) const PAGE: u64 = 10 * 1024;
pub(crate) const PAGE_OF_LISTS: u64 = 14 * 1024;
pub(crate) const PAGE_WITH_PICTURE: u64 = 24 * 1024;

/// The check of accessibility, where `script/bootstrap --tests` could get it.
fn axe() -> Option<String> {
    fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/axe/axe.min.js")).ok()
}

/// A browser that looks at pages.
pub(crate) struct Viewer {
    pub(crate) browser: Browser,
    axe: Option<String>,
}

impl Viewer {
    pub(crate) async fn start() -> Self {
        let browser = Browser::start(Scripts::On).await;
        Self { browser, axe: axe() }
    }

    /// Looks at an address in every language.
    pub(crate) async fn tour(&self, name: &str, url: &str) {
        self.tour_within(name, url, PAGE).await;
    }

    /// The same for a page that may be larger.
    pub(crate) async fn tour_within(&self, name: &str, url: &str, most: u64) {
        for language in Language::ALL {
            self.speak(language).await;
            self.browser.open(url).await;
            self.look_at(name, language, most).await;
        }
        self.speak(Language::English).await;
        self.browser.open(url).await;
    }

    /// From now on pages are asked for in this language.
    pub(crate) async fn speak(&self, language: Language) {
        self.browser.driver.add_cookie(Cookie::new("stepgate-language", language.tag())).await.unwrap();
    }

    /// Looks at the open page: on a phone in the light, and in English on a dark one and a laptop.
    pub(crate) async fn look_at(&self, name: &str, language: Language, most: u64) {
        let spoken = self.run("return [document.documentElement.lang, document.documentElement.dir]").await;
        assert_eq!(spoken, json!([language.tag(), language.direction().as_str()]), "{name}");
        let bytes = self.bytes_loaded().await;
        assert!(0 < bytes && bytes < most, "{name} in {} has {bytes} bytes", language.tag());
        self.show(PHONE, "light").await;
        let at = format!("{name}-{}", language.tag());
        self.assert_fits(&at).await;
        self.assert_accessible(&at).await;
        if !matches!(language, Language::English | Language::Indonesian | Language::Arabic) {
            return;
        }
        self.keep_picture(&at).await;
        if language != Language::English {
            return;
        }
        self.show(PHONE, "dark").await;
        self.assert_accessible(&format!("{at}-dark")).await;
        self.keep_picture(&format!("{at}-dark")).await;
        self.show(LAPTOP, "light").await;
        self.assert_fits(&format!("{at}-laptop")).await;
        self.keep_picture(&format!("{at}-laptop")).await;
        self.show(PHONE, "light").await;
    }

    async fn keep_picture(&self, at: &str) {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
        fs::create_dir_all(&folder).unwrap();
        let params = json!({"format": "png", "captureBeyondViewport": true, "optimizeForSpeed": true});
        let picture = self.tell("Page.captureScreenshot", params).await;
        let png = data_encoding::BASE64.decode(picture["data"].as_str().unwrap().as_bytes()).unwrap();
        fs::write(folder.join(format!("{at}.png")), png).unwrap();
    }

    async fn tell(&self, command: &str, params: Value) -> Value {
        self.browser.driver.cdp().send_raw(command, params).await.unwrap()
    }

    async fn show(&self, screen: (u32, u32), scheme: &str) {
        let (width, height) = screen;
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        self.tell("Emulation.setDeviceMetricsOverride", metrics).await;
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.tell("Emulation.setEmulatedMedia", features).await;
    }

    pub(crate) async fn run(&self, script: &str) -> Value {
        self.browser.driver.execute(script, vec![]).await.unwrap().json().clone()
    }

    /// Nothing must be scrolled sideways, and what is pressed is large enough for a thumb.
    async fn assert_fits(&self, at: &str) {
        let wide = self.run("return document.documentElement.scrollWidth - innerWidth").await;
        assert!(wide.as_i64().unwrap() <= 0, "{at} is {wide} pixels too wide");
        let small = self
            .run(
                "return [...document.querySelectorAll('button,a.b,summary,label.r,input:not([type=hidden]):not([type=checkbox])')]
                 .filter(e => e.checkVisibility())
                 .filter(e => { const r = e.getBoundingClientRect(); return r.width < 44 || r.height < 44 })
                 .map(e => e.outerHTML)",
            )
            .await;
        assert_eq!(small, json!([]), "{at}: smaller than 44 pixels");
    }

    /// axe-core finds nothing.
    async fn assert_accessible(&self, at: &str) {
        if let Some(found) = self.violations().await {
            assert_eq!(found, json!([]), "{at}");
        }
    }

    /// What axe-core finds on the open page; `None` where it is not there.
    pub(crate) async fn violations(&self) -> Option<Value> {
        let axe = self.axe.as_ref()?;
        let script = format!(
            "if (!window.axe) {{ {axe} }}; const done = arguments[arguments.length - 1];
             axe.run().then(found => done(found.violations.map(v => [v.id, v.nodes.map(n => n.html)])),
                            error => done(String(error)));"
        );
        Some(self.browser.driver.execute_async(script, vec![]).await.unwrap().json().clone())
    }

    /// What the open page cost, with its headers and all it loaded.
    async fn bytes_loaded(&self) -> u64 {
        let sum = "return performance.getEntriesByType('navigation').concat(performance.getEntriesByType('resource'))
                   .reduce((sum, entry) => sum + entry.transferSize, 0)";
        self.run(sum).await.as_u64().unwrap()
    }
}
