//! Which services there are: a folder with a `Cargo.toml` and a configuration of its own name.

use std::path::{Path, PathBuf};

use super::{Args, Failure};

/// A service as the repository shows it.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) name: String,
    pub(crate) is_bff: bool,
    /// Its folder, `services/mobile` or `services/rest/catalog`.
    pub(super) folder: PathBuf,
    pub(super) binary: PathBuf,
    pub(super) root: PathBuf,
    /// What every invocation of the binary is given.
    pub(crate) arguments: Vec<String>,
}

/// The REST services, then the BFFs, each by name.
pub(crate) fn services(args: &Args) -> Result<Vec<Service>, Failure> {
    let root =
        std::path::absolute(&args.root).map_err(|error| format!("{}: {error}", args.root.display()))?;
    let bin = match &args.bin {
        Some(bin) => std::path::absolute(bin).map_err(|error| format!("{}: {error}", bin.display()))?,
        None => std::env::current_exe()
            .ok()
            .and_then(|exe| exe.parent().map(Path::to_path_buf))
            .ok_or("cannot tell where this program is; pass --bin DIR")?,
    };
    let mut services = Vec::new();
    for (folder, is_bff) in [("services/rest", false), ("services", true)] {
        for name in folders(&root.join(folder)) {
            let folder = root.join(folder).join(&name);
            let config = folder.join(format!("{name}.toml"));
            if !folder.join("Cargo.toml").is_file() || !config.is_file() {
                continue;
            }
            let binary = bin.join(&name);
            if !binary.is_file() {
                return Err(format!(
                    "{name} is not built: {} does not exist; run `cargo build`",
                    binary.display()
                ));
            }
            let mut arguments = vec!["--config".to_owned(), config.display().to_string()];
            // Personas and such: what only this way of starting it may have.
            let more = folder.join("dev.toml");
            if more.is_file() {
                arguments.extend(["--config".to_owned(), more.display().to_string()]);
            }
            arguments.extend(["--profile".to_owned(), "development".to_owned()]);
            services.push(Service { name, is_bff, folder, binary, root: root.clone(), arguments });
        }
    }
    if services.is_empty() {
        return Err(format!("no services below {}; pass the repository with --root DIR", root.display()));
    }
    for pair in &args.set {
        let wrong = || format!("--set {pair}: write it as --set service.key=value");
        let (service, setting) = pair.split_once('.').filter(|_| pair.contains('=')).ok_or_else(wrong)?;
        let known: Vec<_> = services.iter().map(|service| service.name.clone()).collect();
        let Some(service) = services.iter_mut().find(|known| known.name == service) else {
            return Err(format!("--set {pair}: there is no service `{service}`, only {}", known.join(", ")));
        };
        service.arguments.extend(["--set".to_owned(), setting.to_owned()]);
    }
    Ok(services)
}

/// The names of the folders in `folder`, sorted; none if it is not there.
fn folders(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}
