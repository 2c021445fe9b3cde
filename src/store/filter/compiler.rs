//! From a filter to the pieces of its SQL.

use super::super::{POSITION, id_text};
use super::Piece;
use super::sources::{Source, Table};
use crate::limits;
use crate::scim::filter::{Comparand, Filter, Operator};
use crate::scim::path::AttributePath;
use crate::scim::text::{date_time, fold};
use crate::store::search::Search;
use crate::store::types::AnyId;

const AND: &str = " AND ";
const OR: &str = " OR ";

/// Writes one filter, or one sort key, over one table.
pub(super) struct Compiler<'a> {
    pub(super) search: &'a Search,
    pub(super) table: &'static Table,
    pub(super) out: Vec<Piece>,
    /// Within `not`, an unknown must count as false before it is turned round.
    negated: bool,
}

impl<'a> Compiler<'a> {
    pub(super) fn new(search: &'a Search, table: &'static Table) -> Self {
        Self {
            search,
            table,
            out: Vec::new(),
            negated: false,
        }
    }

    pub(super) fn compiled(mut self, filter: &Filter) -> Vec<Piece> {
        self.filter(filter, false);
        self.out
    }

    pub(super) fn sql(&mut self, sql: impl Into<String>) {
        self.out.push(Piece::Sql(sql.into()));
    }

    fn filter(&mut self, filter: &Filter, within: bool) {
        match filter {
            Filter::And(filters) => self.chain(filters, AND, within),
            Filter::Or(filters) => self.chain(filters, OR, within),
            Filter::Not(filter) => {
                let outer = std::mem::replace(&mut self.negated, true);
                self.sql("NOT (");
                self.filter(filter, within);
                self.sql(")");
                self.negated = outer;
            }
            Filter::Within { attribute, filter } if attribute.attribute.multi_valued => {
                self.exists(*attribute);
                self.filter(filter, true);
                self.sql(")");
            }
            // Brackets on a single value, or inside brackets, mean that very value.
            Filter::Within { attribute, filter } => {
                self.sql("(");
                self.present(attribute.whole(), within);
                self.sql(" AND ");
                self.filter(filter, within);
                self.sql(")");
            }
            Filter::Present(path) => self.atom(|it| it.present(*path, within)),
            Filter::Compare {
                path,
                operator,
                value,
            } => {
                self.atom(|it| it.compare(*path, *operator, value, within));
            }
        }
    }

    fn chain(&mut self, filters: &[Filter], word: &str, within: bool) {
        self.sql("(");
        if filters.is_empty() {
            self.sql(if word == AND { "1 = 1" } else { "1 = 0" });
        }
        for (at, filter) in filters.iter().enumerate() {
            if at > 0 {
                self.sql(word);
            }
            self.filter(filter, within);
        }
        self.sql(")");
    }

    fn atom(&mut self, write: impl FnOnce(&mut Self)) {
        self.sql("(");
        write(self);
        self.sql(if self.negated { ") IS TRUE" } else { ")" });
    }

    /// Opens `EXISTS (.. ` over the elements of a multi-valued attribute; the caller closes it.
    fn exists(&mut self, path: AttributePath) {
        let (table, name) = (self.table.name, path.attribute.name);
        let from = match name {
            "schemas" => {
                let extensions = self.search.kind.extensions.iter().map(|it| {
                    let urn = fold(it.schema.urn);
                    format!(
                        " UNION ALL SELECT '{urn}' WHERE {table}.search ->> 'schemas:{urn}' \
                         IS NOT NULL"
                    )
                });
                let (base, extensions) = (self.table.schema, extensions.collect::<String>());
                format!("(SELECT '{base}' AS folded{extensions}) v WHERE ")
            }
            "groups" => format!(
                "scim_members m JOIN scim_groups g ON g.org_id = m.org_id AND g.id = m.group_id \
                 WHERE m.org_id = {table}.org_id AND m.member_id = {table}.id AND "
            ),
            "members" => format!(
                "scim_members m WHERE m.org_id = {table}.org_id AND m.group_id = {table}.id AND "
            ),
            _ => format!(
                "scim_values v WHERE v.org_id = {table}.org_id AND v.scim_user_id = {table}.id \
                 AND v.path = '{}' AND ",
                path.whole().key()
            ),
        };
        self.sql(format!("EXISTS (SELECT 1 FROM {from}"));
    }

    fn present(&mut self, path: AttributePath, within: bool) {
        if path.attribute.multi_valued && !within {
            self.exists(path);
            self.present_in(path, true);
            self.sql(")");
        } else {
            self.present_in(path, within);
        }
    }

    /// A complex attribute is present when one of its parts is.
    fn present_in(&mut self, path: AttributePath, within: bool) {
        let parts: Vec<_> = match path.sub {
            None if path.attribute.is_complex() => {
                let subs = path.attribute.sub_attributes.iter();
                subs.map(|sub| AttributePath {
                    sub: Some(sub),
                    ..path
                })
                .collect()
            }
            _ => vec![path],
        };
        self.sql("(");
        for (at, part) in parts.into_iter().enumerate() {
            if at > 0 {
                self.sql(" OR ");
            }
            let source = self.source(part, within);
            self.value(source);
            self.sql(" IS NOT NULL");
        }
        self.sql(")");
    }

