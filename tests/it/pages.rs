//! The players' pages in a real browser: their size, their languages, whether everybody can use them,
//! and pictures of them under `target/screenshots` for people to look at.

use std::{fs, path::PathBuf};

use http::StatusCode;
use reqwest::{Client, redirect::Policy};
use serde_json::{Value, json};
use stepgate::words::Language;
use thirtyfour::common::cookie::Cookie;

use crate::kit::{ApiClient, Browser, Scripts, TestGate, install_crypto};

/// Bytes of a page at most, headers and everything that it loads included.
const MAX_PAGE: u64 = 10 * 1024;
/// A phone and a laptop.
const SCREENS: [(u32, u32); 2] = [(360, 640), (1280, 800)];

/// A gateway with a look and a time zone of its own.
async fn gate() -> TestGate {
    let logo = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/kit/logo.svg");
    assert_eq!(
        fs::metadata(&logo).unwrap().len(),
        2048,
        "the largest that is taken, so that pages are weighed with it"
    );
    // Relative, since a path from the root is one on the site.
    let logo = format!("{}{}", "../".repeat(16), logo.display());
    let look = format!("  look: {{ colour: \"#0a6b4b\", logo: \"{logo}\" }}");
    let site = format!("  name: Demo Play\n{look}\n  time_zone: Asia/Jakarta\n");
    TestGate::start_with(|yaml| yaml.replace("  name: Demo Play\n", &site)).await
}

/// The check of accessibility, where `script/bootstrap --tests` could get it.
fn axe() -> Option<String> {
    fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/axe/axe.min.js")).ok()
}

/// A browser that looks at pages.
struct Viewer {
    browser: Browser,
    axe: Option<String>,
}

impl Viewer {
    async fn start() -> Self {
        let browser = Browser::start(Scripts::On).await;
        Self { browser, axe: axe() }
    }

    async fn tell(&self, command: &str, params: Value) -> Value {
        self.browser.driver.cdp().send_raw(command, params).await.unwrap()
    }

    /// From now on pages are asked for in this language.
    async fn speak(&self, language: Language) {
        self.browser.driver.add_cookie(Cookie::new("stepgate-language", language.tag())).await.unwrap();
    }

    async fn show(&self, screen: (u32, u32), scheme: &str) {
        let (width, height) = screen;
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        self.tell("Emulation.setDeviceMetricsOverride", metrics).await;
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.tell("Emulation.setEmulatedMedia", features).await;
    }

    async fn run(&self, script: &str) -> Value {
        self.browser.driver.execute(script, vec![]).await.unwrap().json().clone()
    }

    /// Looks at the open page on every screen, light and dark, and keeps the pictures.
    async fn look_at(&self, name: &str, language: Language) {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
        fs::create_dir_all(&folder).unwrap();
        for screen in SCREENS {
            for scheme in ["light", "dark"] {
                self.show(screen, scheme).await;
                let at = format!("{name}-{}-{}-{scheme}", language.tag(), screen.0);
                self.assert_fits(&at).await;
                self.assert_accessible(&at).await;
                let params = json!({"format": "png", "captureBeyondViewport": true});
                let picture = self.tell("Page.captureScreenshot", params).await;
                let png = data_encoding::BASE64.decode(picture["data"].as_str().unwrap().as_bytes()).unwrap();
                fs::write(folder.join(format!("{at}.png")), png).unwrap();
            }
        }
        self.show(SCREENS[0], "light").await;
    }

