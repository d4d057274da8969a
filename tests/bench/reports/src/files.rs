//! The files that are read: the same bytes on every machine, with what must be counted in them.
//!
//! Shapes and shares are those of real reports (names, lengths, one failure in fifty); nothing is repeated so that a reader could be lucky.

mod coverage;
mod findings;
mod performance;
mod tests;

use anyhow::{Context, Result};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// How a file of one format is made.
pub(crate) struct Maker {
    /// The format's name.
    pub(crate) format: &'static str,
    /// Budget: megabytes in a second of CPU (DESIGN §4).
    pub(crate) budget_mb_s: f64,
    /// Budget: peak megabytes; none where none is set.
    pub(crate) budget_peak_mb: Option<f64>,
    /// How many times the size asked for.
    times: u64,
    /// Writes about this many bytes; says what must be counted.
    write: fn(&mut Out, u64) -> io::Result<String>,
}

const fn maker(
    format: &'static str,
    budget_mb_s: f64,
    budget_peak_mb: Option<f64>,
    write: fn(&mut Out, u64) -> io::Result<String>,
) -> Maker {
    Maker { format, budget_mb_s, budget_peak_mb, times: 1, write }
}

/// Every format that is measured.
pub(crate) static MAKERS: [Maker; 9] = [
    maker("junit", 400.0, Some(16.0), tests::junit),
    maker("lcov", 250.0, None, coverage::lcov),
    maker("cobertura", 250.0, None, coverage::cobertura),
    maker("jacoco", 250.0, None, coverage::jacoco),
    Maker { times: 5, ..maker("jtl-csv", 450.0, Some(32.0), performance::jtl_csv) },
    maker("sarif", 200.0, None, findings::sarif),
    maker("npm-audit", 200.0, None, findings::npm_audit),
    maker("trivy", 200.0, None, findings::trivy),
    maker("grype", 200.0, None, findings::grype),
];

/// What is read as a stream that never becomes a file: only the memory is of interest, whatever the size.
pub(crate) static STREAMS: [(&str, Maker); 3] = [
    ("junit, a stream", maker("junit", 0.0, Some(16.0), tests::junit)),
    ("jtl-csv, a stream", maker("jtl-csv", 0.0, Some(32.0), performance::jtl_csv)),
    ("jtl-csv, 3,000 labels", maker("jtl-csv", 0.0, Some(32.0), performance::jtl_csv_of_many_labels)),
];

/// A file, made.
pub(crate) struct Made {
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
    /// What the reader must print.
    pub(crate) counts: String,
}

/// Makes a file of this many MB, or takes the one that is there.
pub(crate) fn make(maker: &Maker, mb: u64, folder: &Path) -> Result<Made> {
    let mb = mb * maker.times;
    let path = folder.join(format!("{}-{mb}.report", maker.format));
    let note = path.with_extension("counts");
    if let (Ok(about), Ok(counts)) = (path.metadata(), std::fs::read_to_string(&note)) {
        return Ok(Made { path, bytes: about.len(), counts });
    }
    eprintln!("writing {}", path.display());
    let made = write(maker, mb * 1_000_000, &path)?;
    std::fs::write(note, &made.counts)?;
    Ok(made)
}

/// Writes a file of about this many bytes.
pub(crate) fn write(maker: &Maker, bytes: u64, path: &Path) -> Result<Made> {
    let file = File::create(path).with_context(|| format!("cannot write `{}`", path.display()))?;
    let (bytes, counts) = write_to(maker, bytes, file, 1 << 20)?;
    Ok(Made { path: path.to_owned(), bytes, counts })
}

/// Writes about this many bytes; how many they were, and what must be counted.
pub(crate) fn write_to(maker: &Maker, bytes: u64, file: File, buffer: usize) -> io::Result<(u64, String)> {
    let mut out =
        Out { inner: BufWriter::with_capacity(buffer, file), bytes: 0, dice: 0x9E37_79B9_7F4A_7C15 };
    let counts = (maker.write)(&mut out, bytes)?;
    out.flush()?;
    Ok((out.bytes, format!("{} {counts}", maker.format)))
}

/// A file that counts its bytes, and dice that always fall the same.
pub(crate) struct Out {
    inner: BufWriter<File>,
    bytes: u64,
    dice: u64,
}

impl Out {
    fn has_room(&self, bytes: u64) -> bool {
        self.bytes < bytes
    }

    /// A number below `sides` (xorshift64*).
    fn roll(&mut self, sides: u64) -> u64 {
        self.dice ^= self.dice >> 12;
        self.dice ^= self.dice << 25;
        self.dice ^= self.dice >> 27;
        (self.dice.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % sides
    }

    /// Whether something happens that happens once in `times`.
    fn once_in(&mut self, times: u64) -> bool {
        self.roll(times) == 0
    }

    /// One of some words.
    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        let index = usize::try_from(self.roll(words.len() as u64)).unwrap_or(0);
        words.get(index).copied().unwrap_or_default()
    }
}

impl Write for Out {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(buffer)?;
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
