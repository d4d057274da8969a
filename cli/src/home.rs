//! Where things lie: the checkout that the command is run in, and `.tidegate/` inside it, which holds everything that the local
//! stack makes. Must not create anything outside `.tidegate/`.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};

/// Developer option: a folder with prepared environments `emulator` and `sam`; nothing is installed then.
pub(crate) const TOOLS_VARIABLE: &str = "TIDEGATE_TOOLS_DIR";

/// A checkout of Tidegate.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    root: PathBuf,
    tools: Option<PathBuf>,
}

impl Home {
    /// The checkout around the current folder.
    pub(crate) fn find() -> Result<Self> {
        let here = std::env::current_dir().context("the current folder cannot be read")?;
        let tools = std::env::var_os(TOOLS_VARIABLE).map(PathBuf::from);
        let is_checkout = |dir: &&Path| dir.join("template.yaml").is_file() && dir.join("functions").is_dir();
        match here.ancestors().find(is_checkout) {
            Some(root) => Ok(Self { root: root.to_owned(), tools }),
            None => bail!(
                "`{}` is not inside a checkout of Tidegate: no folder above it has `template.yaml` and `functions/`",
                here.display()
            ),
        }
    }

    /// The checkout.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path inside `.tidegate/`.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(".tidegate").join(relative)
    }

    /// A folder inside `.tidegate/`, made when it is missing.
    pub(crate) fn folder(&self, relative: &str) -> Result<PathBuf> {
        let path = self.path(relative);
        std::fs::create_dir_all(&path).with_context(|| format!("cannot make `{}`", path.display()))?;
        Ok(path)
    }

    /// A folder inside `.tidegate/`, empty.
    pub(crate) fn empty_folder(&self, relative: &str) -> Result<PathBuf> {
        let path = self.path(relative);
        if path.exists() {
            std::fs::remove_dir_all(&path).with_context(|| format!("cannot empty `{}`", path.display()))?;
        }
        self.folder(relative)
    }

    /// The log file called `name`; its folder exists.
    pub(crate) fn log(&self, name: &str) -> Result<PathBuf> {
        Ok(self.folder("log")?.join(format!("{name}.log")))
    }

    /// The folder of a prepared environment, if the developer option names one.
    pub(crate) fn prepared_tools(&self) -> Option<&Path> {
        self.tools.as_deref()
    }

    /// The Python environment called `name`.
    pub(crate) fn environment(&self, name: &str) -> PathBuf {
        self.tools.as_ref().map_or_else(|| self.path("tools").join(name), |tools| tools.join(name))
    }

    /// `path` as people read it: relative to the checkout.
    pub(crate) fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }
}
