use crate::dist;
use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

/// The system that the gateway runs on, beside the one that the tests run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runner {
    /// The same one.
    Native,
    /// Windows, as far as Wine is Windows. The tests and their clients run on Linux, and see the same files.
    Wine,
}

impl Runner {
    /// What CASEMENT_RUNNER names.
    pub fn chosen() -> Self {
        match env::var("CASEMENT_RUNNER").as_deref() {
            Err(_) => Self::Native,
            Ok("wine") => Self::Wine,
            Ok(other) => panic!("CASEMENT_RUNNER={other}: there is `wine`"),
        }
    }

    pub fn is_windows(self) -> bool {
        self == Self::Wine || env::consts::OS == "windows"
    }

    /// The gateway's program among what was built.
    pub(crate) fn program(self, dist: &Path) -> PathBuf {
        dist.join("bin").join(if self.is_windows() { "casement.exe" } else { "casement" })
    }

    /// Runs a program of the gateway's system.
    pub fn command(self, program: &Path) -> Command {
        match self {
            Self::Native => Command::new(program),
            Self::Wine => {
                let mut command = Command::new("wine");
                command.arg(program);
                command
            }
        }
    }

    /// A program that comes with the gateway.
    pub fn tool(self, name: &str) -> Command {
        let suffix = if self.is_windows() { ".exe" } else { "" };
        self.command(&dist().join("bin").join(format!("{name}{suffix}")))
    }

    /// How the gateway's system writes a path of this one.
    pub fn path(self, path: &Path) -> String {
        match self {
            Self::Native => path.display().to_string(),
            // Wine shows the whole of Linux as this drive.
            Self::Wine => format!("Z:{}", path.display()).replace('/', "\\"),
        }
    }

    /// What the names of its libraries end in.
    pub fn dll_suffix(self) -> &'static str {
        if self.is_windows() { ".dll" } else { env::consts::DLL_SUFFIX }
    }

    /// The C compiler that builds for it.
    pub fn c_compiler(self) -> Command {
        Command::new(match self {
            Self::Wine => "x86_64-w64-mingw32-gcc-win32",
            Self::Native if self.is_windows() => "gcc",
            Self::Native => "cc",
        })
    }

    /// [`Runner::c_compiler`], told to make a library.
    pub fn c_library_compiler(self) -> Command {
        let arguments: &[_] = match self.is_windows() {
            // The runtime for threads goes into the library: nobody installs it beside the gateway.
            true => &["-shared", "-static"],
            false => &["-shared", "-fPIC", "-fvisibility=hidden"],
        };
        let mut command = self.c_compiler();
        command.args(arguments).arg("-pthread");
        command
    }
}
