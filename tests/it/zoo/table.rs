//! What was tried and what was reached, by class.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::{cases::Class, frameworks::Framework};

/// The figures of one class.
#[derive(Clone, Copy, Debug, Default)]
struct Row {
    cases: u32,
    directly: u32,
    through: u32,
}

/// The figures of one framework.
pub struct Tally {
    framework: &'static str,
    rows: BTreeMap<Class, Row>,
    /// Ordinary requests, and those of them that were answered otherwise.
    benign: (u32, u32),
}

impl Tally {
    pub fn of(framework: &'static str) -> Self {
        Self { framework, rows: BTreeMap::new(), benign: (0, 0) }
    }

    /// Counts a case.
    pub fn add(&mut self, class: Class, directly: bool, through: bool) {
        let row = self.rows.entry(class).or_default();
        row.cases += 1;
        row.directly += u32::from(directly);
        row.through += u32::from(through);
    }

    /// Keeps the figures of ordinary requests.
    pub fn benign(&mut self, count: u32, blocked: u32) {
        self.benign = (count, blocked);
    }

    /// How many cases reached the site itself.
    pub fn reached_directly(&self) -> u32 {
        self.rows.values().map(|row| row.directly).sum()
    }

    /// The documented requests reach the site itself, else nothing here means anything.
    pub fn assert_the_documented_bites(&self) {
        for class in [Class::Plain, Class::Methods, Class::Cookies, Class::Fields, Class::Aliases] {
            let reached = self.rows.get(&class).is_some_and(|row| row.directly > 0);
            assert!(reached, "{}: no case of {class:?} reaches the site itself", self.framework);
        }
    }

    /// Prints the table of this framework, and keeps it for the page where the long form runs.
    pub fn print(&self) {
        println!("| {} | cases | reached directly | reached through the gateway |\n|---|---|---|---|", self.framework);
        for (class, row) in &self.rows {
            println!("| {} | {} | {} | {} |", class.title(), row.cases, row.directly, row.through);
        }
        println!("{} ordinary requests, {} of them blocked or changed", self.benign.0, self.benign.1);
        if super::is_long() {
            fs::create_dir_all(folder()).unwrap();
            fs::write(folder().join(self.framework), self.lines()).unwrap();
        }
    }

    /// A line a class, then the ordinary requests, as [`page`] reads them.
    fn lines(&self) -> String {
        let line = |(class, row): (&Class, &Row)| {
            format!("{}\t{}\t{}\t{}\n", class.title(), row.cases, row.directly, row.through)
        };
        let rows: String = self.rows.iter().map(line).collect();
        format!("{rows}{ORDINARY}\t{}\t{}\t0\n", self.benign.0, self.benign.1)
    }
}

const ORDINARY: &str = "ordinary requests";

/// Where the long form keeps its tables.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/zoo/tables")
}

/// `docs/zoo.md` out of the tables that the long form kept.
pub fn write_page(frameworks: &[Framework]) {
    let kept = |framework: &&Framework| fs::read_to_string(folder().join(framework.name)).ok();
    let tables: Vec<(&str, Vec<[String; 4]>)> = frameworks
        .iter()
        .filter_map(|framework| Some((framework.name, kept(&framework)?)))
        .map(|(name, text)| (name, text.lines().map(cells).collect()))
        .collect();
    let missing: Vec<&str> = frameworks
        .iter()
        .map(|framework| framework.name)
        .filter(|name| tables.iter().all(|(kept, _)| kept != name))
        .collect();
    let columns: String = tables.iter().map(|(name, _)| format!(" {name} |")).collect();
    let mut page = format!("{INTRODUCTION}\n| class | cases |{columns}\n|---|---|{}\n", "---|".repeat(tables.len()));
    let mut through = 0;
    let (_, first) = tables.first().expect("the long form ran");
    for (at, [title, cases, ..]) in first.iter().enumerate() {
        page += &format!("| {title} | {cases} |");
        for (name, rows) in &tables {
            let [same, _, directly, reached] = &rows[at];
            assert_eq!(same, title, "{name} ran the same classes");
            through += reached.parse::<u32>().unwrap();
            page += &format!(" {directly} → {reached} |");
        }
        page.push('\n');
    }
    let not_run = if missing.is_empty() { "none".to_owned() } else { missing.join(", ") };
    page += &format!("\nReached through the gateway, over all: {through}. Not run: {not_run}.\n");
    fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/zoo.md"), page).unwrap();
}

fn cells(line: &str) -> [String; 4] {
    let cells: Vec<String> = line.split('\t').map(str::to_owned).collect();
    cells.try_into().unwrap()
}

const INTRODUCTION: &str = "\
# The zoo

`script/zoo` writes this page. Small sites on real frameworks (`tests/zoo`) stand behind the gateway, and
every case is a request, as bytes on a socket, that some framework might take for one to a guarded handler.
No case has a proof. A cell says how many cases reach a guarded handler when the site is asked directly, and
how many reach it through the gateway: each of the latter would be a way around. The last row counts
ordinary odd requests to public paths, and in its cells those that the gateway blocks or changes (before the
arrow). Over HTTP/2 the cases go to the gateway only; directly they are sent as HTTP/1.1 says the same.

One thing is known to be refused though a site may take it: a raw backtick in a path, which browsers escape.
A true preflight is no case here: it passes as nobody's, without cookies and credentials. A CGI program or
another handler that answers below its path too (`/withdraw/anything`) needs a pattern that says so:
`/withdraw/**`.
";
