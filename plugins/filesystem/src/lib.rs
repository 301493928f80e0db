//! Backend: image data in a directory of a file system.
