//! The HTTP face: accept loop, one file per API resource, wire formats, error bodies.
