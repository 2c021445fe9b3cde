//! A store of its own for every test: an SQLite file, or a schema of the PostgreSQL database that
//! `TEST_DATABASE_URL` names.

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use diesel::QueryableByName;
use diesel::sql_types::Text;
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use tokio::sync::OnceCell;
use usher::store::{Direction, Place, Store};

static NEXT: AtomicU32 = AtomicU32::new(0);

/// Schemas that tests are done with: to empty one takes a tenth of the time that a new one takes.
static LEFT: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// An SQLite file with every table and no row.
static EMPTY: OnceCell<Vec<u8>> = OnceCell::const_new();

/// Where the store is; it is removed, or left to another test, with this.
pub(crate) struct Engine {
    pub(crate) place: Place,
    kept: Kept,
    /// Whether a test made tables of its own.
    altered: AtomicBool,
}

enum Kept {
    Folder(PathBuf),
    Schema(String),
}

impl Engine {
    pub(crate) async fn fresh() -> Self {
        match std::env::var("TEST_DATABASE_URL") {
            Ok(url) if !url.is_empty() => Self::schema(&url).await,
            _ => Self::file().await,
        }
    }

    async fn file() -> Self {
        let empty = EMPTY.get_or_init(empty).await;
        let folder = folder();
        let path = folder.join("usher.db");
        std::fs::write(&path, empty).unwrap();
        Self {
            place: Place::Sqlite(path),
            kept: Kept::Folder(folder),
            altered: AtomicBool::new(false),
        }
    }

    async fn schema(url: &str) -> Self {
        let mut connection = AsyncPgConnection::establish(url).await.unwrap();
        let left = LEFT.lock().unwrap().pop();
        let emptied = match &left {
            Some(left) => emptied(&mut connection, left).await,
            None => false,
        };
        let name = left.filter(|_| emptied).unwrap_or_else(name);
        let separator = if url.contains('?') { '&' } else { '?' };
        let url =
            format!("{url}{separator}options=-c%20search_path%3D{name}&application_name={name}");
        if !emptied {
            let create = format!("CREATE SCHEMA {name}; SET search_path = {name};");
            connection.batch_execute(&create).await.unwrap();
            connection.batch_execute(&tables()).await.unwrap();
        }
        Self {
            place: Place::Postgres(url),
            kept: Kept::Schema(name),
            altered: AtomicBool::new(false),
        }
    }
}

fn name() -> String {
    let count = NEXT.fetch_add(1, Ordering::SeqCst);
    format!("t_{}_{count}", std::process::id())
}

fn folder() -> PathBuf {
    let folder = std::env::temp_dir().join(format!("usher-{}", name()));
    // A process of the same number may have been stopped dead, and left its own.
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

async fn empty() -> Vec<u8> {
    let folder = folder();
    let path = folder.join("usher.db");
    let place = Place::Sqlite(path.clone());
    Store::migrate(&place, &Direction::Up).await.unwrap();
    let empty = std::fs::read(path).unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    empty
}

/// Ends whatever a test before still does in its schema, and says how large it has become.
const ENDED: &str = "
    SELECT CAST(max(pg_relation_size(pg_class.oid)) AS text) AS detail
    FROM pg_class, (SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity
        WHERE application_name = '{schema}') AS ended
    WHERE relnamespace = CAST('{schema}' AS regnamespace)";

/// Takes every row out of a schema, and what was gathered of them: of tables that were empty when they were
/// looked at, the server would expect nothing for a while.
const EMPTIED: &str = "
    SET session_replication_role = replica;
    DO $$
    DECLARE found text;
    BEGIN
        FOR found IN SELECT tablename FROM pg_tables WHERE schemaname = '{schema}' LOOP
            EXECUTE 'DELETE FROM {schema}.' || quote_ident(found);
        END LOOP;
    END $$;
    DELETE FROM pg_statistic USING pg_class
        WHERE pg_class.oid = starelid AND relnamespace = CAST('{schema}' AS regnamespace);
    UPDATE pg_class SET reltuples = -1, relpages = 0
        WHERE relnamespace = CAST('{schema}' AS regnamespace) AND relkind IN ('r', 'i');";

/// Bytes of a table above which its schema is not used again: what is deleted stays until it is vacuumed.
const LARGE: u64 = 1 << 20;

/// Empties a schema that a test is done with; `false` where it has become too large for another.
async fn emptied(connection: &mut AsyncPgConnection, schema: &str) -> bool {
    use diesel_async::RunQueryDsl;
    let ended = diesel::sql_query(ENDED.replace("{schema}", schema));
    let size: Line = ended.get_result(connection).await.unwrap();
    if size.detail.parse::<u64>().unwrap() > LARGE {
        return false;
    }
    let emptied = EMPTIED.replace("{schema}", schema);
    connection.batch_execute(&emptied).await.unwrap();
    true
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
        if sql.contains("CREATE ") {
            self.altered.store(true, Ordering::SeqCst);
        }
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
        match &self.kept {
            Kept::Folder(folder) => drop(std::fs::remove_dir_all(folder)),
            Kept::Schema(name) if !self.altered.load(Ordering::SeqCst) => {
                LEFT.lock().unwrap().push(name.clone());
            }
            Kept::Schema(_) => {}
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
