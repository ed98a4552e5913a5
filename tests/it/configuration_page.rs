//! `docs/configuration.md`: the schema as a page. `STEPGATE_BLESS=1` writes it anew.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at what it did not expect")]

use std::{fmt::Write, fs};

use serde_json::Value;

const PAGE: &str = "docs/configuration.md";

const HEAD: &str = "# Configuration

Every key of the file that `--config` names, by default `config/stepgate.yaml`; `config/stepgate.yaml` in
this repository shows them in use. `stepgate check` reports everything that is wrong with a file, each with
its line; `stepgate schema` prints the JSON Schema that this page is made from.

Times are written `500ms`, `2s`, `5m`, `12h`, `30d`; sizes `512B`, `64KiB`, `4MiB`. File names are relative to
the file. A secret is `{ file: … }`, a file that only its owner may read, or `{ env: … }`; in the open only
under names that begin with `insecure_`.
";

#[test]
fn the_page_says_what_the_schema_says() {
    let page = page(&stepgate::config::schema());
    if std::env::var_os("STEPGATE_BLESS").is_some() {
        fs::create_dir_all("docs").unwrap();
        fs::write(PAGE, &page).unwrap();
    }
    let written = fs::read_to_string(PAGE).unwrap_or_default();
    assert!(written == page, "{PAGE} is not what the schema says: run this test with STEPGATE_BLESS=1");
}

fn page(schema: &Value) -> String {
    let mut page = HEAD.to_owned();
    section(&mut page, "The file", schema);
    for (name, definition) in schema["$defs"].as_object().unwrap() {
        if definition["properties"].is_object() {
            section(&mut page, name, definition);
        } else if definition["oneOf"].is_array() {
            words(&mut page, name, definition);
        }
    }
    page
}

fn section(page: &mut String, name: &str, definition: &Value) {
    let about = definition["description"].as_str().unwrap();
    write!(page, "\n## {name}\n\n{about}\n\n| key | value | |\n|---|---|---|\n").unwrap();
    let required: Vec<&str> =
        definition["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    for (key, value) in definition["properties"].as_object().unwrap() {
        let about = value["description"].as_str().unwrap_or_else(|| panic!("{name}.{key} has no description"));
        let about = about.replace('\n', " ").replace('|', "\\|");
        let must = if required.contains(&key.as_str()) { "required. " } else { "" };
        writeln!(page, "| `{key}` | {} | {must}{about} |", kind(value)).unwrap();
    }
}

fn words(page: &mut String, name: &str, definition: &Value) {
    let about = definition["description"].as_str().unwrap();
    write!(page, "\n## {name}\n\n{about}\n\n| word | |\n|---|---|\n").unwrap();
    for word in definition["oneOf"].as_array().unwrap() {
        let about = word["description"].as_str().unwrap().replace('\n', " ");
        writeln!(page, "| `{}` | {about} |", word["const"].as_str().unwrap()).unwrap();
    }
}

/// What a value is, in words, with links to the sections.
fn kind(value: &Value) -> String {
    if let Some(reference) = value["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap();
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(choices) = value["anyOf"].as_array() {
        let kinds: Vec<String> = choices.iter().filter(|choice| choice["type"] != "null").map(kind).collect();
        return kinds.join(" or ");
    }
    let kind_of = |name: &str| match name {
        "string" => "text".to_owned(),
        "integer" => "number".to_owned(),
        "boolean" => "true or false".to_owned(),
        "array" => format!("list of {}", kind(&value["items"])),
        "object" => "mapping".to_owned(),
        other => other.to_owned(),
    };
    match &value["type"] {
        Value::String(name) => kind_of(name),
        Value::Array(names) => {
            let names = names.iter().filter_map(Value::as_str).filter(|name| *name != "null");
            names.map(kind_of).collect::<Vec<_>>().join(" or ")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => "anything".to_owned(),
    }
}
