//! Every message stands in every language, renders, and is used.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use super::*;

/// The ids of a language, each with the names of its arguments.
fn messages(language: Language) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in language.sources() {
        if let Err((_, errors)) = FluentResource::try_new(source.to_owned()) {
            panic!("{}: {errors:?}", language.tag());
        }
        let mut id = String::new();
        for line in source.lines() {
            if let Some((name, _)) =
                line.split_once(" =").filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase()))
            {
                id = name.to_owned();
                assert!(found.insert(id.clone(), BTreeSet::new()).is_none(), "{} has {id} twice", language.tag());
            }
            let names = line
                .split('$')
                .skip(1)
                .map(|rest| rest.chars().take_while(char::is_ascii_lowercase).collect::<String>());
            if let Some(arguments) = found.get_mut(&id).filter(|_| !line.starts_with('#')) {
                arguments.extend(names);
            }
        }
    }
    found
}

#[test]
fn every_message_stands_in_every_language_with_the_same_arguments() {
    let english = messages(Language::English);
    assert!(english.len() > 100, "the files were read");
    let mut wrong = Vec::new();
    for language in Language::ALL {
        let own = messages(language);
        for (id, arguments) in &english {
            match own.get(id) {
                None => wrong.push(format!("{} has no {id}", language.tag())),
                Some(found) if found != arguments => wrong.push(format!("{} {id}: {found:?}", language.tag())),
                Some(_) => {}
            }
        }
        wrong.extend(own.keys().filter(|id| !english.contains_key(*id)).map(|id| format!("{id} is not English")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_message_renders_in_every_language() {
    for language in Language::ALL {
        for (id, names) in messages(language) {
            for count in [0, 1, 2, 3, 11, 100] {
                let value = |name: &str| match name {
                    "count" | "month" | "day" | "total" => Value::from(count),
                    _ => Value::from("budi"),
                };
                let args: Vec<(&str, Value<'_>)> = names.iter().map(|name| (name.as_str(), value(name))).collect();
                let mut errors = Vec::new();
                let text = language.find(&id, &args, &mut errors).unwrap();
                assert!(errors.is_empty(), "{} {id}: {errors:?}", language.tag());
                assert!(!text.trim().is_empty() && !text.contains(['{', '}']), "{} {id}: {text}", language.tag());
            }
        }
    }
}

/// The sources that name messages: everything but the tests.
fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else if !path.ends_with("words/tests.rs") {
            text.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn every_message_is_used_and_every_used_one_exists() {
    let mut text = String::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
    let known = messages(Language::English);
    let quoted = |id: &str| text.contains(&format!("\"{id}\""));
    // Built from a problem's kind, an event's word, or the id beside which a hint stands.
    let used = |id: &str| {
        let stem = id.strip_suffix("-text").or_else(|| id.strip_suffix("-hint")).unwrap_or(id);
        let word = ["problem-", "activity-", "notice-"].iter().find_map(|beginning| stem.strip_prefix(beginning));
        [Some(id), Some(stem), word].into_iter().flatten().any(quoted)
    };
    let unused: Vec<&String> = known.keys().filter(|id| !used(id)).collect();
    assert!(unused.is_empty(), "not used anywhere: {unused:?}");
    for call in ["say(\"", "tell(\"", ".text(\"", "text_with(\""] {
        for rest in text.split(call).skip(1) {
            let id = rest.split('"').next().unwrap();
            assert!(known.contains_key(id), "no message is called {id}");
        }
    }
}

#[test]
fn values_on_pages_are_isolated_and_those_of_text_messages_are_not() {
    let english = Language::English;
    assert_eq!(
        english.text_with("settings-account", &[("account", "b•••di".into())]),
        "Account \u{2068}b•••di\u{2069}"
    );
    let text = english.text_with("text-code-session", &[("site", "Example Play".into()), ("code", "123456".into())]);
    assert_eq!(text, "Example Play: your log-in code is 123456. Never share it.");
}

#[test]
fn english_indonesian_and_malay_text_messages_fit_the_gsm_alphabet() {
    for language in [Language::English, Language::Indonesian, Language::Malay] {
        let [_, _, sms] = language.sources();
        for line in sms.lines().filter(|line| !line.starts_with('#')) {
            assert!(line.is_ascii() && !line.contains('`'), "{}: {line}", language.tag());
        }
    }
}

#[test]
fn tags_find_their_language() {
    for (tag, expected) in [
        ("en", Some(Language::English)),
        ("EN-us", Some(Language::English)),
        ("id_ID.UTF-8", Some(Language::Indonesian)),
        ("zh-Hans-CN", Some(Language::Chinese)),
        ("ar-EG", Some(Language::Arabic)),
        ("fr", None),
        ("", None),
        ("english", None),
    ] {
        assert_eq!(Language::parse(tag), expected, "{tag}");
    }
    for language in Language::ALL {
        assert_eq!(Language::parse(language.tag()), Some(language));
        assert_eq!(Language::ALL.into_iter().nth(language as usize), Some(language));
    }
}
