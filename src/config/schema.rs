//! The tree against the schema of the raw structs: every unknown key, wrong type and missing key.

use serde_json::Value as Json;

use super::{
    problem::Problem,
    raw,
    tree::{Node, Value},
};

/// The JSON Schema of a configuration file, draft 2020-12.
#[must_use]
pub fn schema() -> Json {
    schemars::schema_for!(raw::File).to_value()
}

/// Everything by which the tree departs from the schema.
pub(super) fn check(tree: &Node) -> Vec<Problem> {
    let root = schema();
    let mut check = Check { root: &root, problems: Vec::new() };
    check.node(tree, &root, "the file");
    check.problems
}

struct Check<'s> {
    root: &'s Json,
    problems: Vec<Problem>,
}

impl<'s> Check<'s> {
    fn node(&mut self, node: &Node, schema: &'s Json, name: &str) {
        let about = schema.get("description").and_then(Json::as_str);
        let schema = self.fitting(node, schema);
        if is_null(node) {
            let help = "give it one, or remove the key".to_owned();
            return self.problems.push(node.place.problem(format!("`{name}` has no value"), help));
        }
        let words = words(schema);
        let wanted = kinds(schema);
        if !wanted.is_empty() && !wanted.iter().any(|kind| fits(node, kind)) {
            return self.problems.push(wrong_kind(node, name, &wanted, about));
        }
        match &node.value {
            Value::Scalar { text, .. } if !words.is_empty() && !words.contains(&text.as_str()) => {
                let message = format!("`{name}` cannot be `{text}`");
                let help = near(text, &words).unwrap_or_else(|| format!("one of: {}", words.join(", ")));
                self.problems.push(node.place.problem(message, help));
            }
            Value::Scalar { .. } => {}
            Value::List(items) => {
                if let Some(inner) = schema.get("items") {
                    items.iter().for_each(|item| self.node(item, inner, name));
                }
            }
            Value::Map(_) => self.map(node, schema, name),
        }
    }

    fn map(&mut self, node: &Node, schema: &'s Json, name: &str) {
        let Value::Map(entries) = &node.value else { return };
        let Some(properties) = schema.get("properties").and_then(Json::as_object) else {
            if let Some(inner) = schema.get("additionalProperties") {
                entries.iter().for_each(|entry| self.node(&entry.node, inner, &entry.key));
            }
            return;
        };
        for entry in entries {
            if let Some(inner) = properties.get(&entry.key) {
                self.node(&entry.node, inner, &entry.key);
                continue;
            }
            let known: Vec<&str> = properties.keys().map(String::as_str).collect();
            let help = near(&entry.key, &known).unwrap_or_else(|| format!("known here: {}", known.join(", ")));
            self.problems.push(entry.place.problem(format!("unknown key `{}`", entry.key), help));
        }
        for key in schema.get("required").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str) {
            if node.entry(key).is_none() {
                let text = properties.get(key).and_then(|inner| inner.get("description")).and_then(Json::as_str);
                let message = format!("{} lacks `{key}`", quoted(name));
                self.problems.push(node.place.problem(message, text.map(str::to_owned)));
            }
        }
    }

    /// The schema behind references, and of several the one whose kind fits the node.
    fn fitting(&self, node: &Node, schema: &'s Json) -> &'s Json {
        if let Some(path) = schema.get("$ref").and_then(Json::as_str) {
            let target = self.root.pointer(path.trim_start_matches('#')).unwrap_or(schema);
            return self.fitting(node, target);
        }
        let Some(choices) = schema.get("anyOf").and_then(Json::as_array) else { return schema };
        let choices: Vec<&Json> = choices
            .iter()
            .map(|choice| self.fitting(node, choice))
            .filter(|choice| kinds(choice) != ["null"])
            .collect();
        let fitting = choices.iter().find(|choice| kinds(choice).iter().any(|kind| fits(node, kind)));
        // A number where a text or a mapping may stand was most likely meant as a text.
        let text = choices.iter().find(|choice| is_scalar(node) && kinds(choice) == ["string"]);
        fitting.or(text).or(choices.last()).copied().unwrap_or(schema)
    }
}

/// The kinds that a schema without references accepts; empty: any.
fn kinds(schema: &Json) -> Vec<&str> {
    match schema.get("type") {
        Some(Json::String(kind)) => vec![kind],
        Some(Json::Array(kinds)) if kinds.len() > 1 => {
            kinds.iter().filter_map(Json::as_str).filter(|kind| *kind != "null").collect()
        }
        _ if !words(schema).is_empty() => vec!["string"],
        _ => Vec::new(),
    }
}

/// The words that a schema accepts; empty: any.
fn words(schema: &Json) -> Vec<&str> {
    let listed = schema.get("enum").and_then(Json::as_array).into_iter().flatten();
    let documented = schema.get("oneOf").and_then(Json::as_array).into_iter().flatten();
    listed.chain(documented.filter_map(|word| word.get("const"))).filter_map(Json::as_str).collect()
}

fn fits(node: &Node, kind: &str) -> bool {
    match (&node.value, kind) {
        (Value::Map(_), "object") | (Value::List(_), "array") => true,
        (Value::Scalar { text, plain: true }, "boolean") => is_bool(text),
        (Value::Scalar { text, plain: true }, "integer") => text.parse::<u64>().is_ok(),
        (Value::Scalar { text, plain }, "string") => !plain || !(is_bool(text) || text.parse::<f64>().is_ok()),
        _ => false,
    }
}

fn is_scalar(node: &Node) -> bool {
    matches!(node.value, Value::Scalar { .. })
}

fn is_null(node: &Node) -> bool {
    matches!(&node.value, Value::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null"))
}

fn is_bool(text: &str) -> bool {
    matches!(text, "true" | "false")
}

fn wrong_kind(node: &Node, name: &str, wanted: &[&str], about: Option<&str>) -> Problem {
    let wants = match wanted {
        ["object"] => "a mapping",
        ["array"] => "a list",
        ["boolean"] => "true or false",
        ["integer"] => "a whole number",
        ["string"] => "a text",
        _ => "another kind of value",
    };
    let help = if is_scalar(node) && wanted == ["string"] { Some("write it in quotes") } else { about };
    node.place.problem(format!("{} must be {wants}", quoted(name)), help.map(str::to_owned))
}

fn quoted(name: &str) -> String {
    if name == "the file" { name.to_owned() } else { format!("`{name}`") }
}

/// `did you mean …`, if one of the words is at most two changes away.
fn near(typed: &str, words: &[&str]) -> Option<String> {
    let (distance, word) = words.iter().map(|word| (distance(typed, word), word)).min()?;
    (distance <= 2 && distance < typed.len()).then(|| format!("did you mean `{word}`?"))
}

/// How many characters must be changed, added or removed (Levenshtein).
fn distance(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (deleted, left) in from.chars().enumerate() {
        let mut next = vec![deleted + 1];
        for ((right, above), diagonal) in to.chars().zip(row.iter().skip(1)).zip(&row) {
            let inserted = next.last().copied().unwrap_or_default() + 1;
            next.push(inserted.min(above + 1).min(diagonal + usize::from(left != right)));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_suggested() {
        assert_eq!(near("reqire", &["name", "require"]), Some("did you mean `require`?".into()));
        assert_eq!(near("colour", &["name", "require"]), None);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}
