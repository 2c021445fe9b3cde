//! Sort keys (RFC 7644 §3.4.2.3), and what comes behind a resource in their order.

use super::super::id_text;
use super::Piece;
use super::compiler::Compiler;
use super::sources::Source;
use crate::scim::path::AttributePath;
use crate::store::search::{After, Direction};
use crate::store::types::AnyId;

impl Compiler<'_> {
    /// The sort key and its direction.
    pub(super) fn sorted(mut self, path: AttributePath, direction: Direction) -> Vec<Piece> {
        let key = self.key(path);
        self.value(key);
        self.sql(match direction {
            Direction::Ascending => " ASC NULLS LAST",
            Direction::Descending => " DESC NULLS FIRST",
        });
        self.out
    }

    /// The sort key as text, in which keys compare as they do themselves.
    pub(super) fn key_text(mut self, path: Option<AttributePath>) -> Vec<Piece> {
        match path.map(|path| self.key(path)) {
            None => self.sql("CAST(NULL AS text)"),
            Some(Source::Flag(column)) => {
                self.sql(format!("CASE WHEN {column} THEN 'true' ELSE 'false' END"));
            }
            // SQLite writes an absent id as an empty text.
            Some(Source::Id(column)) => {
                let text = id_text(&column);
                self.sql(format!(
                    "CASE WHEN {column} IS NULL THEN NULL ELSE {text} END"
                ));
            }
            Some(Source::Instant(column)) => self.sql(format!("CAST({column} AS text)")),
            Some(Source::Text(pieces)) => self.out.extend(pieces),
        }
        self.out
    }

    /// What comes behind: a greater key, or an equal one and a greater id.
    pub(super) fn after(mut self, after: &After) -> Vec<Piece> {
        self.sql("(");
        match (self.search.sort, &after.key) {
            (None, _) => self.greater_id(after.id),
            (Some((path, direction)), Some(bound)) => {
                let key = self.key(path);
                let (sign, keyless_follow) = match direction {
                    Direction::Ascending => (" > ", true),
                    Direction::Descending => (" < ", false),
                };
                self.value(key.again());
                self.sql(sign);
                self.bound(&key, bound);
                self.sql(" OR (");
                self.value(key.again());
                self.sql(" = ");
                self.bound(&key, bound);
                self.sql(" AND ");
                self.greater_id(after.id);
                self.sql(")");
                if keyless_follow {
                    self.sql(" OR ");
                    self.value(key);
                    self.sql(" IS NULL");
                }
            }
            (Some((path, direction)), None) => {
                let key = self.key(path);
                self.sql("(");
                self.value(key.again());
                self.sql(" IS NULL AND ");
                self.greater_id(after.id);
                self.sql(")");
                if direction == Direction::Descending {
                    self.sql(" OR ");
                    self.value(key);
                    self.sql(" IS NOT NULL");
                }
            }
        }
        self.sql(")");
        self.out
    }

    fn greater_id(&mut self, id: AnyId) {
        self.sql(format!("{}.id > ", self.table.name));
        self.out.push(Piece::Id(id));
    }

    /// A key that was told as text, as what it is compared with. One that is nothing of the kind
    /// comes before everything.
    fn bound(&mut self, key: &Source, text: &str) {
        self.out.push(match key {
            Source::Flag(_) => Piece::Flag(text == "true"),
            Source::Id(_) => {
                let id = text.parse().unwrap_or_else(|_| uuid::Uuid::nil());
                Piece::Id(AnyId::from(id))
            }
            Source::Instant(_) => Piece::Big(text.parse().unwrap_or(i64::MIN)),
            Source::Text(_) => Piece::Text(text.to_owned()),
        });
    }

    /// The sort key; of a multi-valued attribute the primary element's value, else the first one's.
    fn key(&self, path: AttributePath) -> Source {
        let path = path.or_value();
        if path.attribute.name == "schemas" {
            return Source::Text(vec![Piece::Sql("CAST(NULL AS text)".into())]);
        }
        if !path.attribute.multi_valued {
            return self.source(path, false);
        }
        let (table, key) = (self.table.name, path.whole().key());
        let rest = match path.attribute.name {
            "groups" => format!(
                " FROM scim_members m JOIN scim_groups g ON g.org_id = m.org_id \
                 AND g.id = m.group_id WHERE m.org_id = {table}.org_id \
                 AND m.member_id = {table}.id ORDER BY m.group_id LIMIT 1)"
            ),
            "members" => format!(
                " FROM scim_members m WHERE m.org_id = {table}.org_id \
                 AND m.group_id = {table}.id ORDER BY m.member_id LIMIT 1)"
            ),
            _ => format!(
                " FROM scim_values v WHERE v.org_id = {table}.org_id \
                 AND v.scim_user_id = {table}.id AND v.path = '{key}' \
                 ORDER BY CASE WHEN v.element ->> 'primary' = 'true' THEN 0 ELSE 1 END, \
                 v.position LIMIT 1)"
            ),
        };
        match self.element(path) {
            Source::Flag(column) => Source::Flag(format!("(SELECT {column}{rest}")),
            Source::Id(column) => Source::Id(format!("(SELECT {column}{rest}")),
            Source::Instant(column) => Source::Instant(format!("(SELECT {column}{rest}")),
            Source::Text(mut pieces) => {
                pieces.insert(0, Piece::Sql("(SELECT ".into()));
                pieces.push(Piece::Sql(rest));
                Source::Text(pieces)
            }
        }
    }
}
