//! Every page of the desk, and what a player sees of it: small, within its screen, usable by everybody.

use stepgate::{policy::desk::Role, words::Language};

use super::{
    AYU, DeskGate,
    console::{ask_for_reset, cancel_link, find, sign_in},
};
use crate::{
    kit::ApiClient,
    pages::viewer::{PAGE, Viewer},
};

/// Bytes at most of a page of the desk, which nobody opens on a slow link.
const DESK_PAGE: u64 = 20 * 1024;

#[tokio::test]
async fn the_desks_pages_and_the_link_that_stops_a_reset_are_usable() {
    let desk = DeskGate::start("24h").await;
    ApiClient::log_in(&desk.gate.url(""), "ayu").await.enrol_app().await;
    let viewer = Viewer::start().await;
    let browser = &viewer.browser;
    browser.open(&desk.url("/sign-in")).await;
    viewer.look_at("desk-sign-in", Language::English, DESK_PAGE).await;
    sign_in(browser, &desk, Role::Support).await;
    viewer.look_at("desk-home", Language::English, DESK_PAGE).await;
    find(browser, "id", AYU).await;
    viewer.run("document.querySelectorAll('details').forEach(e => e.open = true)").await;
    viewer.look_at("desk-player", Language::English, DESK_PAGE).await;
    viewer.run("document.querySelectorAll('details').forEach(e => e.open = false)").await;
    ask_for_reset(browser).await;
    viewer.look_at("desk-reset-asked", Language::English, DESK_PAGE).await;
    browser.become_another().await;
    sign_in(browser, &desk, Role::Supervisor).await;
    viewer.look_at("desk-resets", Language::English, DESK_PAGE).await;
    browser.fill("form[action$='/approve'] input", "papers seen").await;
    browser.go("form[action$='/approve'] button").await;

    let link = cancel_link(&desk).await;
    viewer.tour("cancel-reset", &link).await;
    browser.go("main button.d").await;
    viewer.look_at("reset-stopped", Language::English, PAGE).await;
    viewer.browser.close().await;
}
