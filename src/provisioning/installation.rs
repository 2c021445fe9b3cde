//! Opening an installation: the store, the master key file that belongs to it, and the keys that
//! the master key unlocks. Whoever first opens an empty store makes the key file, the data keys
//! and the signing keys; two processes that do so at once agree on one set of them.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use futures_util::FutureExt;
use uuid::Uuid;

use crate::id::Ids;
use crate::oidc::keys::{Algorithm, KeySet, State};
use crate::provisioning::{audit, signing_keys};
use crate::secret::{self, DataKeys, MasterKeys};
use crate::store::rows::InstanceRow;
use crate::store::types::Time;
use crate::store::{Error, Place, Store};

/// An open installation.
pub struct Installation {
    /// The store.
    pub store: Store,
    /// The keys that seal stored secrets.
    pub data_keys: DataKeys,
    /// The keys that sign tokens.
    pub keys: KeySet,
}

/// Who opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opener {
    /// A command: a store that is behind is refused.
    Command,
    /// Somebody who only looks: nothing is set up.
    Examiner,
    /// The server: a store that is behind is brought up.
    Server,
}

/// What the check value says, once it is opened.
const CHECK: &[u8] = b"usher";
const CHECK_PLACE: &str = "instance|check_value||1";
/// The one row of `instance`.
const ROW: i64 = 1;

impl Installation {
    /// Opens the store at `place` with the master key in `key_file`; on an empty store both are
    /// set up.
    pub async fn open(
        place: &Place,
        key_file: &Path,
        ids: &Ids,
        opener: Opener,
    ) -> Result<Self, Error> {
        let store = match opener {
            Opener::Command | Opener::Examiner => Store::open_for_command(place).await?,
            Opener::Server => Store::open(place).await?,
        };
        let instance = match Self::instance(&store).await? {
            Some(instance) => instance,
            None if opener == Opener::Examiner => {
                let empty = "the store is empty; the first command sets it up";
                return Err(Error::MasterKey(empty.to_owned()));
            }
            None => Self::set_up(&store, key_file, ids).await?,
        };
        let master = read(key_file)?.ok_or_else(|| missing(key_file))?;
        let data_keys = unlock(&instance, &master).map_err(|_| wrong(key_file))?;
        let data_keys = match data_keys.chain() {
            Some(_) => data_keys,
            None if opener == Opener::Examiner => data_keys,
            None => chain(&store, &instance, data_keys, &master, ids).await?,
        };
        if let Some(key) = data_keys.chain() {
            store.chain_by(key);
        }
        if opener == Opener::Server {
            signing_keys::complete(&store, ids, &data_keys).await?;
        }
        let keys = signing_keys::load(&store, &data_keys, ids.clock().now()).await?;
        Ok(Self {
            store,
            data_keys,
            keys,
        })
    }

    async fn instance(store: &Store) -> Result<Option<InstanceRow>, Error> {
        store
            .read(|tx| async move { tx.instance().await }.boxed())
            .await
    }

    /// Makes what an empty store lacks, or takes what another process made meanwhile.
    async fn set_up(store: &Store, key_file: &Path, ids: &Ids) -> Result<InstanceRow, Error> {
        let empty: bool = store
            .read(|tx| async move { tx.is_empty().await }.boxed())
            .await?;
        if !empty {
            return Err(Error::Corrupt {
                table: "instance",
                column: "check_value",
            });
        }
        let master = match read(key_file)? {
            Some(master) => master,
            None => create(key_file, ids)?,
        };
        let entropy = ids.entropy();
        let data_keys = DataKeys::generate(entropy);
        let created_at = Time(ids.clock().now());
        let row = InstanceRow {
            id: ROW,
            check_value: master.seal(CHECK_PLACE, CHECK, entropy),
            data_keys: data_keys.wrap(&master, entropy),
            created_at,
        };
        let keys = Algorithm::ALL
            .map(|algorithm| signing_keys::fresh(algorithm, State::Current, &data_keys, ids));
        let keys = keys.into_iter().collect::<Result<Vec<_>, _>>()?;
        let written = store.write(move |tx| {
            let (row, keys) = (row.clone(), keys.clone());
            async move {
                if let Some(theirs) = tx.instance().await? {
                    return Ok(theirs);
                }
                tx.insert_instance(&row).await?;
                for key in &keys {
                    tx.insert_signing_key(key).await?;
                }
                Ok::<_, Error>(row)
            }
            .boxed()
        });
        match written.await {
            Ok(row) => Ok(row),
            // The row is unique: whoever lost the race finds the winner's.
            Err(error) => Self::instance(store).await?.ok_or(error),
        }
    }
}

/// Makes the key that chains the audit log, in an installation that is older than the chain, and begins
/// the chain of each organization; where another process was first, its key counts. Afterwards an
/// organization without a chain is one whose chain was taken away.
async fn chain(
    store: &Store,
    instance: &InstanceRow,
    keys: DataKeys,
    master: &MasterKeys,
    ids: &Ids,
) -> Result<DataKeys, Error> {
    let entropy = ids.entropy();
    let keys = keys.chaining(entropy);
    let (old, new) = (instance.data_keys.clone(), keys.wrap(master, entropy));
    let key = keys.chain();
    let written = store.write(move |tx| {
        let (old, new, key) = (old.clone(), new.clone(), key.clone());
        async move {
            let replaced = tx.replace_data_keys(&old, &new).await?;
            if let (true, Some(key)) = (replaced, &key) {
                for row in tx.unbegun_chains().await? {
                    audit::begin_by(key, tx, row.id).await?;
                }
            }
            Ok::<_, Error>(replaced)
        }
        .boxed()
    });
    if written.await? {
        return Ok(keys);
    }
    let theirs = Installation::instance(store).await?;
    let theirs = theirs.ok_or(Error::Corrupt {
        table: "instance",
        column: "data_keys",
    })?;
    let broken = |error: secret::Error| Error::MasterKey(error.to_string());
    DataKeys::unwrap(&theirs.data_keys, master).map_err(broken)
}

