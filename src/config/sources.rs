//! From the places where settings stand to one table: file under environment under flags.

use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::settings::{KNOWN, Kind, Known, Origin, Origins};
use super::{Error, default_file};

/// Where to look for settings.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// The file of `--config`; without it `usher.toml` in the working directory, if there.
    pub file: Option<PathBuf>,
    /// The environment; only `USHER_*` is looked at. An empty variable counts as not set.
    pub environment: Vec<(String, String)>,
    /// Flags that were given, by the key of their setting.
    pub flags: Vec<(String, String)>,
}

impl Sources {
    /// The file that was named, this process's environment, and the flags that were given.
    pub fn of_process(file: Option<PathBuf>, flags: Vec<(String, String)>) -> Self {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| {
                Some((
                    name.into_string().ok()?,
                    value.to_string_lossy().into_owned(),
                ))
            })
            .filter(|(name, _)| name.starts_with(PREFIX))
            .collect();
        Self {
            file,
            environment,
            flags,
        }
    }

    /// One table by section and field, and where each of its values comes from.
    pub(super) fn merge(&self) -> Result<(Table, Origins), Error> {
        let mut merged = Merged::default();
        if let Some(path) = self.file.clone().or_else(default_file) {
            merged.take_file(&path)?;
        }
        merged.take_environment(&self.environment)?;
        for (key, text) in &self.flags {
            let known = Known::by_key(key).ok_or_else(|| unknown(key, Origin::Flag))?;
            let value = value_of(known, text, &Origin::Flag)?;
            merged.put(known, value, Origin::Flag);
        }
        Ok((merged.table, merged.origins))
    }
}

const PREFIX: &str = "USHER_";

#[derive(Default)]
struct Merged {
    table: Table,
    origins: Origins,
}

impl Merged {
    fn put(&mut self, known: &Known, value: Value, origin: Origin) {
        let (section, field) = known.field;
        let section = self
            .table
            .entry(section)
            .or_insert_with(|| Value::Table(Table::new()));
        if let Value::Table(section) = section {
            section.insert(field.to_owned(), value);
        }
        self.origins.insert(known.key, origin);
    }

    fn take_file(&mut self, path: &Path) -> Result<(), Error> {
        let origin = Origin::File(path.to_owned());
        let text = read(path)?;
        let file: Table = text
            .parse()
            .map_err(|error: toml::de::Error| Error::Syntax {
                path: path.to_owned(),
                line: line_at(&text, error.span().map_or(0, |span| span.start)),
                message: error.message().to_owned(),
            })?;
        for (name, value) in file {
            match (Known::by_key(&name), value) {
                (Some(known), value) => self.put(known, value, origin.clone()),
                (None, Value::Table(section)) if is_section(&name) => {
                    for (inner, value) in section {
                        let key = format!("{name}.{inner}");
                        let known =
                            Known::by_key(&key).ok_or_else(|| unknown(&key, origin.clone()))?;
                        self.put(known, value, origin.clone());
                    }
                }
                (None, _) => return Err(unknown(&name, origin)),
            }
        }
        Ok(())
    }

    fn take_environment(&mut self, environment: &[(String, String)]) -> Result<(), Error> {
        let mut seen: Vec<(&'static str, &str)> = Vec::new();
        let set = environment
            .iter()
            .filter(|(name, text)| name.starts_with(PREFIX) && !text.is_empty());
        for (name, text) in set {
            let origin = Origin::Environment(name.clone());
            let (known, in_file) = variable(name).ok_or_else(|| unknown(name, origin.clone()))?;
            if let Some((_, first)) = seen.iter().find(|(key, _)| *key == known.key) {
                return Err(Error::Twice {
                    key: known.key,
                    first: String::from(*first),
                    second: name.clone(),
                });
            }
            seen.push((known.key, name));
            let value = if in_file {
                value_of(known, read(Path::new(text))?.trim_end(), &origin)?
            } else {
                value_of(known, text, &origin)?
            };
            self.put(known, value, origin);
        }
        Ok(())
    }
}

/// The setting of a variable, and whether the variable names a file that holds the value.
fn variable(name: &str) -> Option<(&'static Known, bool)> {
    if let Some(known) = Known::by_variable(name) {
        return Some((known, false));
    }
    let known = Known::by_variable(name.strip_suffix("_FILE")?)?;
    known.may_stand_in_a_file().then_some((known, true))
}

fn value_of(known: &Known, text: &str, origin: &Origin) -> Result<Value, Error> {
    let invalid = |message: &str| Error::Invalid {
        key: known.key,
        origin: origin.clone(),
        message: message.to_owned(),
    };
    match known.kind {
        Kind::Boolean => {
            let value = text
                .parse()
                .map_err(|_| invalid("expected true or false"))?;
            Ok(Value::Boolean(value))
        }
        Kind::Integer => {
            let value = text
                .parse()
                .map_err(|_| invalid("expected a whole number"))?;
            Ok(Value::Integer(value))
        }
        Kind::List => {
            let items = text
                .split(',')
                .map(str::trim)
                .filter(|item| !item.is_empty());
            Ok(Value::Array(
                items.map(|item| Value::String(item.to_owned())).collect(),
            ))
        }
        Kind::Text => Ok(Value::String(text.to_owned())),
    }
}

fn is_section(name: &str) -> bool {
    KNOWN.iter().any(|known| {
        known
            .key
            .split_once('.')
            .is_some_and(|(section, _)| section == name)
    })
}

fn read(path: &Path) -> Result<String, Error> {
    fs::read_to_string(path).map_err(|source| Error::Unreadable {
        path: path.to_owned(),
        source,
    })
}

fn line_at(text: &str, offset: usize) -> usize {
    1 + text
        .bytes()
        .take(offset)
        .filter(|byte| *byte == b'\n')
        .count()
}

/// The error for a name that nobody knows, with the known name that is most like it.
fn unknown(name: &str, origin: Origin) -> Error {
    let names: Vec<String> = match origin {
        Origin::Environment(_) => KNOWN.iter().flat_map(variables).collect(),
        _ => KNOWN.iter().map(|known| known.key.to_owned()).collect(),
    };
    let nearest = names
        .into_iter()
        .map(|known| (distance(name, &known), known))
        .filter(|(distance, known)| *distance <= known.len() / 3)
        .min()
        .map(|(_, known)| known);
    Error::Unknown {
        name: name.to_owned(),
        origin,
        nearest,
    }
}

fn variables(known: &Known) -> Vec<String> {
    let plain = known.variable.to_owned();
    let in_file = known.may_stand_in_a_file().then(|| format!("{plain}_FILE"));
    [Some(plain), in_file].into_iter().flatten().collect()
}

/// How many letters must be added, left out or changed to make one of the other (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.chars().count()).collect();
    for (above, l) in left.chars().enumerate() {
        let mut corner = above;
        let mut before = above + 1;
        let mut next = vec![before];
        for (r, up) in right.chars().zip(row.iter().skip(1)) {
            let cost = (corner + usize::from(l != r)).min(*up + 1).min(before + 1);
            corner = *up;
            before = cost;
            next.push(cost);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
