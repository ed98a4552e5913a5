//! Whatever the target: writing a letter as an escape never takes a request off a guarded route.

use http::HeaderMap;

use super::{tests::route, *};
use crate::{
    fuzz,
    request::testing::with_head,
    target::{PathPolicy, Target},
};

fn routes() -> Routes {
    let all = vec![
        route("open", "/wallet/help", &[], Requirement::None),
        route("withdraw", "/wallet/withdraw", &[], Requirement::Once),
        route("wallet", "/wallet/*/log", &[], Requirement::Session),
        route("account", "/account/**", &[], Requirement::Session),
        route("pay", "/pay.php", &[], Requirement::Once),
    ];
    Routes::compile(all, Requirement::None)
}

/// Whether a request for this target is forwarded without any proof.
fn is_open(routes: &Routes, target: &Target) -> bool {
    with_head(&Method::GET, target, &HeaderMap::new(), |head| routes.land(head, BodyView::Unread).is_unguarded())
}

/// Each way of writing one more character of the path as an escape; escapes that are there stay. Where there are some,
/// a slash, a semicolon or a dot of a dot segment stays too: who takes the one as it was written and not the other
/// reads another path, so that `/x/../wallet/%2e%2e/log` is guarded and `/x/.%2e/wallet/%2e%2e/log` need not be.
fn escaped(path: &str) -> impl Iterator<Item = String> {
    let bytes = path.as_bytes();
    let has_escapes = bytes.contains(&b'%');
    let stays = move |at: usize| {
        let within = (0..=2).any(|back| at.checked_sub(back).is_some_and(|from| bytes[from] == b'%'));
        let is_letter = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
        let parts = matches!(bytes[at], b'/' | b';') || bytes[at] == b'.' && !(is_letter(at - 1) && is_letter(at + 1));
        within || has_escapes && parts
    };
    let letters = (1..bytes.len()).filter(move |at| !stays(*at));
    letters.map(move |at| format!("{}%{:02x}{}", &path[..at], bytes[at], &path[at + 1..]))
}

#[test]
fn one_more_escape_never_opens_a_guarded_route() {
    let routes = routes();
    fuzz::hold("routes", 4_000, |input| {
        let Ok(target) = Target::parse(&input[..input.len().min(200)]) else { return "refused".to_owned() };
        let open = is_open(&routes, &target);
        if !open {
            for twin in escaped(target.path()) {
                let opens = Target::parse(twin.as_bytes()).is_ok_and(|twin| is_open(&routes, &twin));
                assert!(!opens, "{} is guarded, {twin} is not", target.raw());
            }
        }
        let refused = PathPolicy::default().refused(&target);
        format!("{open} {refused:?} {}", target.readings().count())
    });
}
