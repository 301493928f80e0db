//! A plugin's descriptor and tables, checked and copied: nothing of them is read from the plugin again.

use super::{LoadError, LoadErrorKind};
use crate::abi::{
    CASEMENT_ABI_MAJOR, CASEMENT_PLUGIN_BLOCKING, CASEMENT_PLUGIN_UNWINDS, CasementBackendVt, CasementCompletion,
    CasementFile, CasementHost, CasementListerVt, CasementOp, CasementPlacement, CasementPlugin, CasementPresign,
    CasementReaderVt, CasementStr, CasementWriterVt, FILE, PLACEMENT, PRESIGN,
};
use std::{ffi::c_void, ptr};

/// Ends a handle.
pub(super) type Destroy = unsafe extern "C" fn(*mut c_void);
type Query = unsafe extern "C" fn(CasementStr) -> *const c_void;
type Open = unsafe extern "C" fn(*const CasementHost, CasementStr, CasementCompletion) -> CasementOp;

/// What a plugin published.
#[derive(Debug)]
pub(super) struct Tables {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) built_with: String,
    pub(super) config_schema: String,
    pub(super) flags: u32,
    pub(super) capabilities: u64,
    pub(super) abi: (u16, u16),
    pub(super) open: Open,
    pub(super) query: Option<Query>,
    pub(super) backend: CasementBackendVt,
    pub(super) destroy_backend: Destroy,
    pub(super) writer: Option<(CasementWriterVt, Destroy)>,
    pub(super) reader: Option<(CasementReaderVt, Destroy)>,
    pub(super) lister: Option<(CasementListerVt, Destroy)>,
    pub(super) presign: Option<CasementPresign>,
    pub(super) placement: Option<CasementPlacement>,
    pub(super) file: Option<CasementFile>,
}

impl Tables {
    /// Checks and copies a descriptor.
    ///
    /// # Safety
    /// `plugin` is null, or points to what an entry function of this major version answers.
    pub(super) unsafe fn read(plugin: *const CasementPlugin) -> Result<Self, LoadError> {
        if plugin.is_null() {
            return Err(unusable("its entry function refused to start"));
        }
        // SAFETY: the first eight bytes are the same in every version; nothing else is read yet.
        let (size, major, minor) = unsafe { ((*plugin).size, (*plugin).abi_major, (*plugin).abi_minor) };
        if major != CASEMENT_ABI_MAJOR {
            return Err(version(format!(
                "it speaks version {major} of the contract, this gateway {CASEMENT_ABI_MAJOR}"
            )));
        }
        if (size as usize) < size_of::<CasementPlugin>() {
            return Err(version(format!("its descriptor has {size} bytes of {}", size_of::<CasementPlugin>())));
        }
        // SAFETY: version and size say that all of it is there.
        let plugin = unsafe { ptr::read(plugin) };
        let name = text(plugin.name, "name", 64)?;
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
            return Err(unusable("its name must be letters, digits, `-` and `_`"));
        }
        // SAFETY: the contract's promise about each table pointer and its size field.
        let (backend, writer, reader, lister) = unsafe {
            (
                table(plugin.backend, "backend")?,
                table(plugin.writer, "writer")?,
                table(plugin.reader, "reader")?,
                table(plugin.lister, "lister")?,
            )
        };
        let backend: CasementBackendVt = backend.ok_or_else(|| unusable("it has no table of backend functions"))?;
        if backend.capabilities.is_none() {
            return Err(unusable("its backend has no `capabilities`"));
        }
        Ok(Self {
            name,
            version: text(plugin.version, "version", 128)?,
            built_with: text(plugin.built_with, "built_with", 512)?,
            config_schema: text(plugin.config_schema, "config_schema", 1 << 20)?,
            flags: plugin.flags,
            capabilities: plugin.capabilities,
            abi: (major, minor),
            open: plugin.open.ok_or_else(|| unusable("it has no `open`"))?,
            query: plugin.query,
            destroy_backend: required(backend.destroy, "backend")?,
            writer: with_destroy(writer, |vt: &CasementWriterVt| vt.destroy, "writer")?,
            reader: with_destroy(reader, |vt: &CasementReaderVt| vt.destroy, "reader")?,
            lister: with_destroy(lister, |vt: &CasementListerVt| vt.destroy, "lister")?,
            // SAFETY: the name is that of this table, which begins with its size.
            presign: unsafe { table(extension(plugin.query, PRESIGN).cast(), PRESIGN)? },
            // SAFETY: as above.
            placement: unsafe { table(extension(plugin.query, PLACEMENT).cast(), PLACEMENT)? },
            // SAFETY: as above.
            file: unsafe { table(extension(plugin.query, FILE).cast(), FILE)? },
            backend,
        })
    }

    pub(super) fn unwinds(&self) -> bool {
        self.flags & CASEMENT_PLUGIN_UNWINDS != 0
    }

    pub(super) fn blocks(&self) -> bool {
        self.flags & CASEMENT_PLUGIN_BLOCKING != 0
    }
}

/// Copies a table, whose first field is its size.
///
/// # Safety
/// `at` is null or points to a table that begins with its size, and is as large as that says.
unsafe fn table<T: Copy>(at: *const T, what: &str) -> Result<Option<T>, LoadError> {
    if at.is_null() {
        return Ok(None);
    }
    // SAFETY: every table begins with its size.
    let size = unsafe { ptr::read(at.cast::<u32>()) } as usize;
    if size < size_of::<T>() {
        return Err(version(format!("its {what} table has {size} bytes of {}", size_of::<T>())));
    }
    // SAFETY: the table is large enough.
    Ok(Some(unsafe { ptr::read(at) }))
}

/// The plugin's extension table of this name, or null. What it points to is valid until the process ends.
pub(super) fn extension(query: Option<Query>, name: &str) -> *const c_void {
    match query {
        // SAFETY: the text is lent for the call.
        Some(query) => unsafe { query(CasementStr::new(name)) },
        None => ptr::null(),
    }
}

fn with_destroy<T>(
    table: Option<T>,
    destroy: impl Fn(&T) -> Option<Destroy>,
    what: &str,
) -> Result<Option<(T, Destroy)>, LoadError> {
    table
        .map(|table| {
            let destroy = required(destroy(&table), what)?;
            Ok((table, destroy))
        })
        .transpose()
}

fn required(destroy: Option<Destroy>, what: &str) -> Result<Destroy, LoadError> {
    destroy.ok_or_else(|| unusable(&format!("its {what} has no `destroy`")))
}

fn text(text: CasementStr, what: &str, most: usize) -> Result<String, LoadError> {
    if text.len > most {
        return Err(unusable(&format!("its {what} is longer than {most} bytes")));
    }
    // SAFETY: texts of a descriptor are valid until the process ends.
    let text = unsafe { text.as_str() }.map_err(|_| unusable(&format!("its {what} is not UTF-8 text")))?;
    Ok(text.to_owned())
}

fn unusable(message: &str) -> LoadError {
    LoadError::new(LoadErrorKind::NotAPlugin, message)
}

fn version(message: String) -> LoadError {
    LoadError::new(
        LoadErrorKind::Version,
        format!("{message}; rebuild it with casement-sdk {}", env!("CASEMENT_SDK_VERSION")),
    )
}
