//! A store of its own for every test: an SQLite file, or a schema of the PostgreSQL database that
//! `TEST_DATABASE_URL` names.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::QueryableByName;
use diesel::sql_types::Text;
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use usher::store::{Direction, Place, Store};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// Where the store is; it is removed with this.
pub(crate) struct Engine {
    pub(crate) place: Place,
    folder: Option<PathBuf>,
}

impl Engine {
    pub(crate) async fn fresh() -> Self {
        let name = format!(
            "t_{}_{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::SeqCst)
        );
        match std::env::var("TEST_DATABASE_URL") {
            Ok(url) if !url.is_empty() => Self::schema(&url, &name).await,
            _ => Self::file(&name).await,
        }
    }

    async fn file(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("usher-{name}"));
        // A process of the same number may have been stopped dead, and left its own.
        drop(std::fs::remove_dir_all(&folder));
        std::fs::create_dir_all(&folder).unwrap();
        let place = Place::Sqlite(folder.join("usher.db"));
        Store::migrate(&place, &Direction::Up).await.unwrap();
        Self {
            place,
            folder: Some(folder),
        }
    }

    async fn schema(url: &str, name: &str) -> Self {
        let mut connection = AsyncPgConnection::establish(url).await.unwrap();
        connection
            .batch_execute(&format!("CREATE SCHEMA {name}"))
            .await
            .unwrap();
        let separator = if url.contains('?') { '&' } else { '?' };
        let url = format!("{url}{separator}options=-c%20search_path%3D{name}");
        let mut connection = AsyncPgConnection::establish(&url).await.unwrap();
        connection.batch_execute(&tables()).await.unwrap();
        Self {
            place: Place::Postgres(url),
            folder: None,
        }
    }
}

/// A line of a plan.
#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// PostgreSQL names the column of a plan as no identifier can be; and small tables it reads whole,
/// unless it is told not to.
const EXPLAIN: &str = "
    CREATE FUNCTION pg_temp.explained(query text) RETURNS TABLE (detail text)
    LANGUAGE plpgsql AS $$
    DECLARE line text;
    BEGIN
        FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
            detail := line;
            RETURN NEXT;
        END LOOP;
    END $$;
    SET enable_seqscan = off;
    ANALYZE;";

impl Engine {
    /// What somebody does who has the database alone. `{json}` is the type of documents.
    pub(crate) async fn run(&self, sql: &str) {
        match &self.place {
            Place::Sqlite(path) => {
                use diesel::connection::SimpleConnection;
                let mut connection = usher::store::sqlite::connect(path).unwrap();
                let sql = sql.replace("{json}", "text");
                connection.batch_execute(&sql).unwrap();
            }
            Place::Postgres(url) => {
                let mut connection = AsyncPgConnection::establish(url).await.unwrap();
                let sql = sql.replace("{json}", "jsonb");
                connection.batch_execute(&sql).await.unwrap();
            }
        }
    }

    /// Every row of every table as text, a line each, behind the table's name.
    pub(crate) async fn dump(&self) -> String {
        let mut lines = Vec::new();
        match &self.place {
            Place::Sqlite(path) => {
                use diesel::RunQueryDsl;
                let mut connection = usher::store::sqlite::connect(path).unwrap();
                let columns = "SELECT m.name || ' ' || group_concat('iif(typeof(\"' || c.name || \
                    '\") = ''text'', \"' || c.name || '\", quote(\"' || c.name || '\"))', \
                    ' || '' | '' || ') AS detail \
                    FROM sqlite_master m JOIN pragma_table_info(m.name) c \
                    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' GROUP BY m.name";
                let tables: Vec<Line> = diesel::sql_query(columns).load(&mut connection).unwrap();
                for line in tables {
                    let (table, columns) = line.detail.split_once(' ').unwrap();
                    let query = format!("SELECT '{table}: ' || {columns} AS detail FROM {table}");
                    let found: Vec<Line> = diesel::sql_query(query).load(&mut connection).unwrap();
                    lines.extend(found);
                }
            }
            Place::Postgres(url) => {
                use diesel_async::RunQueryDsl;
                let mut connection = AsyncPgConnection::establish(url).await.unwrap();
                let tables = "SELECT CAST(table_name AS text) AS detail \
                    FROM information_schema.tables WHERE table_schema = current_schema()";
                let tables = diesel::sql_query(tables).load(&mut connection).await;
                let tables: Vec<Line> = tables.unwrap();
                for Line { detail: table } in tables {
                    let query =
                        format!("SELECT '{table}: ' || CAST(t AS text) AS detail FROM {table} t");
                    let found = diesel::sql_query(query).load(&mut connection).await;
                    let found: Vec<Line> = found.unwrap();
                    lines.extend(found);
                }
            }
        }
        let flat = |line: Line| line.detail.replace('\n', " ");
        lines.into_iter().map(flat).collect::<Vec<_>>().join("\n")
    }

    /// Bytes as a literal.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> String {
        use std::fmt::Write;
        let mut hex = String::new();
        for byte in bytes {
            write!(hex, "{byte:02x}").unwrap();
        }
        match &self.place {
            Place::Sqlite(_) => format!("x'{hex}'"),
            Place::Postgres(_) => format!("'\\x{hex}'"),
        }
    }

    /// How the engine would answer a query.
    pub(crate) async fn plan(&self, query: &str) -> String {
        let lines: Vec<Line> = match &self.place {
            Place::Sqlite(path) => {
                use diesel::{Connection, RunQueryDsl};
                let path = path.to_str().unwrap();
                let mut connection = diesel::SqliteConnection::establish(path).unwrap();
                let plan = diesel::sql_query(format!("EXPLAIN QUERY PLAN {query}"));
                plan.load(&mut connection).unwrap()
            }
            Place::Postgres(url) => {
                use diesel_async::RunQueryDsl;
                let mut connection = AsyncPgConnection::establish(url).await.unwrap();
                connection.batch_execute(EXPLAIN).await.unwrap();
                let plan = diesel::sql_query("SELECT detail FROM pg_temp.explained($1)");
                let plan = plan.bind::<Text, _>(query);
                plan.load(&mut connection).await.unwrap()
            }
        };
        let lines: Vec<_> = lines.into_iter().map(|line| line.detail).collect();
        lines.join("\n")
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            drop(std::fs::remove_dir_all(folder));
        }
    }
}

/// Every step of PostgreSQL's migrations, in order: one batch is faster than the migrations.
fn tables() -> String {
    let entries = std::fs::read_dir("migrations/postgres").unwrap();
    let mut steps: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    steps.sort();
    let read = |step: &PathBuf| std::fs::read_to_string(step.join("up.sql")).unwrap();
    steps.iter().map(read).collect()
}
