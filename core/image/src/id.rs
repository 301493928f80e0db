//! The one way from a name in a request to a name in a store.

use std::fmt;

/// The id of an image: a UUID in its 36-character spelling, hex digits of either case, as Glance's schema
/// demands (`^([0-9a-fA-F]){8}-…$`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ImageId(String);

impl ImageId {
    /// `None` for everything that is not such a UUID.
    pub fn parse(text: &str) -> Option<Self> {
        let well_formed = text.len() == 36
            && text.bytes().enumerate().all(|(at, byte)| match at {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            });
        well_formed.then(|| Self(text.to_owned()))
    }

    /// A fresh id.
    pub fn random() -> Self {
        Self(uuid::Uuid::new_v4().to_string())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ImageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of an image's data in a store. Nothing else in the project makes one, so that no text of a
/// request can reach a file name, an object name or a container in another way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectKey(String);

impl ObjectKey {
    /// The name under which an image's data is published. Stores hold it as `<root>/<image id>`, as Glance's do.
    pub fn of(image: &ImageId) -> Self {
        Self(image.0.clone())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid_of_either_case_and_nothing_else() {
        assert!(ImageId::parse("B44F4A0F-0000-1000-8000-00805f9b34fb").is_some());
        for bad in [
            "",
            "nope",
            "../../etc/passwd",
            "b44f4a0f-0000-1000-8000-00805f9b34f",
            "b44f4a0f-0000-1000-8000-00805f9b34fbb",
            "b44f4a0f_0000-1000-8000-00805f9b34fb",
            "b44f4a0g-0000-1000-8000-00805f9b34fb",
        ] {
            assert_eq!(ImageId::parse(bad), None, "{bad}");
        }
    }
}
