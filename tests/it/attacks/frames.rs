//! Our pages in a frame of another page (security.md A17), in a real browser.

use crate::kit::{Browser, ScriptedSite, Scripts, TestGate, answer};

/// What stands on the settings page, and on a page that anybody may frame.
const OURS: &str = "a[href*='.stepgate'], form[action*='.stepgate']";
const ANYBODYS: &str = "#anybodys";

#[tokio::test]
async fn a_page_of_ours_shows_nothing_in_a_frame_of_another_page() {
    let gate = TestGate::start().await;
    let base = gate.url("");
    let around = ScriptedSite::start(move |request| {
        let page = match &*request.target {
            "/framed" => "<p id=\"anybodys\">plain</p>".to_owned(),
            "/ours" => format!("<iframe src=\"{base}/.stepgate/settings\"></iframe><p id=\"there\">there</p>"),
            _ => "<iframe src=\"/framed\"></iframe><p id=\"there\">there</p>".to_owned(),
        };
        answer(200, &[("content-type", "text/html")], page)
    })
    .await;
    let browser = Browser::start(Scripts::On).await;
    browser.log_in(&gate.url(""), "ayu").await;
    browser.open(&gate.url("/.stepgate/settings")).await;
    browser.find(OURS).await;
    for (page, shown, wanted) in [("plain", ANYBODYS, true), ("ours", OURS, false)] {
        browser.open(&format!("http://{}/{page}", around.address)).await;
        browser.find("#there").await;
        browser.driver.enter_frame(0).await.unwrap();
        assert_eq!(browser.has(shown).await, wanted, "{page}");
        browser.driver.enter_default_frame().await.unwrap();
    }
    browser.close().await;
}
