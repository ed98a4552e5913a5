//! Names as real parsers take them apart (rack 2.2, PHP 8, qs 6), against ours.

use proptest::prelude::*;

use super::{name::Wanted, *};

const FORM: &str = "application/x-www-form-urlencoded";

/// What `amount` is in a form that has it once, and then a field of this name.
fn beside(name: &str) -> Field {
    let pairs = [("amount", "10"), (name, "999")];
    let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let part = |(name, value)| format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let parts = format!("{}--b--\r\n", pairs.map(part).concat());
    let of = |content_type, text: &str, query: Option<&str>| {
        let body = Some(Body { content_type: Some(content_type), bytes: text.as_bytes() });
        read(&FieldName::Form("amount".into()), query, body)
    };
    let found = of(FORM, &encoded, None);
    let in_parts = of("multipart/form-data; boundary=b", &parts, None);
    if name.contains(char::is_control) {
        assert_eq!(in_parts, Field::Unreadable, "{name:?}");
    } else {
        assert_eq!(in_parts, found, "{name:?}");
    }
    assert_eq!(read(&FieldName::Query("amount".into()), Some(&encoded), None), found, "{name:?}");
    assert_eq!(of(FORM, "amount=10", Some(encoded.split_once('&').unwrap().1)), found, "{name:?}");
    found
}

#[test]
fn a_name_that_some_parser_takes_for_the_field_makes_it_uncertain() {
    for name in [
        "[amount]",
        "amount]",
        "[amount",
        "]amount",
        "[[amount]]",
        "amount[",
        "amount[x",
        "amount[]",
        "amount[x][y]",
        "amount]x",
        "am[ount",
        "am ount",
        " amount",
        "amount ",
        "\tamount",
        "amount\0",
        "amount\0x",
        "?amount",
        "\u{feff}amount",
        "\u{200b}amount",
        "a\u{ad}mount",
        "amount.x",
        ".amount",
        "a.mount",
        "AMOUNT",
        "A_Mount",
        "\u{ff41}\u{ff4d}ount",
        "am\u{f6}unt",
        "%61mount",
        "%u0061mount",
        "=?utf-8?q?=61mount?=",
        "/amount",
        "x?amount",
    ] {
        assert!(matches!(beside(name), Field::Several(_)), "{name:?}: {:?}", beside(name));
        let alone = form_urlencoded::Serializer::new(String::new()).append_pair(name, "pay").finish();
        let asked = condition(&FieldName::Query("amount".into()), Some(&alone), None, "pay");
        assert_eq!(asked, Condition::Unknown, "{name:?}");
    }
}

/// Names of every day, of many frameworks.
#[test]
fn a_name_that_no_parser_takes_for_the_field_leaves_it_certain() {
    for name in [
        "user[amount]",
        "user[amounts][]",
        "items[]",
        "items[0].amount",
        "order.amount",
        "form:amount",
        "ctl00$Main$amount",
        "csrf-token",
        "g-recaptcha-response",
        "__RequestVerificationToken",
        "amount_x",
        "amounts",
        "_amount_",
        "Amount Due",
        "form-0-amount",
        "acf[field_1]",
        "columns[0][search][value]",
        "tx_news[@widget_0][page]",
        "input_1.3",
        "$filter",
        "q",
        "\u{91d1}\u{989d}",
        "\u{438}\u{43c}\u{44f}",
        "gr\u{f6}\u{df}e",
        "\u{e0a}\u{e37}\u{e48}\u{e2d}",
        "utm[=x",
        "[q]",
        "a b",
        "100%",
        "\u{1f600}",
        "_",
        "",
        "*",
        "struts.token.name",
        "javax.faces.ViewState",
        "submit.x",
        "X-Amz-Signature",
    ] {
        assert_eq!(beside(name), Field::One("10".into()), "{name:?}");
    }
}

#[test]
fn what_is_not_utf_8_is_read_as_old_decoders_do() {
    let read = |pair: &str| {
        let bytes = format!("amount=10&{pair}");
        read(&FieldName::Form("amount".into()), None, Some(Body { content_type: Some(FORM), bytes: bytes.as_bytes() }))
    };
    for pair in ["%c1%a1mount=9", "%e0%81%a1mount=9", "amount%ff=9", "am%ffount=9", "_charset_=utf-16"] {
        assert!(matches!(read(pair), Field::Several(_)), "{pair}");
    }
    for pair in ["gr%f6%dfe=9", "pr%e9nom=9", "q=caf%e9", "q=%c0%ae", "_charset_=UTF-8"] {
        assert_eq!(read(pair), Field::One("10".into()), "{pair}");
    }
}

#[test]
fn what_comes_before_a_bracket_and_an_equals_sign_is_the_name_to_express() {
    for (query, found) in [("amount=10]=x", None), ("amount=10%5D=x", None), ("amount=%5B10%5D%3D", Some("[10]="))] {
        let field = read(&FieldName::Query("amount".into()), Some(query), None);
        assert_eq!(field == Field::Several(vec![field_value(&field)]), found.is_none(), "{query}: {field:?}");
        assert!(found.is_none_or(|found| field == Field::One(found.into())), "{query}: {field:?}");
    }
}

