//! The GitHub REST client behind its port.
