//! Projects: parts of an organization that a role may be held in.

use futures_util::FutureExt;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::directory::Violation;
use crate::directory::event::EventKind;
use crate::id::{OrganizationId, ProjectId};
use crate::limits;
use crate::provisioning::settings::{differences, name, slug};
use crate::provisioning::{Change, Context, Error, Kind, change};
use crate::store::Store;
use crate::store::rows::ProjectRow;

/// A project of an organization.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Project {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    pub id: ProjectId,
    /// Its name on the wire, fixed for life.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// Since when it is there.
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Timestamp,
    /// Since when it is archived.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub archived_at: Option<Timestamp>,
}

impl From<ProjectRow> for Project {
    fn from(row: ProjectRow) -> Self {
        Self {
            id: row.id,
            slug: row.slug,
            name: row.name,
            created_at: row.created_at.0,
            archived_at: row.archived_at.map(|at| at.0),
        }
    }
}

/// A project to be.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewProject {
    /// Its slug, fixed for life.
    pub slug: String,
    /// Its name for people; the slug where there is none.
    pub name: Option<String>,
}

/// What is to change of a project; what is not named stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProjectChange {
    /// Its name for people.
    pub name: Option<String>,
    /// Whether it is archived: roles in it sleep, apps are told of none, and nobody is given one. Live again,
    /// everybody has what they had.
    pub archived: Option<bool>,
}

/// Creates a project.
pub async fn create(
    store: &Store,
    org: OrganizationId,
    context: Context,
    new: NewProject,
) -> Result<Project, Error> {
    change(store, org, context, move |change| {
        let new = new.clone();
        async move { create_in(change, &new).await }.boxed()
    })
    .await
}

/// The same, within a change.
pub async fn create_in(change: &mut Change<'_>, new: &NewProject) -> Result<Project, Error> {
    let slug = slug(&new.slug)?;
    let name = name(new.name.as_deref().unwrap_or(&slug))?;
    if change.tx.projects(change.org).await?.len() >= limits::PROJECTS {
        let rule = format!("an organization has at most {} projects", limits::PROJECTS);
        return Err(Violation::Invalid(rule).into());
    }
    let row = ProjectRow {
        org_id: change.org,
        id: change.id(),
        slug,
        name,
        created_at: change.time(),
        archived_at: None,
    };
    change.tx.insert_project(&row).await?;
    let data = json!({"project_id": row.id, "slug": row.slug, "name": row.name});
    change.record(EventKind::ProjectCreated, data);
    Ok(row.into())
}

/// Renames a project, archives it, or lets it live again.
pub async fn update(
    change: &mut Change<'_>,
    slug: &str,
    wanted: &ProjectChange,
) -> Result<Project, Error> {
    let all = change.tx.projects(change.org).await?;
    let found = all.into_iter().find(|row| row.slug == slug);
    let mut row = found.ok_or(Error::NotFound(Kind::Project))?;
    let told = |row: &ProjectRow| json!({"name": row.name, "archived": row.archived_at.is_some()});
    let before = told(&row);
    if let Some(text) = &wanted.name {
        row.name = name(text)?;
    }
    match wanted.archived {
        Some(true) => row.archived_at = row.archived_at.or(Some(change.time())),
        Some(false) => row.archived_at = None,
        None => {}
    }
    let changes = differences(&before, &told(&row));
    if !changes.is_empty() {
        change.tx.update_project(&row).await?;
        let data = json!({"project_id": row.id, "slug": row.slug, "changes": changes});
        change.record(EventKind::ProjectUpdated, data);
    }
    Ok(row.into())
}

/// The projects of an organization, by slug.
pub async fn list(store: &Store, org: OrganizationId) -> Result<Vec<Project>, Error> {
    let all = store.read(move |tx| {
        async move {
            let rows = tx.projects(org).await?;
            Ok::<_, Error>(rows.into_iter().map(Project::from).collect())
        }
        .boxed()
    });
    all.await
}
