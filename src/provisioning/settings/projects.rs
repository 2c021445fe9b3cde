//! Projects: parts of an organization that a role may be held in.

use futures_util::FutureExt;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use crate::directory::event::EventKind;
use crate::id::{OrganizationId, ProjectId};
use crate::provisioning::settings::{name, slug};
use crate::provisioning::{Context, Error, change};
use crate::store::Store;
use crate::store::rows::ProjectRow;

/// A project of an organization.
#[derive(Clone, Debug, Serialize)]
pub struct Project {
    /// Its id.
    pub id: ProjectId,
    /// Its slug.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Since when it takes no new roles.
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

/// Creates a project; without a name it is called by its slug.
pub async fn create(
    store: &Store,
    org: OrganizationId,
    context: Context,
    project: &str,
    called: Option<&str>,
) -> Result<Project, Error> {
    let slug = slug(project)?;
    let name = name(called.unwrap_or(&slug))?;
    change(store, org, context, move |change| {
        let (slug, name) = (slug.clone(), name.clone());
        async move {
            let (org_id, id, created_at) = (change.org, change.id(), change.time());
            let row = ProjectRow {
                org_id,
                id,
                slug,
                name,
                created_at,
                archived_at: None,
            };
            change.tx.insert_project(&row).await?;
            let data = json!({"project_id": id, "slug": row.slug, "name": row.name});
            change.record(EventKind::ProjectCreated, data);
            Ok(row.into())
        }
        .boxed()
    })
    .await
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
