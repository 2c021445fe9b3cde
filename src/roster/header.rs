//! The header row: which column is which. A name is compared without case and spaces. One that is
//! nearly known is an error and not ignored: a scope column that is lost gives more than was meant.

use super::finding::{Code, Finding, shown};
use super::nearest::distance;

/// Names of a file's columns that a message lists.
const LISTED: usize = 20;

/// A column that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Email,
    Role,
    Projects,
}

impl Known {
    const ALL: [Self; 3] = [Self::Email, Self::Role, Self::Projects];

    fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Role => "role",
            Self::Projects => "projects",
        }
    }

    /// Other names under which people and programs know it.
    fn aliases(self) -> &'static [&'static str] {
        match self {
            Self::Email => &[
                "address",
                "emailaddresses",
                "emailaddress",
                "mail",
                "mailaddress",
                "primaryemail",
                "useremail",
                "workemail",
            ],
            Self::Role => &["orgrole", "rolename", "roleslug", "userrole"],
            Self::Projects => &[
                "projectlist",
                "projectnames",
                "projectscope",
                "projectslug",
                "projectslugs",
                "scope",
                "scopes",
            ],
        }
    }
}

/// Where the columns that are read stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) email: usize,
    pub(super) role: usize,
    pub(super) projects: Option<usize>,
    /// Columns without a name; a cell in one of them is an error.
    pub(super) nameless: Vec<usize>,
    /// How many there are in all.
    pub(super) count: usize,
}

/// What a column's name means.
enum Meaning {
    Known(Known),
    Nameless,
    Near(Known),
    Unknown,
}

/// How well these names fit: both required ones are there, then how many mean something.
pub(super) fn fitness(names: &[String]) -> (bool, usize) {
    let means = |known: Known| {
        names
            .iter()
            .any(|name| matches!(meaning(name), Meaning::Known(it) if it == known))
    };
    let some = |name: &&String| matches!(meaning(name), Meaning::Known(_) | Meaning::Near(_));
    let required = means(Known::Email) && means(Known::Role);
    (required, names.iter().filter(some).count())
}

/// The columns by these names, and warnings; or why the file cannot be read.
pub(super) fn columns(
    line: u64,
    names: &[String],
) -> Result<(Columns, Vec<Finding>), Vec<Finding>> {
    let mut findings = Vec::new();
    let mut found: [Option<usize>; 3] = [None; 3];
    let mut nameless = Vec::new();
    let mut meant = Vec::new();
    for (index, name) in names.iter().enumerate() {
        match meaning(name) {
            Meaning::Nameless => nameless.push(index),
            Meaning::Near(known) => {
                meant.push(known);
                findings.push(misspelled(line, name, known));
            }
            Meaning::Unknown => findings.push(unknown(line, name)),
            Meaning::Known(known) => {
                if let Some(place) = found.get_mut(known as usize) {
                    if place.is_some() {
                        findings.push(duplicate(line, name, known));
                    }
                    place.get_or_insert(index);
                }
            }
        }
    }
    let [email, role, projects] = found;
    for (known, place) in [(Known::Email, email), (Known::Role, role)] {
        if place.is_none() && !meant.contains(&known) {
            findings.push(missing(line, names, known));
        }
    }
    match (email, role) {
        (Some(email), Some(role)) if !findings.iter().any(Finding::is_error) => {
            let count = names.len();
            let columns = Columns {
                email,
                role,
                projects,
                nameless,
                count,
            };
            Ok((columns, findings))
        }
        _ => Err(findings),
    }
}

fn meaning(name: &str) -> Meaning {
    let spaceless: String = name.chars().filter(|c| !c.is_whitespace()).collect();
    let folded = spaceless.to_lowercase();
    if folded.is_empty() {
        return Meaning::Nameless;
    }
    if let Some(known) = Known::ALL.into_iter().find(|it| it.name() == folded) {
        return Meaning::Known(known);
    }
    let bare: String = folded.chars().filter(|c| c.is_alphanumeric()).collect();
    let near = |it: &Known| {
        let slips = it.name().len() / 4;
        // No slip makes a name that much longer, and comparing costs the product of the lengths.
        let comparable = bare.len() <= 2 * it.name().len();
        it.aliases().contains(&bare.as_str()) || (comparable && distance(&bare, it.name()) <= slips)
    };
    match Known::ALL.into_iter().find(near) {
        Some(known) => Meaning::Near(known),
        None => Meaning::Unknown,
    }
}

fn misspelled(line: u64, name: &str, known: Known) -> Finding {
    let (came, known) = (shown(name), known.name());
    let message = format!("the column `{came}` is not known, but looks like `{known}`");
    Finding::of_cell(Code::MisspelledColumn, line, name, message)
        .showing(name)
        .suggesting(Some(known))
}

fn unknown(line: u64, name: &str) -> Finding {
    let message = format!("the column `{}` is ignored", shown(name));
    Finding::of_cell(Code::UnknownColumn, line, name, message).showing(name)
}

fn duplicate(line: u64, name: &str, known: Known) -> Finding {
    let message = format!("there are two columns `{}`", known.name());
    Finding::of_cell(Code::DuplicateColumn, line, known.name(), message)
        .showing(name)
        .suggesting(Some("keep one of them"))
}

fn missing(line: u64, names: &[String], known: Known) -> Finding {
    let listed = names.iter().filter(|name| !name.trim().is_empty());
    let mut came: Vec<_> = listed.map(|name| format!("`{}`", shown(name))).collect();
    if came.len() > LISTED {
        came.truncate(LISTED);
        came.push("...".to_owned());
    }
    let message = format!(
        "there is no column `{}`: the first row must name the columns email and role, and may \
         name projects; it names {}",
        known.name(),
        came.join(", ")
    );
    Finding::of_cell(Code::MissingColumn, line, known.name(), message)
        .suggesting(Some("use the header of the template: email,role,projects"))
}