    /// Nothing must be scrolled sideways, and what is pressed is large enough for a thumb.
    async fn assert_fits(&self, at: &str) {
        let wide = self.run("return document.documentElement.scrollWidth - innerWidth").await;
        assert!(wide.as_i64().unwrap() <= 0, "{at} is {wide} pixels too wide");
        let small = self
            .run(
                "return [...document.querySelectorAll('button,a.b,input:not([type=hidden])')]
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
    async fn violations(&self) -> Option<Value> {
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

    /// Opens an address, or the open page again, and looks at it in English and Indonesian.
    async fn tour(&self, name: &str, url: &str) {
        for language in [Language::English, Language::Indonesian] {
            self.speak(language).await;
            self.browser.open(url).await;
            self.assert_speaks(name, language).await;
            self.look_at(name, language).await;
        }
    }

    async fn assert_speaks(&self, name: &str, language: Language) {
        let spoken = self.run("return [document.documentElement.lang, document.documentElement.dir]").await;
        assert_eq!(spoken, json!([language.tag(), language.direction().as_str()]), "{name}");
        let bytes = self.bytes_loaded().await;
        assert!(0 < bytes && bytes < MAX_PAGE, "{name} in {} has {bytes} bytes", language.tag());
    }
}

/// An address of the open browser.
async fn here(browser: &Browser) -> String {
    browser.driver.current_url().await.unwrap().to_string()
}

#[tokio::test]
async fn pages_of_a_challenge_are_small_and_usable_in_every_language() {
    let gate = gate().await;
    ApiClient::log_in(&gate.url(""), "budi").await.enrol_app().await;
    let viewer = Viewer::start().await;
    viewer.browser.log_in(&gate.url(""), "budi").await;
    viewer.browser.press("#withdraw button[type=submit]").await;
    viewer.browser.find("main input[name=code]").await;
    let challenge = here(&viewer.browser).await;
    viewer.tour("challenge", &challenge).await;
    for language in Language::ALL {
        viewer.speak(language).await;
        viewer.browser.open(&challenge).await;
        viewer.assert_speaks("challenge", language).await;
        viewer.look_at("challenge", language).await;
        let page = viewer.browser.text("main").await;
        let amount = language.value("1500000");
        assert!(page.contains(&amount), "the amount is grouped as {amount}: {page}");
    }
    for language in [Language::English, Language::Indonesian] {
        viewer.speak(language).await;
        viewer.browser.open(&challenge).await;
        viewer.browser.fill("input[name=code]", "000000").await;
        viewer.browser.press("form:has(input[name=code]) button").await;
        viewer.browser.find("#error").await;
        viewer.look_at("challenge-rejected", language).await;
    }
    viewer.run("document.querySelector('label').remove()").await;
    assert_ne!(viewer.violations().await, Some(json!([])), "a field without a label is found");
    viewer.tour("settings", &gate.url("/.stepgate/settings?done")).await;
    viewer.tour("again", &gate.url("/.stepgate/again")).await;
    viewer.tour("gone", &gate.url("/.stepgate/challenge/none")).await;
    viewer.browser.close().await;
}

#[tokio::test]
async fn pages_of_an_enrolment_are_usable_in_every_language() {
    let gate = gate().await;
    let viewer = Viewer::start().await;
    viewer.browser.log_in(&gate.url(""), "ayu").await;
    viewer.browser.press("#withdraw button[type=submit]").await;
    viewer.browser.find("main input[name=for]").await;
    viewer.tour("challenge-unenrolled", &here(&viewer.browser).await).await;
    viewer.tour("settings-none", &gate.url("/.stepgate/settings")).await;
    viewer.browser.press("main form button").await;
    viewer.browser.find("main .q svg").await;
    let enrol = here(&viewer.browser).await;
    for language in Language::ALL {
        viewer.speak(language).await;
        viewer.browser.open(&enrol).await;
        viewer.look_at("enrol", language).await;
    }
    viewer.browser.close().await;
}

#[tokio::test]
async fn a_player_chooses_a_language_without_scripts() {
    let gate = gate().await;
    let browser = Browser::start(Scripts::Off).await;
    browser.log_in(&gate.url(""), "ayu").await;
    browser.open(&gate.url("/.stepgate/settings")).await;
    assert_eq!(browser.text("h1").await, "Two-step protection");
    browser.press("footer button[value=id]").await;
    assert_eq!(browser.text("html[lang=id] h1").await, "Verifikasi dua langkah");
    assert_eq!(here(&browser).await, gate.url("/.stepgate/settings"));
    browser.press("footer button[value=ar]").await;
    browser.find("html[lang=ar][dir=rtl] h1").await;
    browser.close().await;
}

#[tokio::test]
async fn a_refusal_before_it_is_known_who_asks_speaks_the_browsers_language() {
    let gate = gate().await;
    let form = client().post(gate.url("/account/password")).header("accept", "text/html").body("password=x");
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    let answer = form.header("accept-language", "id").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
    let page = answer.text().await.unwrap();
    assert!(page.contains("Silakan masuk dulu") && page.contains("Masuk ke situs, lalu coba lagi."), "{page}");
}

/// A client that follows nothing.
fn client() -> Client {
    install_crypto();
    Client::builder().redirect(Policy::none()).no_proxy().build().unwrap()
}

#[tokio::test]
async fn a_language_is_chosen_by_cookie_before_accept_language_before_the_first() {
    let gate = gate().await;
    let client = client();
    for (cookie, accept, expected) in [
        ("stepgate-language=th", "id", "th"),
        ("stepgate-language=xx", "id", "id"),
        ("stepgate-language=th; stepgate-language=id", "ms", "ms"),
        ("stepgate-language=fr", "fr, zh-TW;q=0.2", "zh-CN"),
        ("", "fr", "en"),
        ("", "", "en"),
    ] {
        let request = client.get(gate.url("/.stepgate/settings")).header("accept", "text/html");
        let answer = request.header("cookie", cookie).header("accept-language", accept).send().await.unwrap();
        assert_eq!(answer.headers()["content-language"], expected, "{cookie} {accept}");
        assert!(answer.text().await.unwrap().contains(&format!("<html lang=\"{expected}\"")));
    }
}

#[tokio::test]
async fn the_locale_of_the_site_comes_before_everything_else() {
    // The demo site does not know its players' languages; the name of a field does for one.
    let edit = |yaml: String| yaml.replace("phone: { json: /user/phone }", "locale: { regex: '\"(id)\":' }");
    let gate = TestGate::start_with(edit).await;
    let browser = Browser::start(Scripts::Off).await;
    browser.log_in(&gate.url(""), "ayu").await;
    browser.open(&gate.url("/.stepgate/settings")).await;
    assert_eq!(browser.text("html[lang=id] h1").await, "Verifikasi dua langkah");
    let page = browser.driver.source().await.unwrap();
    assert!(!page.contains("<footer>"), "there is nothing to choose: {page}");
    browser.close().await;
}

#[tokio::test]
async fn the_language_form_takes_what_is_offered_from_our_own_pages_only() {
    let gate = gate().await;
    let client = client();
    let origin = gate.url("");
    let settings = format!("{origin}/.stepgate/settings");
    let host = origin.trim_start_matches("http://");
    for (body, from, referer, expected) in [
        ("language=id", origin.as_str(), settings.as_str(), Ok("/.stepgate/settings")),
        ("language=zh-CN", &origin, "http://evil.example/x", Ok("/")),
        ("language=id", &origin, &format!("http://{host}.evil.example/x"), Ok("/")),
        ("language=id", &origin, &format!("{origin}//evil.example"), Ok("/")),
        ("language=id", &origin, "", Ok("/")),
        ("language=fr", &origin, "", Err(StatusCode::BAD_REQUEST)),
        ("language=EN", &origin, "", Err(StatusCode::BAD_REQUEST)),
        ("language=id&language=en", &origin, "", Err(StatusCode::BAD_REQUEST)),
        ("language=%0d%0a", &origin, "", Err(StatusCode::BAD_REQUEST)),
        ("", &origin, "", Err(StatusCode::BAD_REQUEST)),
        ("language=id", "http://evil.example", "", Err(StatusCode::FORBIDDEN)),
    ] {
        let request = client.post(gate.url("/.stepgate/language")).body(body).header("origin", from);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.header("referer", referer).send().await.unwrap();
        match expected {
            Ok(location) => {
                assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{body} {referer}");
                assert_eq!(answer.headers()["location"], location, "{referer}");
                let cookie = answer.headers()["set-cookie"].to_str().unwrap();
                assert!(cookie.starts_with("stepgate-language=") && cookie.contains("HttpOnly"), "{cookie}");
            }
            Err(status) => {
                assert_eq!(answer.status(), status, "{body}");
                assert!(!answer.headers().contains_key("set-cookie"), "{body}");
            }
        }
    }
}
