//! Mail as files: one `.eml` a mail, which appears whole or not at all. It is named by the mail's
//! id, so that a second try writes the same file again.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use crate::mail::MessageId;
use crate::worker::mail::Fault;

/// Makes sure that the folder is there.
pub(super) async fn prepare(folder: &Path) -> Result<(), Fault> {
    let folder = folder.to_owned();
    on_disk(move || fs::create_dir_all(folder)).await
}

/// Looks whether the folder can be written.
pub(super) async fn check(folder: &Path) -> Result<(), Fault> {
    prepare(folder).await?;
    let draft = folder.join(".check");
    on_disk(move || {
        File::create(&draft)?;
        fs::remove_file(&draft)
    })
    .await
}

/// Writes the mail.
pub(super) async fn write(folder: &Path, id: &MessageId, bytes: &[u8]) -> Result<String, Fault> {
    let name = format!("{}.eml", id.as_str().trim_matches(['<', '>']));
    let (path, draft) = (folder.join(&name), folder.join(format!(".{name}")));
    let bytes = bytes.to_vec();
    on_disk(move || {
        let mut file = File::create(&draft)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&draft, &path)
    })
    .await?;
    Ok(format!("written to {name}"))
}

async fn on_disk(job: impl FnOnce() -> io::Result<()> + Send + 'static) -> Result<(), Fault> {
    let done = tokio::task::spawn_blocking(job).await;
    let said = match done {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    Err(Fault::Deferred(format!(
        "the folder cannot be written: {said}"
    )))
}
