use crate::{Error, Options, api::Gateway, layer::Layer};
use casement_service::Service;
use std::{fmt, sync::Arc};

/// What answers requests. Cheap to clone.
#[derive(Clone)]
pub struct Face(Arc<Layer<Gateway>>);

impl Face {
    pub(crate) fn new(service: Service, options: Options) -> Self {
        let options = Arc::new(options);
        Self(Arc::new(Layer::new(Gateway::new(service, options.clone()), options)))
    }

    /// From now on requests are answered by another service and by other options; those that have begun end by what they
    /// began with. What concerns the listening, the connections and the audit stays as it was bound.
    ///
    /// # Errors
    /// When an option cannot be what it is; nothing has changed then.
    pub fn exchange(&self, service: Service, options: Options) -> Result<(), Error> {
        options.check()?;
        let old = self.0.options();
        let options = Arc::new(Options { listen: old.listen.clone(), audit: old.audit.clone(), ..options });
        self.0.exchange(|old| old.exchanged(service, options.clone()), options.clone());
        Ok(())
    }

    pub(crate) fn layer(&self) -> Arc<Layer<Gateway>> {
        self.0.clone()
    }
}

impl fmt::Debug for Face {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Face")
    }
}