fn field_value(field: &Field) -> String {
    match field {
        Field::One(value) => value.clone(),
        Field::Several(values) => values.concat(),
        Field::Absent | Field::Unreadable => String::new(),
    }
}

/// A nested name is certain however browsers write it, and only in its own spelling.
#[test]
fn a_nested_name_is_found_as_browsers_write_it() {
    let read = |query: &str| read(&FieldName::Query("order[amount]".into()), Some(query), None);
    for query in
        ["order[amount]=1", "order%5Bamount%5D=1", "order%5bamount%5d=1", "order%5Bto%5D=x&order[amount]=1&amount=2"]
    {
        assert_eq!(read(query), Field::One("1".into()), "{query}");
    }
    for query in [
        "order[amount=1",
        "[order][amount]=1",
        "order.amount=1",
        "order=1",
        "order[][amount]=1",
        "Order[Amount]=1",
        "order[amount]x=1",
    ] {
        assert!(matches!(read(query), Field::Several(_)), "{query}");
    }
    for query in ["order[amounts]=1", "order_amount=1", "order[to][amount]=1", "amount=1"] {
        assert_eq!(read(query), Field::Absent, "{query}");
    }
}

/// The path under which rack 2.2 puts a name.
fn rack(name: &str) -> Vec<String> {
    let name = name.trim_start_matches(['[', ']']);
    let (key, after) = name.split_at(name.find(['[', ']']).unwrap_or(name.len()));
    let after = after.trim_start_matches(']');
    match after {
        "[" => vec![name.to_owned()],
        _ if key.is_empty() => Vec::new(),
        _ => [vec![key.to_owned()], rack(after)].concat(),
    }
}

/// PHP's, down to its second part.
fn php(name: &str) -> Vec<String> {
    let name = name.trim_start_matches(' ').split('\0').next().unwrap_or_default();
    let mangled = |text: &str| text.replace([' ', '.', '['], "_");
    match name.split_once('[') {
        None => vec![mangled(name)],
        Some(("", _)) => Vec::new(),
        Some((stem, rest)) => match rest.split_once(']') {
            None => vec![mangled(name)],
            Some((index, _)) => vec![mangled(stem), index.to_owned()],
        },
    }
}

/// That of qs, with dots or without.
fn qs(name: &str, dots: bool) -> Vec<String> {
    let name = if dots {
        name.split('.')
            .enumerate()
            .map(|(at, part)| if at == 0 { part.to_owned() } else { format!("[{part}]") })
            .collect()
    } else {
        name.to_owned()
    };
    let mut path = Vec::new();
    let mut rest = name.as_str();
    while let Some(end) = rest.find(']') {
        let Some(start) = rest.get(..end).and_then(|before| before.rfind('[')) else { break };
        if path.is_empty() && start > 0 {
            path.push(rest[..start].to_owned());
        }
        path.push(rest[start + 1..end].to_owned());
        rest = &rest[end + 1..];
    }
    if path.is_empty() { vec![name] } else { path }
}

/// Whether a path leads to a place of the list `items`, and there to `id` or below.
fn is_in_the_list(path: &[String]) -> bool {
    let Some((first, rest)) = path.split_first() else { return false };
    let rest = match rest {
        [place, rest @ ..] if place.chars().all(char::is_numeric) => rest,
        rest => rest,
    };
    first == "items" && rest.first().is_some_and(|part| part == "id")
}

proptest! {
    #[test]
    fn what_a_parser_puts_into_a_list_may_be_at_each_of_its_places(pieces in proptest::collection::vec(
        proptest::sample::select(vec!["[0]", "[]", "[7]", "[id]", "id", "0", ".", "[", "]", "[x]", "x", " ", "\0"]), 0..5)) {
        let name = format!("items{}", pieces.concat());
        for found in [rack(&name), qs(&name, false), qs(&name, true)] {
            if is_in_the_list(&found) {
                prop_assert!(Wanted::of("items[0][id]").may_be(&name), "{:?} is {:?}", name, found);
            }
        }
    }

    #[test]
    fn what_a_parser_takes_for_a_name_may_be_it(pieces in proptest::collection::vec(proptest::sample::select(
        vec!["do", "d", "o", "to", "account", "order", "amount", "_", "[", "]", "][", ".", " ", "\0", "x"]), 1..7)) {
        let name = pieces.concat();
        for (wanted, path) in [("do", &["do"][..]), ("to_account", &["to_account"]), ("order[amount]", &["order", "amount"]), ("_do", &["_do"])] {
            for found in [rack(&name), php(&name), qs(&name, false), qs(&name, true)] {
                if !found.is_empty() && found.iter().zip(path).all(|(found, wanted)| found == wanted) {
                    prop_assert!(Wanted::of(wanted).may_be(&name), "{:?} is {:?}: {}", name, found, wanted);
                }
            }
        }
    }
}
