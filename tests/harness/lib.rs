//! Harness of the scenario suite.
