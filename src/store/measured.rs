//! What PostgreSQL's planner knows of the tables. Of one that nobody measured yet it takes every index that begins with
//! the organization to lead to one row, and may read all of a connection's people where it looks for one. The server
//! measures by itself once a minute at most, while a directory's first cycle creates thousands of people in that time:
//! so whatever has doubled is measured from here.

use diesel::QueryableByName;
use diesel::sql_query;
use diesel::sql_types::Text;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

use crate::store::error::Error;
use crate::store::postgres::Connections;

/// Tables that have at least twice the rows that they had when they were measured.
const GROWN: &str = "SELECT quote_ident(s.relname) AS name FROM pg_stat_user_tables AS s \
    JOIN pg_class AS c ON c.oid = s.relid \
    WHERE s.schemaname = current_schema() AND s.n_live_tup > 50 + 2 * greatest(c.reltuples, 0)";

#[derive(QueryableByName)]
struct Grown {
    #[diesel(sql_type = Text)]
    name: String,
}

/// Measures the tables that have grown; answers how many. Those of which this role is not the owner stay as they are.
pub(super) async fn measure(pool: &Connections) -> Result<usize, Error> {
    let mut connection = pool.connection().await?;
    let grown: Vec<Grown> = sql_query(GROWN).load(&mut connection).await?;
    for table in &grown {
        let measure = format!("ANALYZE {}", table.name);
        connection.batch_execute(&measure).await?;
    }
    Ok(grown.len())
}
