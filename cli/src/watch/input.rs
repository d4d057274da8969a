//! Files to values: settings, series by name, records.

use super::Refused;
use shared::delivery::policy::{Policies, Policy};
use shared::delivery::record_read;
use shared::delivery::series_read::{self, SeriesFile};
use shared::delivery::watch::Watch;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

/// Largest file that is read: a year of minutes of a metric has 20 MB.
const LARGEST: u64 = 64 * 1024 * 1024;

/// The settings of a service; the defaults without a file.
pub(super) fn policy(path: Option<&Path>, service: &str) -> Result<Policy, Refused> {
    let Some(path) = path else { return Ok(Policy::default()) };
    let policies = Policies::parse(&text(path)?)
        .map_err(|error| Refused::settings(format!("`{}`: {error}", path.display())))?;
    Ok(policies.of(service).clone())
}

/// The settings of all services.
pub(super) fn policies(path: &Path) -> Result<Policies, Refused> {
    Policies::parse(&text(path)?).map_err(|error| Refused::settings(format!("`{}`: {error}", path.display())))
}

pub(super) fn text(path: &Path) -> Result<String, Refused> {
    String::from_utf8(bytes(path)?)
        .map_err(|_| Refused::use_(format!("`{}` is no UTF-8 text", path.display())))
}

fn bytes(path: &Path) -> Result<Vec<u8>, Refused> {
    let cannot = |error: std::io::Error| Refused::use_(format!("cannot read `{}`: {error}", path.display()));
    let mut found = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().take(LARGEST + 1).read_to_end(&mut found)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut found))
    };
    read.map_err(cannot)?;
    if u64::try_from(found.len()).unwrap_or(u64::MAX) > LARGEST {
        return Err(Refused::use_(format!(
            "`{}` is larger than {} MB",
            path.display(),
            LARGEST / 1024 / 1024
        )));
    }
    Ok(found)
}

/// A record.
pub(super) fn record(path: &Path) -> Result<Watch, Refused> {
    record_read::read(&text(path)?).map_err(|error| Refused::use_(format!("`{}`: {error}", path.display())))
}

/// Every series of a file or a folder, by name: of the file in a folder, of the metric set in a file; none for a file's only series.
pub(super) fn series(path: &Path) -> Result<BTreeMap<Option<String>, SeriesFile>, Refused> {
    let mut found = BTreeMap::new();
    if !path.is_dir() {
        let all = read(path)?;
        let is_one = all.len() == 1;
        for (index, series) in all.into_iter().enumerate() {
            let name = series.name.clone().or_else(|| (!is_one).then(|| format!("{index}")));
            add(&mut found, path, name, series)?;
        }
        return Ok(found);
    }
    let cannot = |error: std::io::Error| Refused::use_(format!("cannot read `{}`: {error}", path.display()));
    for entry in std::fs::read_dir(path).map_err(cannot)? {
        let file = entry.map_err(cannot)?.path();
        let is_series = file
            .extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("csv") || end.eq_ignore_ascii_case("json"));
        let Some(name) = file.file_stem().and_then(|name| name.to_str()).filter(|_| is_series) else {
            continue;
        };
        let mut all = read(&file)?;
        if all.len() != 1 {
            return Err(Refused::use_(format!(
                "`{}` holds {} series; in a folder each file holds one",
                file.display(),
                all.len()
            )));
        }
        add(&mut found, path, Some(name.to_owned()), all.remove(0))?;
    }
    if found.is_empty() {
        return Err(Refused::use_(format!("`{}` holds no `.csv` and no `.json` file", path.display())));
    }
    Ok(found)
}

fn add(
    found: &mut BTreeMap<Option<String>, SeriesFile>,
    path: &Path,
    name: Option<String>,
    series: SeriesFile,
) -> Result<(), Refused> {
    let words = name.clone().unwrap_or_default();
    match found.insert(name, series) {
        None => Ok(()),
        Some(_) => Err(Refused::use_(format!("`{}` holds `{words}` twice", path.display()))),
    }
}

fn read(path: &Path) -> Result<Vec<SeriesFile>, Refused> {
    series_read::read(&bytes(path)?).map_err(|error| Refused::use_(format!("`{}`, {error}", path.display())))
}