    fn compare(&mut self, path: AttributePath, op: Operator, value: &Comparand, within: bool) {
        let path = path.or_value();
        let Comparand::Text(text) = value else {
            let absent = op == Operator::Eq;
            self.sql(if absent { "NOT (" } else { "(" });
            self.present(path, within);
            self.sql(")");
            return;
        };
        if path.attribute.multi_valued && !within {
            if op == Operator::Ne {
                self.sql("NOT ");
                self.exists(path);
                self.sql("1 = 1) OR ");
            }
            self.exists(path);
            self.sql("(");
            self.compare_one(path, op, text, true);
            self.sql("))");
        } else {
            self.compare_one(path, op, text, within);
        }
    }

    fn compare_one(&mut self, path: AttributePath, op: Operator, text: &str, within: bool) {
        if op == Operator::Eq && within && is_indexed_value(path) {
            // Only short values are in the indexed column, and only a short one can equal it.
            if text.len() <= limits::INDEXED_TEXT {
                return self.text(vec![Piece::Sql("v.folded".into())], op, text);
            }
        }
        match self.source(path, within) {
            Source::Flag(column) => self.flag(&column, op, text),
            Source::Instant(column) => self.instant(&column, op, text),
            Source::Id(column) => match (op, text.parse::<crate::id::UserId>()) {
                (Operator::Eq, Ok(id)) => {
                    self.sql(format!("{column} = "));
                    self.out.push(Piece::Id(AnyId::from(id.uuid())));
                }
                _ => self.text(vec![Piece::Sql(id_text(&column))], op, text),
            },
            Source::Text(expression) => self.text(expression, op, text),
        }
    }

    pub(super) fn value(&mut self, source: Source) {
        match source {
            Source::Flag(column) | Source::Id(column) | Source::Instant(column) => self.sql(column),
            Source::Text(pieces) => self.out.extend(pieces),
        }
    }

    fn flag(&mut self, column: &str, op: Operator, text: &str) {
        let word = if op == Operator::Ne { "<>" } else { "=" };
        self.sql(format!("{column} {word} "));
        self.out.push(Piece::Flag(text == "true"));
    }

    fn instant(&mut self, column: &str, op: Operator, text: &str) {
        let Some(at) = date_time(text) else {
            self.sql(if op == Operator::Ne { "1 = 1" } else { "1 = 0" });
            return;
        };
        self.sql(format!("{column} {} ", sign(op)));
        self.out.push(Piece::Big(at.as_microsecond()));
    }

    fn text(&mut self, expression: Vec<Piece>, op: Operator, text: &str) {
        let repeat = |it: &mut Self| it.out.extend(expression.iter().map(Piece::again));
        let bind = |it: &mut Self, text: String| it.out.push(Piece::Text(text));
        match op {
            Operator::Co => {
                self.sql(format!("{POSITION}("));
                repeat(self);
                self.sql(", ");
                bind(self, text.to_owned());
                self.sql(") > 0");
            }
            Operator::Sw => {
                repeat(self);
                self.sql(" >= ");
                bind(self, text.to_owned());
                if let Some(end) = successor(text) {
                    self.sql(" AND ");
                    repeat(self);
                    self.sql(" < ");
                    bind(self, end);
                }
            }
            Operator::Ew => {
                let length = text.chars().count();
                self.sql("length(");
                repeat(self);
                self.sql(format!(") >= {length} AND substr("));
                repeat(self);
                self.sql(", CAST(length(");
                repeat(self);
                self.sql(format!(") - {length} + 1 AS integer)) = "));
                bind(self, text.to_owned());
            }
            Operator::Ne => {
                repeat(self);
                self.sql(" IS NULL OR ");
                repeat(self);
                self.sql(" <> ");
                bind(self, text.to_owned());
            }
            _ => {
                repeat(self);
                self.sql(format!(" {} ", sign(op)));
                bind(self, text.to_owned());
            }
        }
    }
}

impl Piece {
    pub(super) fn again(&self) -> Self {
        match self {
            Self::Big(value) => Self::Big(*value),
            Self::Flag(value) => Self::Flag(*value),
            Self::Id(value) => Self::Id(*value),
            Self::Sql(sql) => Self::Sql(sql.clone()),
            Self::Text(text) => Self::Text(text.clone()),
        }
    }
}

/// Whether the path is the `value` of an element row.
fn is_indexed_value(path: AttributePath) -> bool {
    let computed = ["groups", "members", "schemas"].contains(&path.attribute.name);
    path.attribute.multi_valued && !computed && path.sub.is_none_or(|sub| sub.name == "value")
}

fn sign(operator: Operator) -> &'static str {
    match operator {
        Operator::Ne => "<>",
        Operator::Gt => ">",
        Operator::Ge => ">=",
        Operator::Lt => "<",
        Operator::Le => "<=",
        Operator::Eq | Operator::Co | Operator::Sw | Operator::Ew => "=",
    }
}

/// The smallest text that is greater than every text beginning with `text`; none for an empty one.
fn successor(text: &str) -> Option<String> {
    let mut start: Vec<char> = text.chars().collect();
    while let Some(last) = start.pop() {
        let next = if last == '\u{d7ff}' {
            Some('\u{e000}')
        } else {
            char::from_u32(last as u32 + 1)
        };
        if let Some(next) = next {
            start.push(next);
            return Some(start.into_iter().collect());
        }
    }
    None
}
