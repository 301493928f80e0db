//! The metadata database, in Glance's tables.
