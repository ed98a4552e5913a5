//! Which routes can never be reached.

use crate::policy::{
    Route,
    rule::{Match, Mode},
};

/// Pairs of a hidden route and an earlier one that takes all of its requests. Certain cases only:
/// what is reported is hidden, not everything that is hidden is reported.
pub(super) fn shadowed(routes: &[Route]) -> Vec<(String, String)> {
    let hiding = |index: usize, hidden: &Route| {
        let earlier = routes.iter().take(index).filter(|route| route.mode == Mode::Enforce);
        let covers_all = |route: &&Route| hidden.matches.iter().all(|m| route.matches.iter().any(|by| covers(by, m)));
        earlier.clone().find(covers_all).map(|route| (hidden.name.to_string(), route.name.to_string()))
    };
    routes.iter().enumerate().filter_map(|(index, hidden)| hiding(index, hidden)).collect()
}

/// Whether every request of `inner` is one of `outer` too.
fn covers(outer: &Match, inner: &Match) -> bool {
    let methods = outer.methods.is_empty()
        || !inner.methods.is_empty() && inner.methods.iter().all(|method| outer.methods.contains(method));
    let hosts = outer.host.is_none() || outer.host == inner.host;
    let fields = outer.fields.iter().all(|field| inner.fields.contains(field));
    methods && hosts && fields && covers_path(&outer.path, &inner.path)
}

fn covers_path(outer: &str, inner: &str) -> bool {
    let (mut outer, mut inner) = (outer.split('/'), inner.split('/'));
    loop {
        match (outer.next(), inner.next()) {
            (Some("**"), _) | (None, None) => return true,
            (None, _) | (_, None | Some("**")) => return false,
            (Some(left), Some(right)) if left == "*" || left == right => {}
            (Some(_), Some(_)) => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_covers_only_what_is_inside_it() {
        for (outer, inner) in [("/**", "/a/b"), ("/a/**", "/a"), ("/a/**", "/a/**"), ("/a/*", "/a/b"), ("/a", "/a")] {
            assert!(covers_path(outer, inner), "{outer} {inner}");
        }
        for (outer, inner) in [("/a", "/a/b"), ("/a/*", "/a/**"), ("/a/b", "/a/*"), ("/a/*", "/a"), ("/a/**", "/**")] {
            assert!(!covers_path(outer, inner), "{outer} {inner}");
        }
    }
}
