//! Sessions that ASP.NET keeps in the path.

/// Without what ASP.NET takes for a session or a ticket, as `/(S(x)F(y))`. What follows in the same segment belongs to
/// the segment before, as CVE-2023-36899 has it, or is one of its own.
pub(super) fn without_sessions(path: &str) -> Vec<String> {
    if !path.contains("/(") && !path.contains("/%28") {
        return Vec::new();
    }
    let bare = path.replace("%28", "(").replace("%29", ")");
    let (mut joined, mut apart) = (String::new(), String::new());
    let mut rest = &*bare;
    while let Some((before, after)) = rest.split_once("/(") {
        joined.push_str(before);
        apart.push_str(before);
        if let Some(tail) = after_values(after) {
            apart.push_str(if tail.starts_with('/') { "" } else { "/" });
            rest = tail;
        } else {
            joined.push_str("/(");
            apart.push_str("/(");
            rest = after;
        }
    }
    joined.push_str(rest);
    apart.push_str(rest);
    if apart == bare { Vec::new() } else { vec![joined, apart] }
}

/// What follows `S(x)F(y))` in its segment and after it; which names it may have is not asked.
fn after_values(rest: &str) -> Option<&str> {
    let segment = rest.split('/').next()?;
    let (values, _) = segment.rsplit_once("))")?;
    let is_named = values.find('(').is_some_and(|at| at > 0);
    rest.get(values.len() + 2..).filter(|_| is_named)
}

#[cfg(test)]
mod tests {
    use crate::target::readings::of;

    /// CVE-2023-36899 cut a name in two with one.
    #[test]
    fn a_session_of_aspnet_is_read_as_none() {
        for spelling in [
            "/(S(x))/account/pay",
            "/account/(S(x))/pay",
            "/account/(A(x)S(y)F())/pay.aspx",
            "/(S(x))/acc/(S(x))ount/pay",
            "/account/(S(x))pay",
            "/%28S%28x%29%29/account/%70ay",
            "/%2528S(x))/account/pay",
            "/(S(;))/account/pay",
            "/(1(x)y))/account/pay",
            "/(S(%2e))/account%5c(S(x))/pay",
            "/%28S(x%29%29/account/pay",
        ] {
            assert!(
                of(spelling).unwrap().iter().any(|read| *read.path == *"/account/pay"),
                "{spelling}: {:?}",
                of(spelling)
            );
        }
        // Also for who keeps the rest as it was written.
        let kept = of("/x/%28S(y))/../a/%2e%2e/b").unwrap();
        assert!(kept.iter().any(|read| *read.path == *"/a/%2e%2e/b"), "{kept:?}");
        for plain in ["/wiki/(a)/b", "/wiki/()", "/wiki/a(b)", "/wiki/(a(b", "/wiki/((a))/b"] {
            assert_eq!(of(plain).map(|readings| readings.len()), Some(1), "{plain}: {:?}", of(plain));
        }
    }
}
