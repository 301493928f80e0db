use crate::{Gateway, Run, Runner};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The file of a plugin in a folder of plugins.
pub fn plugin_file(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}{}", Runner::chosen().dll_suffix()))
}

/// Writes another version over a plugin's file where it lies, as `cp` and an impatient operator do. What is behind the end of
/// a library is nobody's business, so it is the same plugin with another digest.
pub fn renew_plugin(file: &Path) {
    let mut content = fs::read(file).unwrap();
    content.extend_from_slice(b"another version");
    fs::write(file, content).unwrap();
}

impl Gateway {
    /// Changes the configuration's file, and has the gateway read it.
    #[track_caller]
    pub fn reload(&self, change: impl FnOnce(String) -> String) -> Run {
        let file = self.site().config();
        let text = change(fs::read_to_string(file).unwrap());
        fs::write(file, text).unwrap();
        self.command(&["reload"])
    }
}

impl Run {
    #[track_caller]
    pub fn assert_done(&self, words: &str) {
        assert!(self.code == Some(0) && self.text.contains(words), "{words}: {self:?}");
    }
}
