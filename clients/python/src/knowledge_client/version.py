"""The version of this package, which the wheel and each request name."""

VERSION = "0.1.0"
