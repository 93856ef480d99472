//! A database for each test, copied from a template that was migrated once.
//!
//! The cluster is the one of `DATABASE_URL`, as `cargo xtask test` gives it, otherwise a private one below
//! `var/test-pg` that ends with the test program.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use private_postgres::{Cluster, Error, Options};

/// Test programs that may run beside one another, each with a private cluster.
const CLUSTERS: u32 = 16;

/// What the names of test databases begin with.
const NAME_PREFIX: &str = "lantian_test_";

/// The cluster of this program, and the template in it.
struct Template {
    admin_url: String,
    name: String,
    /// Dropped never: it ends with the program.
    _cluster: Option<Cluster>,
}

static TEMPLATE: LazyLock<Template> = LazyLock::new(|| {
    let preparing = std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(prepare_template())
    });
    preparing.join().unwrap()
});

async fn prepare_template() -> Template {
    let (admin_url, cluster) = match std::env::var("DATABASE_URL") {
        Ok(url) => (url, None),
        Err(_) => {
            let cluster = private_cluster();
            let url = cluster.url("postgres");
            drop_leftovers(&url).await;
            (url, Some(cluster))
        }
    };
    let name = format!("{NAME_PREFIX}{}_template", std::process::id());
    execute(&admin_url, &format!("CREATE DATABASE {name}")).await;
    server::db::migrate::run(&with_database(&admin_url, &name)).await.unwrap();
    Template { admin_url, name, _cluster: cluster }
}

fn private_cluster() -> Cluster {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../var/test-pg");
    for number in 0..CLUSTERS {
        match Cluster::start(&Options::new(format!("{root}/{number}"))) {
            Err(Error::Locked { .. }) => {}
            started => return started.unwrap(),
        }
    }
    panic!("all of {root}/0 to {CLUSTERS} are in use");
}

async fn drop_leftovers(admin_url: &str) {
    #[derive(diesel::QueryableByName)]
    struct Leftover {
        #[diesel(sql_type = diesel::sql_types::Text)]
        drop_it: String,
    }
    let mut connection = AsyncPgConnection::establish(admin_url).await.unwrap();
    let leftovers: Vec<Leftover> = diesel::sql_query(format!(
        "SELECT 'DROP DATABASE ' || datname AS drop_it FROM pg_database WHERE starts_with(datname, '{NAME_PREFIX}')"
    ))
    .load(&mut connection)
    .await
    .unwrap();
    for Leftover { drop_it } in leftovers {
        connection.batch_execute(&drop_it).await.unwrap();
    }
}

async fn execute(url: &str, sql: &str) {
    let mut connection = AsyncPgConnection::establish(url).await.unwrap();
    connection.batch_execute(sql).await.unwrap();
}

/// The address of another database of the same cluster.
fn with_database(url: &str, name: &str) -> String {
    let (address, parameters) = url.split_once('?').unwrap_or((url, ""));
    let (scheme, rest) = address.split_once("://").expect("a database URL begins with its scheme");
    let host = rest.split('/').next().unwrap_or_default();
    format!("{scheme}://{host}/{name}?{parameters}")
}

/// A database of one test, dropped with this value.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    url: String,
}

impl TestDatabase {
    /// A fresh, migrated, empty one.
    pub async fn create() -> Self {
        Self::make(&format!("TEMPLATE {} STRATEGY wal_log", TEMPLATE.name)).await
    }

    async fn make(from: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let template = &*TEMPLATE;
        let name = format!("{NAME_PREFIX}{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        execute(&template.admin_url, &format!("CREATE DATABASE {name} {from}")).await;
        Self { url: with_database(&template.admin_url, &name), name }
    }

    /// An empty one, without tables.
    pub async fn empty() -> Self {
        Self::make("").await
    }

    /// Its address.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let sql = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(execute(&TEMPLATE.admin_url, &sql));
        });
        // A test that failed already must not fail twice.
        let dropped = dropping.join();
        assert!(dropped.is_ok() || std::thread::panicking(), "the test's database cannot be dropped");
    }
}
