//! Which language a page speaks, and how a player chooses another.

use http::StatusCode;
use reqwest::{Client, redirect::Policy};

use super::{gate, here};
use crate::kit::{Browser, Scripts, TestGate, install_crypto};

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
