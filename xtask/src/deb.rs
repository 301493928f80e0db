//! A Debian package of what was laid out, by `dpkg-deb` and the description in `configs/debian`.

use crate::{
    Result,
    cargo::{root, succeed},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const DESCRIPTION: &str = "configs/debian";
/// The scripts that dpkg runs.
const SCRIPTS: [&str; 3] = ["postinst", "prerm", "postrm"];
/// The first package of a version; Debian counts what is packaged anew.
const REVISION: &str = "1";

/// Packs `layout` into a package in `folder`, which is for this alone. `compression` is dpkg-deb's.
pub(crate) fn build(layout: &Path, folder: &Path, compression: &str) -> Result<PathBuf> {
    let tree = folder.join("tree");
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(of(folder))?;
    }
    for line in lines("install")? {
        let (from, to) = line.split_once(' ').ok_or_else(|| format!("install: no folder for {line}"))?;
        install(layout, from, &tree.join(to.trim()))?;
    }
    strip(&tree)?;
    papers(&tree)?;
    let (version, architecture) = (version(), output("dpkg", &["--print-architecture"])?);
    control(&tree, &version, &architecture)?;
    permit(&tree)?;
    let package = folder.join(format!("casement_{version}_{architecture}.deb"));
    let mut pack = Command::new("dpkg-deb");
    pack.args(["--root-owner-group", compression, "--build"]).arg(&tree).arg(&package);
    succeed(&mut pack)?;
    Ok(package)
}

fn version() -> String {
    format!("{}-{REVISION}", env!("CARGO_PKG_VERSION"))
}

/// A file of the description, without its comments.
fn lines(name: &str) -> Result<Vec<String>> {
    let text = read(&root().join(DESCRIPTION).join(name))?;
    Ok(text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect())
}

/// Copies what `from` names, in the layout or else in the sources, into `folder`. Its last part may be `*`.
fn install(layout: &Path, from: &str, folder: &Path) -> Result<()> {
    let bases = [layout, root()];
    let found = bases.iter().map(|base| matching(&base.join(from))).find(|files| !files.is_empty());
    for file in found.ok_or_else(|| format!("install: there is no {from}"))? {
        copy(&file, &folder.join(file.file_name().unwrap_or_default()))?;
    }
    Ok(())
}

fn matching(path: &Path) -> Vec<PathBuf> {
    if !path.ends_with("*") {
        return path.is_file().then(|| path.to_path_buf()).into_iter().collect();
    }
    let entries = path.parent().and_then(|folder| fs::read_dir(folder).ok()).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_file()).collect()
}

/// Debian's packages have no symbols; `target/dist` keeps them, for whoever looks into a crash.
fn strip(tree: &Path) -> Result<()> {
    let mut strip = Command::new("strip");
    strip.args(["--strip-unneeded", "--remove-section=.comment", "--remove-section=.note"]).args(programs(tree));
    succeed(&mut strip)
}

fn programs(tree: &Path) -> Vec<PathBuf> {
    ["usr/bin/*", "usr/lib/casement/plugins/*"].iter().flat_map(|part| matching(&tree.join(part))).collect()
}

/// The changelogs that Debian wants, and everything compressed that it wants so.
fn papers(tree: &Path) -> Result<()> {
    let docs = tree.join("usr/share/doc/casement");
    copy(&root().join("CHANGELOG.md"), &docs.join("changelog"))?;
    let date = output("git", &["log", "-1", "--format=%cD"])?;
    let entry = format!(
        "casement ({}) unstable; urgency=medium\n\n  * See changelog.gz.\n\n \
         -- Casement maintainers <maintainers@casement.invalid>  {date}\n",
        version()
    );
    write(&docs.join("changelog.Debian"), &entry)?;
    let pages = matching(&tree.join("usr/share/man/man1/*"));
    let mut gzip = Command::new("gzip");
    gzip.args(["-9", "--no-name"]).args([docs.join("changelog"), docs.join("changelog.Debian")]).args(pages);
    succeed(&mut gzip)
}

/// What dpkg is told of the package.
fn control(tree: &Path, version: &str, architecture: &str) -> Result<()> {
    let files = files(tree)?;
    let bytes: u64 = files.iter().filter_map(|file| fs::metadata(file).ok()).map(|file| file.len()).sum();
    let control = read(&root().join(DESCRIPTION).join("control"))?
        .replace("@VERSION@", version)
        .replace("@ARCHITECTURE@", architecture)
        .replace("@INSTALLED_SIZE@", &bytes.div_ceil(1024).to_string())
        .replace("@LIBC@", &libc(&programs(tree))?);
    let folder = tree.join("DEBIAN");
    write(&folder.join("control"), &control)?;
    copy(&root().join(DESCRIPTION).join("conffiles"), &folder.join("conffiles"))?;
    for script in SCRIPTS {
        copy(&root().join(DESCRIPTION).join(script), &folder.join(script))?;
    }
    let names = files.iter().filter_map(|file| file.strip_prefix(tree).ok()).filter(|name| !name.starts_with("etc"));
    let sums = Command::new("md5sum").args(names).current_dir(tree).output();
    let sums = sums.map_err(|err| format!("md5sum cannot be run: {err}"))?;
    write(&folder.join("md5sums"), &String::from_utf8_lossy(&sums.stdout))
}

/// Whatever the builder's umask: everybody may read, root alone may write, and only programs are run.
fn permit(tree: &Path) -> Result<()> {
    succeed(Command::new("chmod").args(["--recursive", "u=rwX,go=rX"]).arg(tree))?;
    succeed(Command::new("chmod").arg("a-x").args(matching(&tree.join("usr/lib/casement/plugins/*"))))
}

/// The oldest version of the C library that has all symbols which the programs name.
fn libc(programs: &[PathBuf]) -> Result<String> {
    const SYMBOL: &[u8] = b"GLIBC_2.";
    let mut newest = 0;
    for program in programs {
        let bytes = fs::read(program).map_err(of(program))?;
        for at in bytes.windows(SYMBOL.len()).enumerate().filter(|(_, found)| *found == SYMBOL).map(|(at, _)| at) {
            let digits = bytes[at + SYMBOL.len()..].iter().take_while(|byte| byte.is_ascii_digit());
            newest = newest.max(digits.fold(0u32, |number, digit| number * 10 + u32::from(digit - b'0')));
        }
    }
    Ok(format!("2.{newest}"))
}

/// Every file below a folder, in one order on every machine.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(&at).map_err(of(&at))?.flatten() {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    Ok(found)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let made = to.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| fs::copy(from, to)).map(drop).map_err(of(from))
}

fn write(file: &Path, text: &str) -> Result<()> {
    let made = file.parent().map_or(Ok(()), fs::create_dir_all);
    made.and_then(|()| fs::write(file, text)).map_err(of(file))
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).map_err(of(file))
}

fn of(path: &Path) -> impl Fn(std::io::Error) -> String {
    move |err| format!("{}: {err}", path.display())
}

/// What a program prints, without the end of its line.
fn output(program: &str, args: &[&str]) -> Result<String> {
    let output = Command::new(program).args(args).current_dir(root()).output();
    let output = output.map_err(|err| format!("{program} cannot be run: {err}"))?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        false => Err(format!("{program} {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr).trim())),
    }
}