fn unlock(instance: &InstanceRow, master: &MasterKeys) -> Result<DataKeys, secret::Error> {
    master.open(CHECK_PLACE, &instance.check_value)?;
    DataKeys::unwrap(&instance.data_keys, master)
}

/// The keys of the file; none where there is no file.
fn read(path: &Path) -> Result<Option<MasterKeys>, Error> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unusable("read", path, &error)),
    };
    let mode = fs::metadata(path).map_or(0, |metadata| metadata.permissions().mode());
    if mode & 0o077 != 0 {
        tracing::warn!(path = %path.display(), "others may read the master key file; chmod it 600");
    }
    let keys = MasterKeys::read(&text)
        .map_err(|error| Error::MasterKey(format!("{}: {error}", path.display())))?;
    Ok(Some(keys))
}

/// A fresh key file, on the disk before anything is sealed with it. It appears whole or not at
/// all; where another process was first, its file counts.
fn create(path: &Path, ids: &Ids) -> Result<MasterKeys, Error> {
    let (master, text) = MasterKeys::generate(ids.entropy());
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}", ids.next::<Uuid>()));
    let draft = PathBuf::from(draft);
    let made = place(&draft, path, &text);
    // What is left of a draft is ours alone and of no use.
    drop(fs::remove_file(&draft));
    match made {
        Ok(()) => Ok(master),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            read(path)?.ok_or_else(|| missing(path))
        }
        Err(error) => Err(unusable("create", path, &error)),
    }
}

fn place(draft: &Path, path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::hard_link(draft, path)?;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn unusable(verb: &str, path: &Path, error: &io::Error) -> Error {
    Error::MasterKey(format!(
        "cannot {verb} the master key file {}: {error}",
        path.display()
    ))
}

fn missing(path: &Path) -> Error {
    Error::MasterKey(format!(
        "the master key file {} is missing; put the file back that this store was set up with, \
         or name it by USHER_MASTER_KEY_FILE",
        path.display()
    ))
}

fn wrong(path: &Path) -> Error {
    Error::MasterKey(format!(
        "the key in {} is not the one that this store was set up with; put that file back, or \
         name it by USHER_MASTER_KEY_FILE",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;

    use super::*;
    use crate::clock::Clock;
    use crate::id::{Entropy, OrganizationId};
    use crate::provisioning::audit::verify::{Report, verify};
    use crate::provisioning::settings::{organizations, projects};
    use crate::provisioning::{Context, Source};
    use crate::store::sqlite;

    async fn report(installation: &Installation, org: OrganizationId) -> Report {
        let report = verify(&installation.store, &installation.keys, org, &[]).await;
        report.unwrap()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn an_older_installation_is_chained_when_it_is_opened_next() {
        let folder = std::env::temp_dir().join(format!("usher-older-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (file, key_file) = (folder.join("usher.db"), folder.join("usher.key"));
        let place = Place::Sqlite(file.clone());
        let ids = Ids::new(Clock::System, Entropy::system());
        let context = Context {
            ids: ids.clone(),
            source: Source::Command,
            cause: "test".to_owned(),
        };
        let open = || Installation::open(&place, &key_file, &ids, Opener::Command);
        let first = open().await.unwrap();
        let new = organizations::NewOrganization {
            slug: "acme".to_owned(),
            name: None,
            owner: None,
        };
        let made = organizations::create(&first.store, context.clone(), new, "").await;
        let org = made.unwrap().organization.id;
        assert_eq!(report(&first, org).await.before_the_chain, 0);

        let instance = Installation::instance(&first.store).await.unwrap().unwrap();
        let master = read(&key_file).unwrap().unwrap();
        let older = unlock(&instance, &master).unwrap().unchained();
        let wrapped = older.wrap(&master, ids.entropy());
        let old = instance.data_keys;
        let written = first.store.write(move |tx| {
            let (old, wrapped) = (old.clone(), wrapped.clone());
            async move { tx.replace_data_keys(&old, &wrapped).await }.boxed()
        });
        assert!(written.await.unwrap());
        drop(first);
        let mut connection = sqlite::connect(&file).unwrap();
        let unchain = "UPDATE events SET mac = NULL, salts = NULL; UPDATE organizations SET \
            base_seq = NULL, base_mac = NULL, base_seal = NULL, event_mac = NULL, event_seal = NULL";
        connection.batch_execute(unchain).unwrap();
        drop(connection);

        // Two come at once, and agree.
        let (one, other) = tokio::join!(open(), open());
        let (one, other) = (one.unwrap(), other.unwrap());
        for (installation, slug) in [(&one, "a"), (&other, "b")] {
            let store = &installation.store;
            let new = projects::NewProject {
                slug: slug.to_owned(),
                name: None,
            };
            let made = projects::create(store, org, context.clone(), new).await;
            made.unwrap();
        }
        let found = report(&one, org).await;
        assert!(found.good, "{found:?}");
        assert_eq!((found.before_the_chain, found.rows), (1, 2));
        drop(fs::remove_dir_all(folder));
    }
}
