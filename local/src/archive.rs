//! ZIP archives of artifacts: read one entry, write a folder, make a folder's files.

use std::io::{Cursor, Read, Write};
use std::path::Path;

/// Largest entry that is read.
const LARGEST: u64 = 64 << 20;

/// The content of an entry; none when the archive has no such entry.
///
/// # Errors
/// When the bytes are no archive.
pub fn read(bytes: &[u8], name: &str) -> Result<Option<Vec<u8>>, String> {
    let mut archive =
        zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| format!("no ZIP archive: {error}"))?;
    let Ok(entry) = archive.by_name(name) else { return Ok(None) };
    let mut content = Vec::new();
    entry.take(LARGEST).read_to_end(&mut content).map_err(|error| format!("{name}: {error}"))?;
    Ok(Some(content))
}

/// The text of an entry.
///
/// # Errors
/// When there is no such entry, or it is no text; both name the entry.
pub fn text(bytes: &[u8], name: &str) -> Result<String, String> {
    let content = read(bytes, name)?.ok_or_else(|| format!("the artifact has no `{name}`"))?;
    String::from_utf8(content).map_err(|_| format!("`{name}` is no text"))
}

/// An archive of all files under `folder`, each passed through `change`.
///
/// # Errors
/// When a file cannot be read.
pub fn of_folder(folder: &Path, change: impl Fn(Vec<u8>) -> Vec<u8>) -> std::io::Result<Vec<u8>> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    add(&mut writer, folder, "", &change)?;
    Ok(writer.finish()?.into_inner())
}

fn add(
    writer: &mut zip::ZipWriter<Cursor<Vec<u8>>>,
    folder: &Path,
    prefix: &str,
    change: &impl Fn(Vec<u8>) -> Vec<u8>,
) -> std::io::Result<()> {
    let mut entries: Vec<_> = std::fs::read_dir(folder)?.collect::<Result<_, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            add(writer, &entry.path(), &format!("{name}/"), change)?;
        } else {
            writer.start_file(name, zip::write::SimpleFileOptions::default())?;
            writer.write_all(&change(std::fs::read(entry.path())?))?;
        }
    }
    Ok(())
}
