//! Stores: the plugin host, the registry, and the way of the data in, out and through recovery.
