//! What an import answers, and imports that were committed, as they are shown.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::id::{ImportId, OrganizationId};
use crate::limits;
use crate::provisioning::{Error, Kind};
use crate::roster::result::{self, ResultRow};
use crate::roster::{Dialect, File, Report};
use crate::store::Tx;
use crate::store::rows::ImportRow;

/// How an import, or its rehearsal, ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportOutcome {
    /// Everybody is invited who is not skipped.
    Committed,
    /// Every row is skipped.
    NothingToDo,
    /// What was shown is not what would be done now; nothing is done.
    PlanChanged,
    /// This would be done; nothing is done yet.
    Planned,
    /// Something is wrong; nothing is done.
    Refused,
}

/// What became, or would become, of a file.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImportReport {
    /// The import, once it is committed.
    #[schema(value_type = Option<String>, format = "uuid")]
    pub id: Option<ImportId>,
    /// How it ended.
    pub outcome: ImportOutcome,
    /// The same in a sentence, with the counts.
    pub summary: String,
    /// What became of each row.
    #[serde(flatten)]
    pub report: Report,
}

impl ImportReport {
    /// The answer that goes with a report. Where the plan is not carried out, nothing is created.
    pub fn new(outcome: ImportOutcome, id: Option<ImportId>, report: Report) -> Self {
        Self {
            id,
            outcome,
            summary: summary(outcome, &report),
            report,
        }
    }
}

fn summary(outcome: ImportOutcome, report: &Report) -> String {
    let Report {
        created, skipped, ..
    } = report;
    let skipped = match skipped {
        0 => "no row is skipped".to_owned(),
        1 => "1 row is skipped".to_owned(),
        many => format!("{many} rows are skipped"),
    };
    let people = |verb: &str| match created {
        1 => format!("1 person {verb} invited"),
        many => format!("{many} people {verb} invited"),
    };
    match outcome {
        ImportOutcome::Committed if *created == 1 => format!("{}, {skipped}", people("is")),
        ImportOutcome::Committed => format!("{}, {skipped}", people("are")),
        ImportOutcome::NothingToDo => format!("nobody is invited: {skipped}, and that is all"),
        ImportOutcome::PlanChanged => {
            "nobody is invited: what was shown is not what would be done now".to_owned()
        }
        ImportOutcome::Planned => {
            format!("{}, {skipped}; nothing is done yet", people("would be"))
        }
        ImportOutcome::Refused => match report.failed {
            0 => "nobody is invited: the file cannot be imported".to_owned(),
            1 => "nobody is invited: 1 row is wrong".to_owned(),
            many => format!("nobody is invited: {many} rows are wrong"),
        },
    }
}

/// The rows of a committed file, with what became of each.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportResult)]
pub struct Kept {
    /// What separates its cells.
    pub dialect: Dialect,
    /// The names in its header.
    pub header: Vec<String>,
    /// Its rows.
    pub rows: Vec<KeptRow>,
}

/// A row of a committed file.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportResultRow)]
pub struct KeptRow {
    /// The line of the file on which it begins.
    pub row: u64,
    /// Its cells.
    pub cells: Vec<String>,
    /// `created` or `skipped`.
    pub status: String,
    /// Why it is skipped, and what else there is to say.
    pub detail: String,
}

impl Kept {
    /// The rows of a file that is committed.
    pub fn new(file: &File, report: &Report) -> Self {
        let rows = file.rows.iter().zip(&report.rows).map(|(raw, judged)| {
            let status = match judged.status {
                "skip" => "skipped",
                _ => "created",
            };
            KeptRow {
                row: raw.line,
                cells: raw.cells.clone(),
                status: status.to_owned(),
                detail: judged.detail.clone(),
            }
        });
        Self {
            dialect: file.dialect,
            header: file.header.clone(),
            rows: rows.collect(),
        }
    }

    /// The file that goes back: the columns as they came, then what became of each row.
    pub fn file(&self) -> Vec<u8> {
        let rows: Vec<_> = self
            .rows
            .iter()
            .map(|row| ResultRow {
                cells: &row.cells,
                status: &row.status,
                detail: &row.detail,
            })
            .collect();
        result::write(self.dialect, &self.header, &rows)
    }
}

/// An import that was committed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Import {
    /// The id.
    #[schema(value_type = String, format = "uuid")]
    pub id: ImportId,
    /// Who asked for it.
    pub actor: String,
    /// The digest of the plan that was carried out.
    pub plan_digest: String,
    /// How many rows the file had.
    pub total: i64,
    /// How many invitations were made.
    pub created: i64,
    /// How many rows were skipped.
    pub skipped: i64,
    /// How many warnings there were.
    pub warnings: i64,
    /// Whether its rows are still kept: for 30 days.
    pub has_result: bool,
    /// When it was committed.
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Timestamp,
}

