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

/// Each way of writing one more character of the path as an escape; escapes that are there stay.
fn escaped(path: &str) -> impl Iterator<Item = String> {
    let letters: Vec<usize> = path
        .bytes()
        .enumerate()
        .skip(1)
        .filter(|(at, byte)| {
            let within = (1..=2).any(|back| at.checked_sub(back).is_some_and(|from| path.as_bytes()[from] == b'%'));
            *byte != b'%' && !within
        })
        .map(|(at, _)| at)
        .collect();
    letters.into_iter().map(move |at| format!("{}%{:02x}{}", &path[..at], path.as_bytes()[at], &path[at + 1..]))
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
