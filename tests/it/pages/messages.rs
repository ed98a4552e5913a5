//! Pages that say one thing.

use super::{gate, viewer::Viewer};

#[tokio::test]
async fn pages_that_say_one_thing_are_usable_in_every_language() {
    let gate = gate().await;
    let viewer = Viewer::start().await;
    viewer.browser.open(&gate.url("/.stepgate/settings")).await;
    viewer.tour("anonymous", &gate.url("/.stepgate/settings")).await;
    viewer.browser.log_in(&gate.url(""), "ayu").await;
    for (name, path) in [
        ("again", "/again"),
        ("gone", "/challenge/none"),
        ("not-found", "/none"),
        ("recover", "/recover"),
        ("freeze-gone", "/freeze?t=none"),
    ] {
        viewer.tour(name, &gate.url(&format!("/.stepgate{path}"))).await;
    }
    viewer.browser.close().await;
}
