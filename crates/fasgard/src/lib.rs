//! Face anti-spoofing with pyramid supervision: the public API in one place.