/// An import that was committed, with its rows.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ImportDetail {
    /// The import.
    #[serde(flatten)]
    pub import: Import,
    /// How many of its invitations are still open, expired ones too.
    pub open: usize,
    /// What became of each row; null once it is no longer kept.
    pub result: Option<Kept>,
}

impl From<ImportRow> for Import {
    fn from(row: ImportRow) -> Self {
        Self {
            id: row.id,
            actor: row.actor,
            plan_digest: row.digest,
            total: row.total,
            created: row.created,
            skipped: row.skipped,
            warnings: row.warnings,
            has_result: row.result.is_some(),
            created_at: row.created_at.0,
        }
    }
}

/// A page of the imports of an organization, the oldest first.
pub async fn page(
    tx: &mut Tx,
    org: OrganizationId,
    after: Option<ImportId>,
    limit: i64,
) -> Result<Vec<Import>, Error> {
    let rows = tx.imports(org, after, limit).await?;
    Ok(rows.into_iter().map(Import::from).collect())
}

/// One import, with its rows.
pub async fn detail(tx: &mut Tx, org: OrganizationId, id: ImportId) -> Result<ImportDetail, Error> {
    let row = tx.import(org, id).await?;
    let row = row.ok_or(Error::NotFound(Kind::Import))?;
    let open = tx.open_invitations_of_import(org, id).await?.len();
    Ok(ImportDetail {
        result: kept(&row)?,
        import: row.into(),
        open,
    })
}

/// The file that goes back to whoever imported; `None` once it is no longer kept.
pub async fn result_file(tx: &mut Tx, org: OrganizationId, id: ImportId) -> Result<Vec<u8>, Error> {
    let row = tx.import(org, id).await?;
    let row = row.ok_or(Error::NotFound(Kind::Import))?;
    let kept = kept(&row)?.ok_or(Error::NotFound(Kind::ImportResult))?;
    Ok(kept.file())
}

fn kept(row: &ImportRow) -> Result<Option<Kept>, Error> {
    let (table, column) = ("imports", "result");
    let corrupt = |_| Error::Store(crate::store::Error::Corrupt { table, column });
    row.result
        .as_ref()
        .map(|doc| serde_json::from_str(&doc.0).map_err(corrupt))
        .transpose()
}

/// What a file may say in an organization: what goes beside the template.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Template {
    /// The columns, in the order of the template.
    pub columns: Vec<Column>,
    /// The roles that may stand in the file.
    pub roles: Vec<Choice>,
    /// The projects that may stand in the file.
    pub projects: Vec<Choice>,
    /// How many rows a file may have.
    pub rows: usize,
    /// How many bytes a file may have.
    pub bytes: usize,
}

/// A column of the file.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ImportColumn)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Whether it must be there, and its cells be filled.
    pub required: bool,
    /// What stands in it.
    pub description: &'static str,
}

/// A word that may stand in a cell.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = ImportChoice)]
pub struct Choice {
    /// What stands in the cell.
    pub slug: String,
    /// Its name for people.
    pub name: String,
}

const COLUMNS: [Column; 3] = [
    Column {
        name: "email",
        required: true,
        description: "the address of the person to invite",
    },
    Column {
        name: "role",
        required: true,
        description: "the slug or the name of a role",
    },
    Column {
        name: "projects",
        required: false,
        description: "slugs of projects, separated by commas; empty means the whole organization",
    },
];

/// What somebody of this rank may write into a file.
pub async fn template(tx: &mut Tx, org: OrganizationId, rank: i64) -> Result<Template, Error> {
    let roles = crate::provisioning::settings::catalogue(tx, org).await?;
    let roles = roles
        .iter()
        .filter(|role| crate::directory::invitation::may_grant(role, 0, rank).is_ok());
    let roles = roles.map(|role| Choice {
        slug: role.slug.clone(),
        name: role.name.clone(),
    });
    let projects = tx.projects(org).await?.into_iter();
    let projects = projects.filter(|row| row.archived_at.is_none());
    Ok(Template {
        columns: COLUMNS.to_vec(),
        roles: roles.collect(),
        projects: projects
            .map(|row| Choice {
                slug: row.slug,
                name: row.name,
            })
            .collect(),
        rows: limits::CSV_ROWS,
        bytes: limits::CSV_BYTES,
    })
}
